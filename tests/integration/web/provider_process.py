"""A real OpenID Connect provider beside the test: npm's `oidc-provider`, locked by its hashes."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_FOLDER = Path(__file__).parent / "oidc"
SECRET = "a secret of the tests, long enough"


def installed() -> Path:
    """The folder it is installed in, once for all runs; skips where it cannot be had."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("no node and npm: install them (Debian: nodejs, npm)")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    lock = (_FOLDER / "package-lock.json").read_bytes()
    folder = cache / "kirdi-tests" / f"oidc-{hashlib.sha256(lock).hexdigest()[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not (folder / "installed").exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(_FOLDER / name, folder / name)
            quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
            done = subprocess.run(
                [npm, "ci", *quiet], cwd=folder, capture_output=True, text=True, timeout=150
            )
            if done.returncode:
                pytest.skip(f"npm cannot install oidc-provider: {done.stderr.strip()[:200]}")
            (folder / "installed").touch()
        shutil.copy(_FOLDER / "provider.mjs", folder / "provider.mjs")
    return folder


@contextmanager
def provider(port: int, public_url: str, clock_offset_s: int = 0) -> Iterator[str]:
    """Run it; yields its issuer. Keys are drawn anew each time."""
    folder = installed()
    process = subprocess.Popen(
        ["node", "provider.mjs", str(port), public_url, str(clock_offset_s)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait(10)
