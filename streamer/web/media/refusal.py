"""Why an offer or a fragment cannot be taken. Raised by the parsers, answered as a problem."""

from http import HTTPStatus

from streamer.web.problem import Problem


class SdpError(Exception):
    """What somebody sent is no session description that can be answered; says what to send."""


def unusable(error: SdpError) -> Problem:
    """What the client is told."""
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "sdp", str(error))
