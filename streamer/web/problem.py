"""Errors as `application/problem+json` (RFC 9457). Raised by routes, sent by `errors`."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from fastapi.responses import JSONResponse

MEDIA_TYPE: Final = "application/problem+json"


class Problem(Exception):  # noqa: N818
    """Something a client has to be told.

    Attributes:
        status: The HTTP status.
        kind: A word that programs may rely on, such as `not-found`; stands in `type`.
        detail: One sentence for people, without names, numbers or secrets.
        headers: Sent with it.
        more: Members more, such as `errors`.
    """

    def __init__(
        self,
        status: HTTPStatus,
        kind: str,
        detail: str,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, object] | None = None,
    ) -> None:
        """See the attributes."""
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = dict(more or {})

    def response(self) -> JSONResponse:
        """What is sent."""
        body = {
            "type": f"urn:kirdi:problem:{self.kind}",
            "title": self.status.phrase,
            "status": self.status.value,
            "detail": self.detail,
        }
        return JSONResponse(
            self.more | body, self.status.value, headers=self.headers, media_type=MEDIA_TYPE
        )


def not_found(what: str) -> Problem:
    """There is no such thing, or the principal may not know of it: the same answer."""
    return Problem(HTTPStatus.NOT_FOUND, "not-found", f"there is no such {what}")


def unauthenticated() -> Problem:
    """Nobody has shown who they are."""
    return Problem(
        HTTPStatus.UNAUTHORIZED,
        "unauthenticated",
        "sign in, or send an API token",
        {"WWW-Authenticate": 'Bearer realm="kirdi"'},
    )


def forbidden(detail: str = "your roles do not allow this") -> Problem:
    """They have, and may not."""
    return Problem(HTTPStatus.FORBIDDEN, "forbidden", detail)


def too_many(wait_s: float) -> Problem:
    """They ask too often."""
    return Problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        "too-many-requests",
        "too many requests; wait a moment",
        {"Retry-After": str(max(1, int(wait_s + 0.999)))},
    )
