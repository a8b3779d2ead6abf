"""Turns what asyncpg raises into a DatabaseError: one line with the database and the remedy.

Used around everything that speaks to PostgreSQL. PostgreSQL's own wording is not passed on: it
repeats values, and a driver's wording may repeat the URL with its password.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg

from streamer.errors import DatabaseError, TextError


@dataclass(frozen=True, slots=True)
class Place:
    """Where a database is, without who connects and by what password."""

    host: str
    database: str

    @classmethod
    def of(cls, url: str) -> Self:
        """Take host and database out of a URL, whatever else is in it.

        Raises:
            DatabaseError: It is no URL.
        """
        try:
            parts = urlsplit(url)
            query = parse_qs(parts.query)
        except ValueError:
            # `from None`: the library's message repeats the URL.
            raise DatabaseError("database.url: cannot be read; look at host and port") from None
        # The last @: a password may hold one that was not escaped.
        host = parts.netloc.rpartition("@")[2] or query.get("host", ["localhost"])[0]
        ports = [one.rpartition("]")[2].partition(":")[2] for one in host.split(",")]
        if not all(port.isdecimal() for port in ports if port):
            # asyncpg would raise a bare ValueError.
            raise DatabaseError("database.url: cannot be read; look at host and port")
        database = parts.path.lstrip("/") or query.get("dbname", ["(default)"])[0]
        return cls(unquote(host), unquote(database))

    def __str__(self) -> str:
        return f"{self.database} at {self.host}"


_UNKEPT: Final = "a text holds a character that cannot be kept (U+0000); write it without"
_NO_UTF8: Final = "a text holds bytes that are no UTF-8; write it anew"


@contextmanager
def raise_ours(place: Place) -> Iterator[None]:
    """Raise a DatabaseError for whatever the driver, the server or the network raises inside.

    Raises:
        TextError: A text cannot be kept, wherever it came from.
        DatabaseError: One line with the remedy.
    """
    try:
        yield
    except asyncpg.ClientConfigurationError:
        raise DatabaseError(
            "database.url: cannot be used; write postgresql://user:password@host:port/database"
        ) from None
    except (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError) as error:
        raise TextError(_UNKEPT) from error
    except asyncpg.PostgresError as error:
        if isinstance(error.__cause__, UnicodeEncodeError):
            # Of a command line: bytes that are no UTF-8 reach us as lone surrogates.
            raise TextError(_NO_UTF8) from error
        raise DatabaseError(f"database {place}: {_refusal(error)}") from error
    except (asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        raise DatabaseError(
            f"database {place}: the connection was lost; see whether the server runs and has "
            "disk space left"
        ) from error
    except TimeoutError as error:
        raise DatabaseError(
            f"database {place}: did not answer in time; see whether the server is overloaded or "
            "the network is cut"
        ) from error
    except OSError as error:
        raise DatabaseError(
            f"database {place}: cannot be reached ({error.strerror or 'connection refused'}); "
            "start it, or correct database.url"
        ) from error


_REFUSALS: tuple[tuple[type[asyncpg.PostgresError], str], ...] = (
    (
        asyncpg.InvalidAuthorizationSpecificationError,  # covers a wrong password, too
        "refuses the user or the password; correct database.url or the server's pg_hba.conf",
    ),
    (asyncpg.InvalidCatalogNameError, "does not exist; create it, or correct database.url"),
    (asyncpg.TooManyConnectionsError, "has no connection left; raise max_connections"),
    (asyncpg.CannotConnectNowError, "is starting or stopping; try again in a moment"),
    (asyncpg.AdminShutdownError, "is shutting down; start it again"),
    (asyncpg.CrashShutdownError, "has crashed and is recovering; try again in a moment"),
    (
        asyncpg.InsufficientPrivilegeError,
        "does not let this login do that; make it a member of the role it is for",
    ),
    (asyncpg.UndefinedTableError, "lacks a table; run `kirdi db migrate`"),
    (asyncpg.UndefinedColumnError, "lacks a column; run `kirdi db migrate`"),
    (asyncpg.ReadOnlySQLTransactionError, "is read-only; connect to the primary server"),
    (asyncpg.DiskFullError, "has no disk space left; free some on the server"),
    (asyncpg.QueryCanceledError, "cancelled a statement that took too long; try again"),
    (asyncpg.LockNotAvailableError, "is locked by another command; try again when it is done"),
    (asyncpg.DeadlockDetectedError, "was asked for conflicting changes at once; try again"),
    (asyncpg.SerializationError, "was asked for conflicting changes at once; try again"),
)


def _refusal(error: asyncpg.PostgresError) -> str:
    for kind, words in _REFUSALS:
        if isinstance(error, kind):
            return words
    return f"refused a statement (SQLSTATE {error.sqlstate}); see the server's log"
