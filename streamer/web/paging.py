"""Lists in parts. A cursor is sealed: it tells nothing, and is good for one account and list."""

import base64
import binascii
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Final, TypeVar

from fastapi import Depends, Query, Request

from streamer.domain.page import Page, Slice
from streamer.errors import VaultError
from streamer.web.clinic import Clinic
from streamer.web.models.base import Answer, Listed
from streamer.web.principal import Principal
from streamer.web.problem import Problem

MOST: Final = 200

Entry = TypeVar("Entry")
Shown = TypeVar("Shown", bound=Answer)


class Paging:
    """A dependency: which part of a list is asked for, and how it is answered."""

    def __init__(
        self,
        request: Request,
        clinic: Clinic,
        limit: Annotated[int, Query(ge=1, le=MOST, description="at most so many")] = 50,
        cursor: Annotated[
            str | None,
            Query(
                max_length=2048,
                pattern=r"^[A-Za-z0-9_-]+$",
                description="`next` of the part before; none = from the beginning",
            ),
        ] = None,
    ) -> None:
        """See FastAPI's dependencies.

        Raises:
            Problem: The cursor is none of this list.
        """
        principal = request.state.principal
        assert isinstance(principal, Principal)
        self._seal = clinic.cursors
        self._place = f"{principal.account}\0{request.url.path}".encode()
        self.slice = Slice(limit, () if cursor is None else self._opened(cursor))

    def answer(self, page: Page[Entry], made: Callable[[Entry], Shown]) -> Listed[Shown]:
        """Make the answer of a page."""
        after = None if page.after is None else self._sealed(page.after)
        return Listed(items=[made(one) for one in page.items], next=after)

    def part_of(self, whole: list[Shown]) -> Listed[Shown]:
        """Make the answer of a list that is short enough to be had whole."""
        start = int(self.slice.after[0]) if self.slice.after else 0
        end = start + self.slice.limit
        after = self._sealed((str(end),)) if end < len(whole) else None
        return Listed(items=whole[start:end], next=after)

    def _sealed(self, after: tuple[str, ...]) -> str:
        sealed = self._seal.seal(json.dumps(after).encode(), self._place)
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def _opened(self, cursor: str) -> tuple[str, ...]:
        try:
            sealed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            return tuple(json.loads(self._seal.open(sealed, self._place)))
        except (VaultError, binascii.Error) as error:
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "cursor",
                "the cursor is none of this list; begin without one",
            ) from error


PageAsked = Annotated[Paging, Depends(Paging)]
