"""Carries out comparisons at the desk that are asked for over the control socket. Made by `app`."""

import asyncio
from collections.abc import Callable
from typing import Final

from streamer.checkin.desk_comparisons import DeskComparisons
from streamer.control.messages import Reply, Request, Verb
from streamer.domain.actor import Actor

VERBS: Final = frozenset({Verb.COMPARE})


class DeskControl:
    """Between the socket's messages and the comparisons."""

    def __init__(
        self,
        comparisons: DeskComparisons,
        acting: Callable[[str], Actor],
        stop: asyncio.Event,
    ) -> None:
        """Keep the collaborators.

        Args:
            comparisons: Carries them out.
            acting: Says who acts on somebody's behalf. The socket answers this process's own user
                only: that is who it is otherwise.
            stop: Set when the service stops: ends a comparison at once.
        """
        self._comparisons = comparisons
        self._acting = acting
        self._stop = stop

    async def answer(self, request: Request) -> Reply:
        """Carry a request out.

        Raises:
            KirdiError: Why nobody was compared, or nothing written.
        """
        report = await self._comparisons.compare(
            request.patient_ref, request.camera_id, self._acting(request.by), self._stop
        )
        return Reply(desk=report)
