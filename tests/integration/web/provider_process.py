"""A real OpenID Connect provider beside the test: npm's `oidc-provider`, locked by its hashes."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.npm import installed as npm_installed

_FOLDER = Path(__file__).parent / "oidc"
SECRET = "a secret of the tests, long enough"


def installed() -> Path:
    """The folder it is installed in, once for all runs; skips where it cannot be had."""
    folder = npm_installed(_FOLDER, "oidc")
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
