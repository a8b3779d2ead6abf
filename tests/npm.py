"""Packages of npm that tests rest on, locked by their hashes. Used by whatever test needs one."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest


def installed(lock_folder: Path, what: str) -> Path:
    """The folder in which they are installed, once for all runs; skips where they can't be had.

    Args:
        lock_folder: With `package.json` and `package-lock.json`.
        what: Their name, for the folder and for whoever reads why a test was skipped.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("no node and npm: install them (Debian: nodejs, npm)")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    lock = (lock_folder / "package-lock.json").read_bytes()
    folder = cache / "kirdi-tests" / f"{what}-{hashlib.sha256(lock).hexdigest()[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not (folder / "installed").exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(lock_folder / name, folder / name)
            quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
            done = subprocess.run(
                [npm, "ci", *quiet], cwd=folder, capture_output=True, text=True, timeout=150
            )
            if done.returncode:
                pytest.skip(f"npm cannot install {what}: {done.stderr.strip()[:200]}")
            (folder / "installed").touch()
    return folder
