"""Model packs by command: list, use, refuse, a pack of one's own."""

import shutil
from importlib import metadata
from pathlib import Path

import pytest
import yaml

from tests.acceptance.kirdi import Kirdi
from tests.fakes.onnx_graphs import sface_graph


def own_pack(folder: Path) -> Path:
    folder.mkdir()
    (folder / "mine.onnx").write_bytes(sface_graph())
    distances = ("max_distance", "frame_distance", "other_person_distance", "same_person_distance")
    description = {
        "pack": "clinic",
        "embedder": {
            "file": "mine.onnx",
            "output": "fc1",
            "dimension": 128,
            "unit_norm": True,
            "chip": {
                "side_px": 112,
                "points": [[38.3, 51.7], [73.5, 51.5], [56.0, 71.7], [41.5, 92.4], [70.7, 92.2]],
            },
            "input": {"colour": "RGB"},
        },
        "scores": dict.fromkeys(distances, 1.0) | {"min_margin": 0.05, "measured_on": "nothing"},
        "licence": {"name": "for research", "commercial": False},
        "weak_for": ["everybody"],
        "weak_reason": "its weights are noise",
    }
    (folder / "pack.yaml").write_text(yaml.safe_dump(description))
    return folder


@pytest.mark.long
def test_a_pack_of_ones_own_from_folder_to_use(kirdi: Kirdi, tmp_path: Path) -> None:
    folder = own_pack(tmp_path / "mine")
    refused = kirdi("models", "build", "clinic", "--from", folder)
    assert refused.code == 6
    assert "--accept-non-commercial" in refused.err
    kirdi.ok("models", "build", "clinic", "--from", folder, "--accept-non-commercial")
    rows = {row["pack"]: row for row in kirdi.ok("models", "list")}
    assert rows["open"]["in_use"]
    assert rows["open"]["weak_for"] == ["East Asian faces"]
    assert not rows["clinic"]["commercial"]
    assert len(rows["clinic"]["accepted"]) == len("2026-11-24")

    result = kirdi("models", "use", "clinic")
    assert result.code == 0, result.err
    assert "enrolled" in result.out
    assert "non-commercial" in result.err
    assert "everybody" in result.err
    rows = {row["pack"]: row for row in kirdi.ok("models", "list")}
    assert rows["clinic"]["in_use"]
    assert not rows["open"]["in_use"]
    assert all(check["ok"] for check in kirdi.ok("models", "verify"))

    # What the settings name goes first.
    kirdi.extra = {"models": {"pack": "open"}}
    refused = kirdi("models", "use", "clinic")
    assert refused.code != 0
    assert "models.pack: open" in refused.err
    assert {row["pack"] for row in kirdi.ok("models", "list") if row["in_use"]} == {"open"}


@pytest.mark.long
def test_a_change_of_pack_names_who_must_be_enrolled_anew(kirdi: Kirdi, tmp_path: Path) -> None:
    (kirdi.folder / "patients.csv").write_text(
        "patient_ref,full_name,birth_date\nP1,A B,1990-01-01\nP2,C D,1990-01-01\n"
    )
    kirdi.ok("patients", "import", kirdi.folder / "patients.csv")
    kirdi.consent("P1")
    kirdi.ok("patients", "enroll", "P1", sample_photograph())
    folder = own_pack(tmp_path / "mine")
    kirdi.ok("models", "build", "clinic", "--from", folder, "--accept-non-commercial")
    (changed,) = kirdi.ok("models", "use", "clinic")
    assert changed["enrol_anew"] == ["P1"]
    result = kirdi("models", "use", "clinic")
    assert "1 patient(s) must be enrolled anew" in result.out
    assert "P1" in result.out
    (back,) = kirdi.ok("models", "use", "open")
    assert back["enrol_anew"] == []


def sample_photograph() -> Path:
    for file in metadata.files("scikit-image") or ():
        if file.as_posix() == "skimage/data/astronaut.png":
            return Path(str(file.locate()))
    pytest.skip("scikit-image's sample photograph astronaut.png is not installed")


@pytest.mark.long
def test_a_damaged_pack_of_ones_own_says_how_to_mend_it(kirdi: Kirdi, tmp_path: Path) -> None:
    folder = own_pack(tmp_path / "mine")
    kirdi.ok("models", "build", "clinic", "--from", folder, "--accept-non-commercial")
    embedder = kirdi.home / "models" / "clinic" / "embedder.onnx"
    embedder.write_bytes(embedder.read_bytes()[:-1])
    result = kirdi("models", "verify", "clinic")
    assert result.code == 6
    assert "kirdi models build clinic --from FOLDER" in result.err
    refused = kirdi("models", "use", "clinic")
    assert refused.code == 6
    assert "Traceback" not in refused.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("pull", "buffalo_l"), "--accept-non-commercial"),
        (("pull", "taguchi"), "--sha256"),
        (("pull", "opencv", "--from", "/nonexistent"), "--from FOLDER"),
        (("use", "opencv"), "kirdi models pull opencv"),
        (("verify", "open", "--device", "tpu"), "cpu or cuda"),
        (("build", "clinic", "--from", "/nonexistent"), "pack.yaml"),
    ],
)
def test_what_cannot_be_is_one_line_with_its_remedy(
    kirdi: Kirdi, arguments: tuple[str, ...], said: str
) -> None:
    result = kirdi("models", *arguments)
    assert result.code != 0
    assert said in result.err
    assert len(result.err.strip().splitlines()) == 1
    assert result.err.startswith("kirdi: ")


@pytest.mark.long
def test_a_damaged_choice_stops_with_a_remedy(kirdi: Kirdi) -> None:
    (kirdi.home / "models" / "in-use").write_text("nosuch\n")
    result = kirdi("models", "verify")
    assert result.code == 6
    assert "unknown" in result.err
    kirdi.ok("models", "use", "open")
    shutil.rmtree(kirdi.home / "models" / "open")
    kirdi.ok("models", "build")
    assert all(check["ok"] for check in kirdi.ok("models", "verify"))
