"""Carries out what is asked about reviews over the control socket. Made by `app`."""

import os
import pwd
from typing import Final

from streamer.checkin.review_desk import ReviewDesk
from streamer.control.messages import Reply, Request, Verb

VERBS: Final = frozenset({Verb.REVIEWS, Verb.CONFIRM, Verb.REJECT})


class ReviewControl:
    """Between the socket's messages and the desk."""

    def __init__(self, desk: ReviewDesk) -> None:
        """Keep the desk. The socket answers this process's own user only: that is who decides."""
        self._desk = desk
        self._user = _user()

    async def answer(self, request: Request) -> Reply:
        """Carry a request out.

        Raises:
            KirdiError: Why nothing was decided.
        """
        if request.verb is Verb.CONFIRM:
            arrivals = await self._desk.confirm(request.review_id, request.patient_ref, self._user)
            return Reply(arrivals=arrivals)
        if request.verb is Verb.REJECT:
            await self._desk.reject(request.review_id, self._user)
            return Reply()
        return Reply(reviews=await self._desk.reports())


def _user() -> str:
    """The name of the user this process runs as; its number where it has no name."""
    number = os.geteuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"uid {number}"
