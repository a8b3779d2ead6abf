import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from matcher.errors import ModelPackError
from matcher.face import Image
from matcher.loading import open_models
from matcher.packs import quantise
from matcher.packs.manifest import Manifest
from matcher.packs.own_pack import build_own_pack
from matcher.packs.pack import Pack
from matcher.packs.quantise import quantise_pack
from matcher.packs.store import list_packs, open_pack, verify_pack
from tests import data
from tests.integration.matcher.conftest import CPU
from tests.integration.matcher.test_other_packs import describe


@pytest.fixture
def small(tmp_path: Path) -> Pack:
    """YuNet and a small network: quantised in a second."""
    folder = describe(tmp_path / "mine", detector={"kind": "yunet", "file": "yunet.onnx"})
    (folder / "yunet.onnx").write_bytes(data.need("models/yunet/yunet_n_dynamic.onnx").read_bytes())
    return build_own_pack(tmp_path / "models", folder)


@pytest.fixture
def photos(group_photo: Image) -> list[Image]:
    """Six people, four times."""
    turned = np.ascontiguousarray(group_photo[:, ::-1])
    return [
        *(group_photo, turned),
        *(np.ascontiguousarray(one[::2, ::2]) for one in (group_photo, turned)),
    ]


def always_faster(*_: object) -> float:
    return 2.0


def test_models_that_pass_are_kept_with_their_figures(
    small: Pack, photos: list[Image], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantise, "_speedup", always_faster)
    monkeypatch.setattr("matcher.packs.int8_check.MOST_LANDMARK_SHIFT", 1.0)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    done = quantise_pack(tmp_path / "models", small, photos, threads=1)
    assert done.pack is not None
    manifest = done.pack.manifest
    assert manifest.pack == "clinic-int8"
    assert manifest.embedder.precision == "int8"
    # Its few faces passed, and are too few to mix its vectors with the original's.
    assert all(check.passed for check in done.checks if check.model == "embedder")
    assert manifest.pack_id == f"{small.pack_id}-int8"
    assert manifest.quantisation == done.checks
    assert {check.model for check in done.checks} == {"detector", "embedder"}
    assert all(check.ok for check in verify_pack(tmp_path / "models", "clinic-int8"))
    assert "clinic-int8" in [one.pack for one in list_packs(tmp_path / "models")]
    assert open_models(done.pack, CPU).detector.find([]) == []
    assert done.pack.read("embedder.onnx") != small.read("embedder.onnx")
    assert list(scratch.iterdir()) == []
    assert "kirdi models build clinic --int8" in manifest.remedy
    with pytest.raises(ModelPackError, match="again"):
        quantise_pack(tmp_path / "models", done.pack, photos, threads=1)


def test_what_is_not_faster_is_not_kept(
    small: Pack, photos: list[Image], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantise, "_speedup", lambda *_: 0.9)
    done = quantise_pack(tmp_path / "models", small, photos, threads=1)
    assert done.pack is None
    assert len(done.checks) == 5
    with pytest.raises(ModelPackError, match="unknown"):
        open_pack(tmp_path / "models", "clinic-int8")


@pytest.mark.parametrize(
    ("kept", "interchangeable", "expected"),
    [
        ({"detector.onnx": True, "embedder.onnx": False}, False, ("int8", "fp32", "")),
        ({"detector.onnx": False, "embedder.onnx": True}, True, ("fp32", "int8", "")),
        ({"detector.onnx": True, "embedder.onnx": True}, False, ("int8", "int8", "-int8")),
    ],
)
def test_vectors_that_cannot_be_mixed_get_another_id(
    pack: Pack, kept: dict[str, bool], interchangeable: bool, expected: tuple[str, str, str]
) -> None:
    new: Manifest = quantise._described(pack.manifest, kept, (), interchangeable)
    detector, embedder, suffix = expected
    assert (new.detector.precision, new.embedder.precision) == (detector, embedder)
    assert new.pack_id == pack.pack_id + suffix
    assert replace(new, pack="open", pack_id="open-1").scores == pack.manifest.scores


def test_too_few_faces_prove_nothing(small: Pack, tmp_path: Path) -> None:
    with pytest.raises(ModelPackError, match="the photos show 0 faces; 16 are needed"):
        quantise_pack(tmp_path, small, [np.zeros((64, 64, 3), np.uint8)] * 4, threads=1)
