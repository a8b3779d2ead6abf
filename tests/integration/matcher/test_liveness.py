"""The liveness model itself on real pictures, and files that are none."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from matcher.detector import Detector
from matcher.errors import MatcherError, ModelPackError
from matcher.face import Face, Quality
from matcher.liveness import CROP_PX, DOUBTFUL_BELOW, Liveness, liveness_crop, open_liveness
from matcher.matcher import Matcher
from matcher.packs.liveness_file import add_liveness, read_candidate, read_liveness
from matcher.packs.pack import Pack
from tests import data
from tests.fakes.onnx_graphs import minifas_graph
from tests.integration.matcher.conftest import CPU, clip_frames, read_photo

BLACK = np.zeros((1, CROP_PX, CROP_PX, 3), np.uint8)


@pytest.fixture(scope="module")
def weights() -> bytes:
    return data.need("models/minifas/best_model.onnx").read_bytes()


@pytest.fixture(scope="module")
def minifas(weights: bytes) -> Liveness:
    return open_liveness(weights, CPU)


@pytest.mark.parametrize(
    ("picture", "living"),
    [("image_T1.jpg", True), ("image_F1.jpg", False), ("image_F2.jpg", False)],
)
def test_a_living_face_a_print_and_a_screen(
    minifas: Liveness, detector: Detector, picture: str, living: bool
) -> None:
    image = read_photo(data.need(f"spoof/{picture}"))
    ((face,),) = detector.detect([image])
    (score,) = minifas.scores(liveness_crop(image, face)[None])
    assert score > 0.9 if living else score < 0.1


def test_one_of_the_three_recorded_people_is_near_the_boundary(
    minifas: Liveness, detector: Detector
) -> None:
    """Why it sends to review and refuses nobody: all of them are alive."""
    means = {}
    for person, clip in (("A", "yes"), ("B", "milk"), ("C", "walk")):
        scores = []
        for image in clip_frames(f"people/{clip}.mkv", 12):
            (faces,) = detector.detect([image])
            scores += minifas.scores(liveness_crop(image, faces[0])[None])
        means[person] = sum(scores) / len(scores)
    assert min(means["A"], means["B"]) > 0.9
    assert 0.1 < means["C"] < 0.9


def test_batches_equal_single_crops(minifas: Liveness) -> None:
    crops = np.random.default_rng(1).integers(0, 256, (5, CROP_PX, CROP_PX, 3), dtype=np.uint8)
    single = [minifas.scores(crop[None])[0] for crop in crops]
    assert minifas.scores(crops) == pytest.approx(single, abs=1e-4)
    assert minifas.scores(crops[:0]) == []


def test_the_first_figure_is_for_a_living_face() -> None:
    """Red over green: the generated model's two figures are their means."""
    fake = open_liveness(minifas_graph(), CPU)
    red = BLACK.copy()
    red[..., 0] = 255
    (alive,), (doubt,) = fake.scores(red), fake.scores(red[..., ::-1].copy()[..., [1, 2, 0]])
    assert alive == pytest.approx(1 / (1 + np.exp(-1.0)), abs=1e-3)
    assert doubt < 0.5 == DOUBTFUL_BELOW
    assert fake.scores(BLACK) == [0.5]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no model",
        minifas_graph()[:200],
        minifas_graph(side=80),
        minifas_graph(figures=3),
        minifas_graph(figures=1),
        minifas_graph(kind=TensorProto.DOUBLE),
    ],
    ids=["empty", "text", "cut short", "other size", "three", "one", "doubles"],
)
def test_files_that_are_no_liveness_model(content: bytes) -> None:
    with pytest.raises(ModelPackError, match=r"liveness\.onnx"):
        open_liveness(content, CPU)


def test_a_file_is_added_replaced_and_checked(tmp_path: Path) -> None:
    models = tmp_path / "models"
    assert read_liveness(models) is None
    add_liveness(models, b"first", "Apache-2.0")
    added = add_liveness(models, b"second", "MIT")
    assert (added.licence, added.size) == ("MIT", 6)
    assert read_liveness(models) == b"second"
    assert sorted(file.name for file in models.iterdir()) == ["liveness.json", "liveness.onnx"]
    (models / "liveness.onnx").write_bytes(b"sec0nd")
    with pytest.raises(ModelPackError, match="sha256 differs"):
        read_liveness(models)
    (models / "liveness.onnx").unlink()
    with pytest.raises(ModelPackError, match="missing; run: kirdi models add-liveness"):
        read_liveness(models)
    (models / "liveness.json").write_text("{}")
    with pytest.raises(ModelPackError, match="damaged"):
        read_liveness(models)
    with pytest.raises(ModelPackError, match="cannot be read"):
        read_candidate(tmp_path)
    (tmp_path / "empty").touch()
    with pytest.raises(ModelPackError, match="no liveness model"):
        read_candidate(tmp_path / "empty")


def test_a_candidate_is_looked_at_before_it_is_loaded(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(minifas_graph())
    assert read_candidate(file) == minifas_graph()
    model = onnx.load_model_from_string(minifas_graph())
    constant = model.graph.initializer[0]
    constant.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(constant)))
    onnx.external_data_helper.set_external_data(constant, "weights.bin")
    file.write_bytes(model.SerializeToString())
    with pytest.raises(ModelPackError, match="weights lie in another file"):
        read_candidate(file)
    file.write_bytes(minifas_graph()[: len(minifas_graph()) // 2])
    with pytest.raises(ModelPackError, match=r"truncated|not a valid|claims"):
        read_candidate(file)


@pytest.fixture
async def asking(pack: Pack) -> AsyncIterator[Matcher]:
    async with await Matcher.open(pack, CPU, liveness=minifas_graph()) as matcher:
        yield matcher


async def test_the_matcher_asks_about_faces_of_a_picture(asking: Matcher, pack: Pack) -> None:
    picture = np.zeros((200, 300, 3), np.uint8)
    picture[..., 0] = 255
    face = Face((50, 50, 110, 120), np.zeros((5, 2), np.float32), 0.9, Quality(60, 50, 50))
    assert await asking.liveness(picture, [face, face]) == pytest.approx([0.731, 0.731], abs=1e-3)
    assert await asking.liveness(picture, []) == []
    empty = Face((50, 50, 50, 50), np.zeros((5, 2), np.float32), 0.9, Quality(60, 50, 50))
    with pytest.raises(MatcherError, match="box"):
        await asking.liveness(picture, [empty])
    async with await Matcher.open(pack, CPU) as without:
        assert await without.liveness(picture, [face]) == [None]


def test_the_generated_graph_is_valid() -> None:
    onnx.checker.check_model(onnx.load_model_from_string(minifas_graph()))
