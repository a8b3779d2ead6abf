"""Carries out what is asked about reviews over the control socket. Made by `app`."""

from collections.abc import Callable
from typing import Final

from streamer.checkin.review_desk import ReviewDesk
from streamer.control.messages import Reply, Request, Verb
from streamer.domain.actor import Actor

VERBS: Final = frozenset({Verb.REVIEWS, Verb.CONFIRM, Verb.REJECT})


class ReviewControl:
    """Between the socket's messages and the desk."""

    def __init__(self, desk: ReviewDesk, acting: Callable[[str], Actor]) -> None:
        """Keep the collaborators.

        Args:
            desk: Decides.
            acting: Says who decides on somebody's behalf. The socket answers this process's own
                user only: that is who it is otherwise.
        """
        self._desk = desk
        self._acting = acting

    async def answer(self, request: Request) -> Reply:
        """Carry a request out.

        Raises:
            KirdiError: Why nothing was decided.
        """
        if request.verb is Verb.CONFIRM:
            done = await self._desk.confirm(
                request.review_id, request.patient_ref, self._acting(request.by)
            )
            return Reply(arrivals=done.arrivals, presences=done.presences)
        if request.verb is Verb.REJECT:
            await self._desk.reject(request.review_id, self._acting(request.by))
            return Reply()
        return Reply(reviews=await self._desk.reports())
