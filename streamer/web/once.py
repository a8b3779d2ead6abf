"""Writes that are made once, whoever repeats them: the header `Idempotency-Key`.

Every route that writes does it through `Once`. The same key and request get the same answer, for
24 hours, from the same account only.
"""

import base64
import hashlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Annotated, Final

import structlog
from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel

from streamer.domain.kept_answer import Claimed, Held, KeptAnswer
from streamer.errors import DatabaseError, KirdiError
from streamer.web.clinic import Clinic
from streamer.web.principal import Principal
from streamer.web.problem import Problem

log = structlog.get_logger(__name__)

_REPLAYED: Final = {"Idempotency-Replayed": "true"}
_BUSY: Final = {"Retry-After": "1"}

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=128,
        pattern=r"^[\x21-\x7e]+$",
        description="makes repeating the request harmless: the same key and request get the same "
        "answer for 24 hours; a new one for each write, a UUID for instance",
        examples=["5e1c1f6e-5f0c-4a6e-9d55-6a1b7b1c2d3e"],
    ),
]


class WriteOnce:
    """One write of one request."""

    def __init__(
        self, request: Request, clinic: Clinic, idempotency_key: IdempotencyKey = None
    ) -> None:
        """See FastAPI's dependencies."""
        principal = request.state.principal
        assert isinstance(principal, Principal)
        self._request = request
        self._store = clinic.once
        self._account = principal.account
        self._key = idempotency_key

    async def __call__(
        self,
        work: Callable[[], Awaitable[BaseModel]],
        status: HTTPStatus = HTTPStatus.OK,
        sent: bytes | None = None,
    ) -> Response:
        """Do the work and answer; or answer as before.

        Args:
            work: Makes the write; it reads nothing in a transaction of its own.
            status: Of the answer.
            sent: What was sent, where the route has read the body by itself.

        Raises:
            Problem: The key is in use, or was used for something else.
            KirdiError: As `work`.
        """
        if self._key is None:
            return _response(status, _body(await work()))
        found = await self._store.claim(self._account, self._key, await self._fingerprint(sent))
        if isinstance(found, Held):
            raise _held(found)
        if isinstance(found, KeptAnswer):
            return _response(HTTPStatus(found.status), found.body, _REPLAYED)
        return await self._first(found, work, status)

    async def _first(
        self, claim: Claimed, work: Callable[[], Awaitable[BaseModel]], status: HTTPStatus
    ) -> Response:
        try:
            with self._store.writing(claim):
                body = _body(await work())
        except (KirdiError, Problem) as error:
            # After a commit that was cut off nobody knows; else an error says that nothing stays.
            certain = not isinstance(error, DatabaseError)
            with suppress(DatabaseError):
                await self._store.release(claim, nothing_done=certain)
            raise
        except Exception:
            with suppress(DatabaseError):
                await self._store.release(claim, nothing_done=False)
            raise
        try:
            await self._store.answer(claim, KeptAnswer(status, body))
        except DatabaseError as error:
            # It is done, and told; only a repetition will not hear it.
            log.warning("answer not kept", reason=str(error))
        return _response(status, body)

    async def _fingerprint(self, sent: bytes | None) -> bytes:
        request = self._request
        body = await request.body() if sent is None else sent
        digest = hashlib.sha256(body).digest()
        query = request.scope.get("query_string", b"")
        return b"\0".join(
            (request.method.encode(), request.url.path.encode(), query, base64.b64encode(digest))
        )


Once = Annotated[WriteOnce, Depends(WriteOnce)]


def _held(why: Held) -> Problem:
    if why is Held.BUSY:
        detail = "a request with this key is being carried out; ask again in a moment"
        return Problem(HTTPStatus.CONFLICT, "idempotency-busy", detail, _BUSY)
    if why is Held.ANSWER_LOST:
        detail = "the request was carried out and its answer was lost; look at what it did"
        return Problem(HTTPStatus.CONFLICT, "idempotency-answer-lost", detail)
    detail = "this key was used for another request; take a new one for each"
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "idempotency-mismatch", detail)


def _body(made: BaseModel) -> bytes:
    return made.model_dump_json(by_alias=True).encode()


def _response(status: HTTPStatus, body: bytes, headers: dict[str, str] | None = None) -> Response:
    return Response(body, status, headers, media_type="application/json")
