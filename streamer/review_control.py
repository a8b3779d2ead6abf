"""Carries out what is asked about reviews over the control socket. Made by `app`."""

from collections.abc import Awaitable, Callable
from typing import Final

from streamer.checkin.review_desk import ReviewDesk
from streamer.control.messages import Reply, Request, Verb
from streamer.domain.actor import Actor

VERBS: Final = frozenset({Verb.REVIEWS, Verb.CONFIRM, Verb.REJECT})


class ReviewControl:
    """Between the socket's messages and the desk."""

    def __init__(
        self,
        desk: ReviewDesk,
        acting: Callable[[str], Actor],
        looked: Callable[[Actor, frozenset[str]], Awaitable[None]],
    ) -> None:
        """Keep the collaborators.

        Args:
            desk: Decides.
            acting: Says who decides on somebody's behalf. The socket answers this process's own
                user only: that is who it is otherwise.
            looked: Has in the audit who was shown these patients' reviews.
        """
        self._looked = looked
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
        reports = await self._desk.reports()
        shown = frozenset(who.patient_ref for one in reports for who in one.candidates)
        if shown:
            await self._looked(self._acting(request.by), shown)
        return Reply(reviews=reports)
