"""The service's own memory: not for core dumps, and not for other processes of its user."""

import subprocess
import sys

from tests.data import ROOT

CODE = """
import ctypes, resource
from streamer.hardening import forbid_core_dumps

forbid_core_dumps()
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE)[0])
"""


def test_the_process_is_not_dumpable() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.split() == [b"0", b"0"]
