"""The `kirdi` command's way in, also `python -m streamer`: loads the command line and runs it."""

import os
import signal
from types import FrameType


def main() -> None:
    """Run the command line; Ctrl-C while it loads is one line, not a half-done import's traceback.

    Loading takes tenths of a second, and until then there is nothing to clear away.
    """
    python_s_own = signal.signal(signal.SIGINT, _leave)
    from streamer.cli import main as run

    signal.signal(signal.SIGINT, python_s_own)
    run()


def _leave(_number: int, _frame: FrameType | None) -> None:
    os.write(2, b"kirdi: interrupted before it began\n")
    os._exit(130)


if __name__ == "__main__":
    main()
