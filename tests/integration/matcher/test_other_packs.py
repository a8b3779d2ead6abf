"""Packs other than `open`: published graphs are real where they're at hand, else generated."""

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
import yaml

from matcher.alignment import align
from matcher.chip import ARCFACE_CHIP
from matcher.detector import Detector
from matcher.errors import ModelPackError
from matcher.face import Image
from matcher.loading import open_models
from matcher.matcher import Matcher
from matcher.packs import device_check
from matcher.packs.catalogue import CATALOGUE
from matcher.packs.device_check import check_device
from matcher.packs.download import Download
from matcher.packs.in_use import choose, resolved
from matcher.packs.insightface_packs import INSIGHTFACE_PACKS
from matcher.packs.models import EmbedderModel
from matcher.packs.opencv_pack import OPENCV_PACK, build_sface, build_yunet
from matcher.packs.own_pack import DESCRIPTION, build_own_pack
from matcher.packs.pack import EMBEDDER, Pack
from matcher.packs.pull import PullOrder, pull_pack
from matcher.packs.recipe import Recipe
from matcher.packs.store import list_packs, open_pack, verify_pack
from matcher.session import Session
from matcher.yunet import decode_yunet
from tests import data
from tests.fakes.onnx_graphs import arcface_graph, minifas_graph, scrfd_graph, sface_graph
from tests.integration.matcher.conftest import CPU


def quiet(name: str, there: int, size: int | None) -> None:
    pass


def with_published(recipe: Recipe, files: dict[str, bytes], folder: Path) -> Recipe:
    """The recipe for other published files, which lie in the folder."""
    items = []
    for item in recipe.ingredients:
        assert isinstance(item.source, Download)
        content = files[item.source.file]
        (folder / item.source.file).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        source = replace(item.source, sha256=digest, size=len(content))
        items.append(replace(item, source=source))
    return replace(recipe, ingredients=tuple(items))


@pytest.fixture
def opencv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pack:
    """The pack `opencv` of YuNet as its makers export it, and of a graph like SFace."""
    published = {
        "face_detection_yunet_2023mar.onnx": data.need(
            "models/yunet/yunet_n_640_640.onnx"
        ).read_bytes(),
        "face_recognition_sface_2021dec.onnx": sface_graph(),
    }
    recipe = with_published(OPENCV_PACK, published, tmp_path)
    monkeypatch.setitem(CATALOGUE, "opencv", recipe)
    return pull_pack(tmp_path / "models", PullOrder("opencv", given=tmp_path), quiet)


async def test_opencv_finds_and_compares(opencv: Pack, tmp_path: Path, group_photo: Image) -> None:
    assert all(check.ok for check in verify_pack(tmp_path / "models", "opencv"))
    async with await Matcher.open(opencv, CPU, min_score=0.6) as matcher:
        faces = await matcher.detect(group_photo)
        vectors = await matcher.embed(group_photo, faces)
    assert len(faces) == 6
    for face, embedding in zip(faces, vectors, strict=True):
        eye, other_eye, nose, mouth, other_mouth = face.landmarks
        assert eye[0] < other_eye[0]
        assert eye[1] < nose[1] < mouth[1]
        assert mouth[0] < other_mouth[0]
        assert embedding.vector.shape == (128,)
        assert np.linalg.norm(embedding.vector) == pytest.approx(1.0, abs=1e-5)
        assert embedding.pack_id == "opencv-1"


@pytest.mark.parametrize("name", ["yunet_n_640_640", "yunet_n_dynamic"])
def test_yunet_agrees_with_opencvs_own_class(name: str, group_photo: Image) -> None:
    path = data.need(f"models/yunet/{name}.onnx")
    session = Session.open(build_yunet(path.read_bytes()), name, CPU)
    ours = Detector(session, decode=decode_yunet, min_score=0.6, buckets=(1, 2))
    pictures = [ours.prepare(group_photo), ours.prepare(group_photo[:, ::-1])]
    together = ours.find(pictures)
    assert list(session.runs) == [(2, *pictures[0].pixels.shape)]
    height, width = pictures[0].pixels.shape[:2]
    theirs = cv2.FaceDetectorYN.create(str(path), "", (width, height), 0.6, 0.3)
    for picture, found in zip(pictures, together, strict=True):
        _, expected = theirs.detect(np.ascontiguousarray(picture.pixels[:, :, ::-1]))
        rows = {
            tuple(np.round(face.scaled(picture.scale_x, picture.scale_y).bbox)): face
            for face in found
        }
        assert len(rows) == len(expected) == 6
        for row in expected:
            box = tuple(np.round((row[0], row[1], row[0] + row[2], row[1] + row[3])))
            face = rows[box]
            assert face.score == pytest.approx(float(row[14]), abs=1e-3)
            points = face.landmarks * (picture.scale_x, picture.scale_y)
            assert np.allclose(points, row[4:14].reshape(5, 2), atol=0.05)


@pytest.mark.parametrize("batches", [True, False])
def test_sface_agrees_with_opencvs_own_class(
    tmp_path: Path, group_photo: Image, batches: bool
) -> None:
    """A graph of SFace's signature; where its batch cannot be freed it still goes one by one."""
    graph = sface_graph(batches=batches)
    (tmp_path / "sface.onnx").write_bytes(graph)
    theirs = cv2.FaceRecognizerSF.create(str(tmp_path / "sface.onnx"), "")
    bgr = np.ascontiguousarray(group_photo[:, :, ::-1])
    points = np.array([[470, 330], [525, 328], [500, 365], [478, 390], [525, 388]], np.float32)
    face = np.concatenate([np.zeros(4, np.float32), points.ravel(), [1.0]])[None].astype(np.float32)
    expected = theirs.feature(theirs.alignCrop(bgr, face))[0]
    session = Session.open(build_sface(graph), "sface", CPU)
    assert session.inputs[0].shape == (("batch" if batches else 1), 112, 112, 3)
    chip = align(group_photo, points, ARCFACE_CHIP)
    ours = session.run({"chip": chip[None]})["embedding"][0]
    alike = ours @ expected / np.linalg.norm(ours) / np.linalg.norm(expected)
    # They differ in how a large face is reduced to the chip.
    assert alike > 0.999


@pytest.mark.parametrize("recipe", INSIGHTFACE_PACKS, ids=lambda recipe: recipe.pack)
def test_insightface_packs(recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Graphs of the published signatures, zipped as published, run by insightface's classes."""
    members = [
        item.source.member for item in recipe.ingredients if isinstance(item.source, Download)
    ]
    archive = tmp_path / f"{recipe.pack}.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr(f"{recipe.pack}/{members[0]}", scrfd_graph())
        zipped.writestr(f"{recipe.pack}/{members[1]}", arcface_graph())
    published = with_published(recipe, {archive.name: archive.read_bytes()}, tmp_path)
    monkeypatch.setitem(CATALOGUE, recipe.pack, published)
    order = PullOrder(recipe.pack, accepted="2026-11-24", given=archive)
    pack = pull_pack(tmp_path / "models", order, quiet)
    models = open_models(pack, CPU)
    assert models.embedder.chip == ARCFACE_CHIP

    # A bright square in the middle of one cell of stride 32 is the only face there.
    picture = np.zeros((320, 640, 3), np.uint8)
    picture[128:160, 320:352] = 255
    faces = models.detector.find([models.detector.prepare(picture)])[0]
    best = max(faces, key=lambda face: face.bbox[2] - face.bbox[0])
    assert best.bbox == pytest.approx((320 - 96, 128 - 96, 320 + 96, 128 + 96), abs=1)
    assert np.allclose(best.landmarks[2], (320, 128), atol=1)
    assert best.landmarks[0][0] < best.landmarks[1][0]

    noise = np.random.default_rng(3).integers(0, 256, (5, 112, 112, 3)).astype(np.uint8)
    together = models.embedder.embed(noise)
    for one, chip in zip(together, noise, strict=True):
        assert one.vector.shape == (512,)
        assert np.linalg.norm(one.vector) == pytest.approx(1.0, abs=1e-5)
        (alone,) = models.embedder.embed(chip[None])
        assert np.allclose(alone.vector, one.vector, atol=1e-5)
    reds = np.zeros((1, 112, 112, 3), np.uint8)
    reds[..., 0] = 255
    blues = reds[..., ::-1]
    red, blue = (
        models.embedder.embed(np.ascontiguousarray(chip))[0].vector for chip in (reds, blues)
    )
    graph = onnx.load_model_from_string(arcface_graph())
    weights = onnx.numpy_helper.to_array(graph.graph.initializer[0]).reshape(3, 49, 512)
    expected = weights[0].sum(axis=0) - weights[1].sum(axis=0) - weights[2].sum(axis=0)
    assert red @ expected / np.linalg.norm(expected) == pytest.approx(1.0, abs=1e-3)
    assert blue @ expected / np.linalg.norm(expected) < 0.5


# Packs of one's own


def describe(folder: Path, **changes: object) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "mine.onnx").write_bytes(sface_graph())
    chip = {"side_px": 112, "points": [list(point) for point in ARCFACE_CHIP.points]}
    description = {
        "pack": "clinic",
        "embedder": {
            "file": "mine.onnx",
            "output": "fc1",
            "dimension": 128,
            "unit_norm": True,
            "chip": chip,
            "input": {"colour": "BGR", "mean": [0, 0, 0], "scale": 1.0},
        },
        "scores": {
            "max_distance": 0.9,
            "min_margin": 0.05,
            "frame_distance": 1.0,
            "other_person_distance": 1.0,
            "same_person_distance": 1.1,
            "measured_on": "our patients",
        },
        "licence": {"name": "ours", "commercial": True},
    }
    (folder / DESCRIPTION).write_text(yaml.safe_dump(description | changes))
    return folder


async def test_a_pack_of_ones_own(tmp_path: Path, group_photo: Image) -> None:
    pack = build_own_pack(tmp_path / "models", describe(tmp_path / "mine"))
    assert open_pack(tmp_path / "models", "clinic").manifest == pack.manifest
    assert [one.pack for one in list_packs(tmp_path / "models")][-1] == "clinic"
    async with await Matcher.open(pack, CPU) as matcher:
        faces = await matcher.detect(group_photo)
        assert (await matcher.embed(group_photo, faces))[0].pack_id == pack.pack_id
    # Another colour order makes other vectors, so another id; the same files make the same.
    assert build_own_pack(tmp_path / "models", tmp_path / "mine").pack_id == pack.pack_id
    folder = describe(tmp_path / "mine")
    text = (folder / DESCRIPTION).read_text().replace("BGR", "RGB")
    (folder / DESCRIPTION).write_text(text)
    assert build_own_pack(tmp_path / "models", folder).pack_id != pack.pack_id


def test_a_pack_may_bring_its_own_liveness_model(tmp_path: Path) -> None:
    liveness = {"kind": "minifas", "file": "alive.onnx"}
    folder = describe(tmp_path / "mine", liveness=liveness)
    (folder / "alive.onnx").write_bytes(minifas_graph())
    pack = build_own_pack(tmp_path / "models", folder)
    assert pack.manifest.liveness is not None
    assert pack.read(pack.manifest.liveness.file) == minifas_graph()
    assert pack.manifest.sources[-1].path == "alive.onnx"
    assert open_pack(tmp_path / "models", "clinic").manifest == pack.manifest
    assert pack.pack_id == build_own_pack(tmp_path / "models", describe(folder)).pack_id


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"liveness": {"kind": "minifas", "file": "mine.onnx"}}, "is no liveness model"),
        ({"liveness": {"kind": "minifas", "file": "cut.onnx"}}, "truncated|not a valid|claims"),
        ({"liveness": {"kind": "other", "file": "mine.onnx"}}, r"liveness\.kind"),
        ({"pack": "open"}, "a pack of Kirdi's"),
        ({"pack": "chosen"}, "a pack of Kirdi's"),
        ({"pack": "../evil"}, "pack:"),
        ({"embedder": {}}, r"embedder\.file"),
        ({"detector": {"kind": "scrfd", "file": "x"}}, r"detector\.kind"),
        ({"detector": {"kind": "yunet", "file": "../../etc/passwd"}}, r"detector\.file"),
        ({"detector": {"kind": "yunet", "file": "mine.onnx"}}, "other inputs and outputs"),
        ({"detector": {"kind": "centerface", "file": "mine.onnx"}}, "not the CenterFace graph"),
        ({"detector": {"kind": "yunet", "file": "gone.onnx"}}, "cannot be read"),
        ({"licence": {"name": "x", "commercial": False}}, "--accept-non-commercial"),
        ({"detector": {"kind": "centerface", "file": "cut.onnx"}}, "truncated|not a valid|claims"),
        ({"detector": {"kind": "yunet", "file": "cut.onnx"}}, "truncated|not a valid|claims"),
        ({"colour": "RGB"}, "colour"),
    ],
)
def test_a_wrong_description_is_one_line(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    folder = describe(tmp_path / "mine", **changes)
    content = (folder / "mine.onnx").read_bytes()
    (folder / "cut.onnx").write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelPackError, match=message) as caught:
        build_own_pack(tmp_path / "models", folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("colour: BGR", "color: BGR"),
        ("min_margin: 0.05", "min_margin: 0.05\n  normalization: none"),
        ("measured_on: our patients", "measured_on: our patients\n  normalisation: z-norm"),
    ],
)
def test_a_misspelt_key_is_named(tmp_path: Path, right: str, wrong: str) -> None:
    folder = describe(tmp_path / "mine")
    text = (folder / DESCRIPTION).read_text()
    assert right in text
    (folder / DESCRIPTION).write_text(text.replace(right, wrong))
    with pytest.raises(ModelPackError, match=wrong.split()[-2].rstrip(":")):
        build_own_pack(tmp_path / "models", folder)


@pytest.mark.parametrize("text", ["", "- 1", "a: [", "\x00", "pack: !!python/object:os.system x"])
def test_what_is_no_description(tmp_path: Path, text: str) -> None:
    folder = describe(tmp_path / "mine")
    (folder / DESCRIPTION).write_text(text)
    with pytest.raises(ModelPackError, match=DESCRIPTION) as caught:
        build_own_pack(tmp_path / "models", folder)
    assert "\n" not in str(caught.value)


# Which pack is in use


def test_the_chosen_pack_is_the_one_opened(tmp_path: Path) -> None:
    assert resolved(tmp_path, "chosen") == "open"
    assert open_pack(tmp_path, "chosen").manifest.pack == "open"
    build_own_pack(tmp_path, describe(tmp_path / ".mine"))
    choose(tmp_path, "clinic")
    assert open_pack(tmp_path, "chosen").manifest.pack == "clinic"
    assert open_pack(tmp_path, "open").manifest.pack == "open"
    choose(tmp_path, "opencv")
    with pytest.raises(ModelPackError, match="kirdi models pull opencv"):
        open_pack(tmp_path, "chosen")
    assert [one.name for one in tmp_path.glob(".in-use*")] == []


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"   \n", b"chosen"])
def test_a_damaged_choice_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "in-use").write_bytes(content)
    with pytest.raises(ModelPackError, match=r"in-use.*kirdi models use"):
        open_pack(tmp_path, "chosen")


@pytest.mark.parametrize("content", ["../clinic", "/etc", "nosuch"])
def test_a_choice_of_what_is_no_pack(tmp_path: Path, content: str) -> None:
    (tmp_path / "in-use").write_text(content)
    with pytest.raises(ModelPackError, match="unknown"):
        open_pack(tmp_path, "chosen")


# A model that is not what its manifest says


@pytest.mark.parametrize(
    ("embedder", "message"),
    [
        (sface_graph(), "other inputs and outputs"),
        (b"\x08\x08" * 100, "cannot load"),
    ],
)
def test_another_graph_than_the_manifest_says(
    pack: Pack, tmp_path: Path, embedder: bytes, message: str
) -> None:
    opened = forged(pack, tmp_path, embedder, pack.manifest.embedder)
    with pytest.raises(ModelPackError, match=message) as caught:
        open_models(opened, CPU)
    assert "\n" not in str(caught.value)


def test_vectors_of_another_length(pack: Pack, tmp_path: Path) -> None:
    model = replace(pack.manifest.embedder, dimension=64)
    with pytest.raises(ModelPackError, match="vectors of 128, its manifest says 64"):
        open_models(forged(pack, tmp_path, pack.read(EMBEDDER), model), CPU)


def test_a_chip_of_another_size(pack: Pack, tmp_path: Path) -> None:
    model = replace(pack.manifest.embedder, chip=ARCFACE_CHIP)
    with pytest.raises(ModelPackError, match="loads but does not run"):
        open_models(forged(pack, tmp_path, pack.read(EMBEDDER), model), CPU)


def forged(pack: Pack, folder: Path, embedder: bytes, model: EmbedderModel) -> Pack:
    """The pack with another embedder that its manifest vouches for."""
    for name in ("detector.onnx",):
        (folder / name).write_bytes(pack.read(name))
    (folder / EMBEDDER).write_bytes(embedder)
    files = tuple(
        replace(one, sha256=hashlib.sha256(embedder).hexdigest(), size=len(embedder))
        if one.name == EMBEDDER
        else one
        for one in pack.manifest.files
    )
    return Pack(folder, replace(pack.manifest, embedder=model, files=files))


# Devices


def test_a_device_agrees_with_itself(pack: Pack) -> None:
    checks = check_device(pack, CPU)
    assert {check.model for check in checks} == {"detector.onnx", "embedder.onnx"}
    assert all(check.ok and check.deviation < 1e-5 for check in checks)


@pytest.mark.parametrize(("factor", "ok"), [(1.001, True), (1.05, False), (float("nan"), False)])
def test_a_device_that_differs_is_found(pack: Pack, factor: float, ok: bool) -> None:
    content = pack.read(EMBEDDER)
    other = onnx.load_model_from_string(content)
    for tensor in other.graph.initializer:
        if tensor.name == "matrix":
            values = onnx.numpy_helper.to_array(tensor) * np.float32(factor)
            tensor.CopyFrom(onnx.numpy_helper.from_array(values, "matrix"))
    (check,) = device_check.compare(
        EMBEDDER,
        Session.open(content, "here", CPU),
        Session.open(other.SerializeToString(), "there", CPU),
    )
    assert check.ok is ok
