"""A key that a command prints: a vault's client, an HSM's. Made by `streamer.key_places`."""

import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from streamer.crypto.environment_key import key_of
from streamer.crypto.key import KeyEncryptionKey
from streamer.errors import VaultError

_MOST_BYTES: Final = 4096


class CommandKey:
    """Runs a program without a shell; its standard output is the key, in base64 or as 32 bytes.

    What it says on standard error is shown to nobody: it may hold what it should not.
    """

    quick = False

    def __init__(self, command: Sequence[str], timeout_s: float) -> None:
        """Keep what to run; nothing is run."""
        self._command = tuple(command)
        self._timeout_s = timeout_s

    @property
    def name(self) -> str:
        """See `KeySource`; its arguments are left out."""
        return f"key command {Path(self._command[0]).name}"

    def exists(self) -> bool:
        """See `KeySource`."""
        return os.access(self._command[0], os.X_OK)

    def read(self) -> KeyEncryptionKey:
        """Run it and return the key.

        Raises:
            VaultError: It is not there, fails, takes too long, or prints no key.
        """
        try:
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # So that what it started ends with it.
                start_new_session=True,
            )
        except OSError as error:
            raise VaultError(
                f"{self.name}: cannot be run ({error.strerror}); correct keys.command"
            ) from error
        late = threading.Event()

        def end() -> None:
            late.set()
            _kill(process)

        timer = threading.Timer(self._timeout_s, end)
        timer.daemon = True
        timer.start()
        try:
            assert process.stdout is not None
            with process.stdout:
                printed = process.stdout.read(_MOST_BYTES)
                if len(printed) == _MOST_BYTES:
                    # It may go on printing for ever.
                    _kill(process)
            code = process.wait()
        finally:
            timer.cancel()
            _kill(process)
        if late.is_set():
            raise VaultError(
                f"{self.name}: did not answer within {self._timeout_s:g} s; see whether the vault "
                "can be reached, or raise keys.command_timeout_s"
            )
        if code != 0:
            raise VaultError(
                f"{self.name}: failed (exit code {code}); run it by hand as the service's user to "
                "see why"
            )
        return key_of(printed, self.name)


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
