"""How a process that touches foreign video is started. Used by `child_process` and `probe`."""

import os
import sys
from pathlib import Path
from typing import Final

# The child runs the code of whoever starts it, although -I hides PYTHONPATH and the folder.
_CODE: Final = (
    "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); "
    "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)
_ROOT: Final = str(Path(__file__).resolve().parents[2])


def child_command(module: str, *arguments: str) -> list[str]:
    """The command that runs one of our modules in an interpreter without anything of the user's."""
    return [sys.executable, "-I", "-c", _CODE, _ROOT, module, *arguments]


def child_environment() -> dict[str, str]:
    """The few variables such a process gets: nothing of our own, which may hold secrets.

    The malloc settings keep freed pictures in the process: giving 6 MB back to the kernel and
    faulting them in again took twice as long as converting the frame itself.
    """
    environment = {
        "LANG": "C.UTF-8",
        "MALLOC_ARENA_MAX": "1",
        "MALLOC_MMAP_THRESHOLD_": str(32 * 1024 * 1024),
        "MALLOC_TRIM_THRESHOLD_": str(64 * 1024 * 1024),
    }
    libraries = os.environ.get("LD_LIBRARY_PATH")
    return environment | ({"LD_LIBRARY_PATH": libraries} if libraries else {})
