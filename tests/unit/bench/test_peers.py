from pathlib import Path

import numpy as np
import pytest

from streamer.bench.peers.nearest import TOLERANCE, Nearest
from streamer.bench.peers.peer_figures import PeerFigures, beside_kirdi
from streamer.bench.peers.scenes import recorded_scene
from streamer.errors import InputError
from tests.video import make_video


def test_the_nearest_person_within_the_tolerance() -> None:
    nearest = Nearest(
        {"a": [np.array([0.0, 0.0]), np.array([0.0, 1.0])], "b": [np.array([2.0, 0.0])]}
    )
    assert nearest.name(np.array([0.1, 0.9])) == "a"
    assert nearest.name(np.array([2.0, TOLERANCE])) == "b"
    assert nearest.name(np.array([2.0, TOLERANCE + 0.01])) is None
    assert Nearest({"c": []}).name(np.array([0.0, 0.0])) is None


def test_each_row_is_told_how_much_faster_kirdi_is() -> None:
    ours = PeerFigures("Kirdi", 10, 20.0, 1.0, 1.0, 1, 1, 0, "")
    loop = PeerFigures("loop", 10, 4.0, 1.0, 1.0, 1, 1, 0, "")
    assert [row.kirdi_ratio for row in beside_kirdi([ours, loop])] == [1.0, 5.0]


def test_people_are_enrolled_from_their_last_clip_and_come_into_the_others(tmp_path: Path) -> None:
    for name in ("1.mp4", "2.mp4", "3.mp4", "4.mp4"):
        make_video(tmp_path / name, size=(320, 240), seconds=0.5)
    table = tmp_path / "people.csv"
    table.write_text("clip,person\n1.mp4,a\n2.mp4,b\n3.mp4,a\n4.mp4,b\n")
    scene = recorded_scene(table)
    assert {name: len(photos) for name, photos in scene.photos.items()} == {"a": 2, "b": 2}
    come = {(visit.clip.name, *visit.people) for visit in scene.visits}
    assert come == {("1.mp4", "a"), ("2.mp4", "b")}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "names nobody"),
        ("clip,who\n1.mp4,a\n", "no column 'person'"),
        ("clip,person\n1.mp4,a\n", "a has one clip"),
        ("clip,person\n1.mp4,a\n2.mp4,a\n", "cannot be read as video"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, text: str, says: str) -> None:
    table = tmp_path / "people.csv"
    table.write_text(text)
    with pytest.raises(InputError, match=says):
        recorded_scene(table)


def test_no_table_at_all(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        recorded_scene(tmp_path / "none.csv")
