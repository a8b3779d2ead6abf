"""Finds out once, for the whole service, which hardware decodes video. Asked by supervisors.

In a process of its own (`python -m streamer.ingest.hardware_probe WANTED`): drivers are large, may
hang, and may crash.
"""

import asyncio
import sys
from typing import Final

import structlog

from streamer.child_command import child_command
from streamer.ingest.child_environment import child_environment
from streamer.ingest.condition import Decoding

_NONE: Final = "none"
_TIMEOUT_S: Final = 20.0
_ANSWERS: Final = frozenset({_NONE, Decoding.CUDA.value, Decoding.VAAPI.value})

_log = structlog.get_logger()


class HardwareProbe:
    """Remembers each answer as long as the service lives; a driver put in later needs a restart."""

    def __init__(self) -> None:
        """Begin without having asked."""
        self._found: dict[str, asyncio.Task[str]] = {}

    async def find(self, wanted: str, stop: asyncio.Event) -> str:
        """What a decoder is to decode with; whoever asks meanwhile waits for the same answer.

        Args:
            wanted: none, auto, cuda or vaapi.
            stop: Ends the waiting.

        Returns:
            none, cuda or vaapi. It is there: whether it decodes a camera's stream, that stream's
            first frame shows.
        """
        if wanted == _NONE:
            return _NONE
        if wanted not in self._found:
            self._found[wanted] = asyncio.create_task(_ask(wanted))
        asked, stopped = self._found[wanted], asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait((asked, stopped), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
        if not asked.done():
            return _NONE
        found = asked.result()
        self._found.setdefault(found, asked)
        return found

    async def close(self) -> None:
        """End what is still being looked for."""
        for asked in self._found.values():
            asked.cancel()
        await asyncio.gather(*self._found.values(), return_exceptions=True)


async def _ask(wanted: str) -> str:
    found = _NONE
    try:
        child = await asyncio.create_subprocess_exec(
            *child_command("streamer.ingest.hardware_probe", wanted),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=child_environment(),
            cwd="/",
        )
    except OSError as error:
        _log.warning("hardware not looked for", wanted=wanted, reason=error.strerror)
        return found
    try:
        said, _ = await asyncio.wait_for(child.communicate(), _TIMEOUT_S)
        answer = said.decode("ascii", "replace").strip()
        found = answer if answer in _ANSWERS else _NONE
    except TimeoutError:
        _log.warning("hardware not found", wanted=wanted, reason=f"no answer in {_TIMEOUT_S:g} s")
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    _log.info("hardware for decoding", wanted=wanted, found=found)
    return found


def main(wanted: str) -> None:
    """Be the process that looks."""
    from streamer.ingest.confinement import confine
    from streamer.ingest.hardware import find_hardware

    confine()
    sys.stdout.write(f"{find_hardware(wanted) or _NONE}\n")


if __name__ == "__main__":
    main(sys.argv[1])
