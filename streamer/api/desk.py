"""Comparisons at the desk, for `web.resources.Desk`."""

import asyncio

from streamer.checkin.desk_comparisons import DeskComparisons
from streamer.domain.actor import Actor
from streamer.domain.desk_report import DeskReport


class ApiDesk:
    """The comparisons of the running service."""

    def __init__(self, comparisons: DeskComparisons, stop: asyncio.Event) -> None:
        """Keep the collaborators; `stop` ends a comparison at once."""
        self._comparisons = comparisons
        self._stop = stop

    async def compare(self, patient_ref: str, camera_id: str, by: Actor) -> DeskReport:
        """Compare; raises as `DeskComparisons.compare`."""
        return await self._comparisons.compare(patient_ref, camera_id, by, self._stop)
