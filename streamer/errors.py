"""The errors of the service. Each prints as one line that names the thing and the remedy.

The exit codes are documented in docs/exit-codes.md. Messages carry ids, never secrets or names.
"""


class KirdiError(Exception):
    """Base of everything the service raises on purpose.

    Attributes:
        message: What is wrong, and what to do, in words that hold for programs and pages as well:
            no option and no command of the command line.
        command: What to run or to give at the command line; told there only.
        code: A word under which pages have the message in their own languages; most have none.
        values: What stands in it there; moments as ISO 8601 says them.
    """

    exit_code = 1

    def __init__(
        self, message: str = "", *, command: str = "", code: str = "", **values: str
    ) -> None:
        """See the attributes; `str` is message and command."""
        super().__init__(f"{message}; {command}" if command else message)
        self.message = message
        self.command = command
        self.code = code
        self.values = values


class InputError(KirdiError):
    """A file or argument given by a person cannot be used; nothing was written."""

    exit_code = 4


class LookAlikeError(InputError):
    """A face may be enrolled already; nothing was written.

    Attributes:
        references: Under which references of other patients.
    """

    def __init__(self, message: str, references: tuple[str, ...], *, command: str = "") -> None:
        """See the attributes."""
        super().__init__(message, command=command)
        self.references = references


class NotYoursError(InputError):
    """Somebody else has to do this; nothing was written."""


class StaleError(InputError):
    """Somebody else has changed it meanwhile: look again; nothing was written."""


class DatabaseError(KirdiError):
    """PostgreSQL refuses, cannot be reached, or has another schema than this code."""

    exit_code = 5


class TextError(DatabaseError):
    """A text holds U+0000 or is no UTF-8, which PostgreSQL keeps nowhere; nothing was written."""

    exit_code = 4


class CameraError(KirdiError):
    """A camera cannot be reached, refuses, or sends nothing that can be decoded."""

    exit_code = 7


class EmbeddedError(KirdiError):
    """An embedded server cannot be started, or the home folder cannot be used."""

    exit_code = 8


class VaultError(KirdiError):
    """The key-encryption key is missing, unreadable or not the one the data was written with."""

    exit_code = 9


class OutsideError(KirdiError):
    """A service outside (SMS gateway, digital documents) refuses or cannot be reached."""

    exit_code = 11


class UnsentError(OutsideError):
    """A message could not be sent; what it was about is taken back, and says what to do instead."""


class CacheError(KirdiError):
    """Redis refuses or cannot be reached; never fatal to a decision."""

    exit_code = 10


class AuditError(KirdiError):
    """The audit is not as it was written: somebody changed, removed or moved something."""

    exit_code = 13


class NoMatchError(KirdiError):
    """What was asked was done, and the answer is no.

    At the desk it is not the patient as far as the camera can say, or nobody was compared; or they
    were, and nothing could be written.
    """

    exit_code = 12


class BackupError(KirdiError):
    """A backup cannot be made, is not what it was, or must not be restored like this."""

    exit_code = 14
