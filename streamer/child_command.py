"""How one of our modules is run as a process of its own. Used by `ingest` and `reporting`."""

import sys
from pathlib import Path
from typing import Final

# The child runs the code of whoever starts it, although -I hides PYTHONPATH and the folder.
_CODE: Final = (
    "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); "
    "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)
_ROOT: Final = str(Path(__file__).resolve().parents[1])


def child_command(module: str, *arguments: str) -> list[str]:
    """The command that runs a module in an interpreter without anything of the user's."""
    return [sys.executable, "-I", "-c", _CODE, _ROOT, module, *arguments]
