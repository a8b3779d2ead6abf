"""How the OpenAPI document describes errors: every one is a problem (RFC 9457)."""

from http import HTTPStatus
from typing import Any, Final

from streamer.web.problem import MEDIA_TYPE

_SCHEMA: Final = {
    "type": "object",
    "title": "Problem",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "what programs may rely on: a word of a URN"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "one sentence for people"},
        "code": {
            "type": "string",
            "description": "of some refusals: which one, for those who say it in another language",
        },
        "values": {"type": "object", "description": "what stands in it; moments in ISO 8601"},
        "fault": {
            "type": "string",
            "description": "of a fault of the service: the word under which its log tells more",
        },
        "errors": {
            "type": "array",
            "description": "of invalid requests: where, and which rule; never the value",
            "items": {
                "type": "object",
                "properties": {
                    "where": {"type": "array", "items": {"type": "string"}},
                    "code": {"type": "string"},
                    "reason": {"type": "string", "description": "what would be right"},
                },
            },
        },
    },
}

_SAID: Final = {
    HTTPStatus.BAD_REQUEST: "the request cannot be read",
    HTTPStatus.UNAUTHORIZED: "nobody has signed in",
    HTTPStatus.FORBIDDEN: "your roles do not allow it",
    HTTPStatus.NOT_FOUND: "there is no such thing, or it is not for you",
    HTTPStatus.REQUEST_TIMEOUT: "the body did not come in time",
    HTTPStatus.CONFLICT: "it cannot be done as things are, or is being done",
    HTTPStatus.PRECONDITION_FAILED: "somebody else has changed it meanwhile",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the request is too large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "the body is of another kind than described",
    HTTPStatus.UNPROCESSABLE_ENTITY: "the request is not as described, or is refused: `type` and "
    "`detail` say why",
    HTTPStatus.MISDIRECTED_REQUEST: "this server goes by another name",
    HTTPStatus.TOO_MANY_REQUESTS: "too many requests; `Retry-After` says when to go on",
    HTTPStatus.INTERNAL_SERVER_ERROR: "a fault of the service; its log tells more",
    HTTPStatus.BAD_GATEWAY: "a camera or a service outside does not answer",
    HTTPStatus.SERVICE_UNAVAILABLE: "the database does not answer; try again",
}

_EVERYWHERE: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.MISDIRECTED_REQUEST,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)


def problems(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """Return a route's `responses`: what may go wrong everywhere, and these."""
    return {
        status.value: {
            "description": _SAID[status],
            "content": {MEDIA_TYPE: {"schema": _SCHEMA}},
        }
        for status in sorted({*_EVERYWHERE, *statuses})
    }


PROBLEMS: Final = problems()
BODY: Final = problems(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
NOT_FOUND: Final = problems(HTTPStatus.NOT_FOUND)
WRITE: Final = problems(
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
)
OUTSIDE: Final = problems(
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.BAD_GATEWAY,
)
VERSIONED: Final = problems(
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.PRECONDITION_FAILED,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
)
