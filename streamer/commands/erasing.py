"""What commands do after the commit that erased templates. Used by `consents` and `patients`."""

from typing import TYPE_CHECKING

from streamer.commands.invocation import warn
from streamer.errors import DatabaseError

if TYPE_CHECKING:
    from streamer.backend import Backend


async def destroy_remnants(backend: "Backend") -> str | None:
    """Destroy what the erased keys leave in the database's files, now if it can be.

    What cannot be done now is a warning and no error: the erasure itself has been committed, and
    the service, or the next such command, goes on trying.

    Returns:
        Why the database's log cannot be cleaned by Kirdi; None = it can, or there is nothing left.
    """
    from streamer.storage.register_file import RegisterError

    try:
        return (await backend.remnants.destroy()).obstacle
    except RegisterError as error:
        warn([str(error)])
        return None
    except DatabaseError as error:
        warn(
            [
                f"{error}; the erased keys are still in the database's files: the running service "
                "destroys them as soon as it can, or run `kirdi consents receipts`"
            ]
        )
        return None
