"""Errors as `application/problem+json` (RFC 9457). Raised by routes, sent by `errors`."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from fastapi.responses import JSONResponse

from streamer.domain.asked_for import AskedFor

MEDIA_TYPE: Final = "application/problem+json"


class Problem(Exception):  # noqa: N818
    """Something a client has to be told.

    Attributes:
        status: The HTTP status.
        kind: A word that programs may rely on, such as `not-found`; stands in `type`.
        detail: One sentence for people, without names, numbers or secrets.
        headers: Sent with it.
        more: Members more, such as `errors`.
        asked: What was asked for; where it is known, `router` puts it on record.
    """

    def __init__(
        self,
        status: HTTPStatus,
        kind: str,
        detail: str,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, object] | None = None,
        asked: AskedFor | None = None,
    ) -> None:
        """See the attributes."""
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = dict(more or {})
        self.asked = asked

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


def not_found(what: str, asked: AskedFor | None = None) -> Problem:
    """There is no such thing, or the principal may not know of it: the same answer.

    Args:
        what: A noun.
        asked: What it was, where the question belongs on record.
    """
    detail = f"there is no such {what}"
    return Problem(HTTPStatus.NOT_FOUND, "not-found", detail, asked=asked)


def no_patient(patient_ref: str) -> Problem:
    """There is no such patient, for whoever asks; that they asked is put on record."""
    return not_found("patient", AskedFor("Patient", patient_ref))


def no_appointment(appointment_ref: str) -> Problem:
    """Likewise."""
    return not_found("appointment", AskedFor("Appointment", appointment_ref))


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
