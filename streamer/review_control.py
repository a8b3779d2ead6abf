"""Carries out what is asked about reviews over the control socket. Made by `app`."""

from typing import Final

from streamer.checkin.review_desk import ReviewDesk
from streamer.control.messages import Reply, Request, Verb
from streamer.os_user import os_user

VERBS: Final = frozenset({Verb.REVIEWS, Verb.CONFIRM, Verb.REJECT})


class ReviewControl:
    """Between the socket's messages and the desk."""

    def __init__(self, desk: ReviewDesk) -> None:
        """Keep the desk. The socket answers this process's own user only: that is who decides."""
        self._desk = desk
        self._user = os_user()

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
