"""Whether the site has calibrated the model pack in use, and the thresholds that follow.

Asked by the pipelines for every vote and by the check-in service for every decision; looks into the
database every half minute, so that a calibration takes effect without a restart.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

import structlog

from streamer.clock import Clock
from streamer.domain.site_calibration import SiteCalibration
from streamer.errors import DatabaseError
from streamer.tracking.strictest import Strictest
from streamer.tracking.voting import Thresholds

log = structlog.get_logger(__name__)

_EVERY_S: Final = 30.0


class CalibrationStore(Protocol):
    """Where the site's calibrations of the pack in use are."""

    async def newest(self) -> SiteCalibration | None:
        """The one in force; raises DatabaseError."""
        ...


def covers(found: SiteCalibration, accept_fpir: float, figures: str) -> bool:
    """Whether a calibration holds for this `accept_fpir`, with scores normalised by these figures.

    Not where it was made for a stricter one: the looser matches were never looked at. Nor where
    scores mean something else by now.
    """
    return found.accept_fpir >= accept_fpir and found.figures == figures


class CalibrationKeeper:
    """The thresholds in force: the pack's own, or the site's where they are stricter."""

    def __init__(
        self,
        store: CalibrationStore,
        pack: Thresholds,
        fitted: Callable[[SiteCalibration], Thresholds],
        accept_fpir: float,
        figures: str,
        clock: Clock,
    ) -> None:
        """Start with the pack's thresholds.

        Args:
            store: The site's calibrations of the pack in use.
            pack: The pack's own thresholds.
            fitted: Makes thresholds of what a site has found.
            accept_fpir: As set.
            figures: What scores are normalised by.
            clock: Waits.
        """
        self._store = store
        self._pack = pack
        self._fitted = fitted
        self._accept_fpir = accept_fpir
        self._figures = figures
        self._clock = clock
        self._found: SiteCalibration | None = None
        self._in_force = pack
        self._calibrated = False

    @property
    def calibrated(self) -> bool:
        """May an accepted match write `arrived` where that asks for a calibration?"""
        return self._calibrated

    @property
    def found(self) -> SiteCalibration | None:
        """The newest calibration of the pack in use, in force or not; None = there is none."""
        return self._found

    def accept(self, gallery_size: int) -> float:
        """See `streamer.tracking.voting.Thresholds`."""
        return self._in_force.accept(gallery_size)

    def review(self, gallery_size: int) -> float:
        """See `streamer.tracking.voting.Thresholds`."""
        return self._in_force.review(gallery_size)

    async def refresh(self) -> None:
        """Look once; raises DatabaseError, and everything stays as it was."""
        found = await self._store.newest()
        if found == self._found:
            return
        self._found = found
        self._calibrated = found is not None and covers(found, self._accept_fpir, self._figures)
        self._in_force = self._pack
        if found is None:
            return
        if self._calibrated:
            self._in_force = Strictest((self._pack, self._fitted(found)))
        log.info(
            "site calibration",
            pack=found.pack_id,
            made_at=found.made_at.isoformat(),
            in_force=self._calibrated,
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Look every half minute until stopped. A database that is away changes nothing."""
        while not await self._clock.sleep(_EVERY_S, stop):
            try:
                await self.refresh()
            except DatabaseError as error:
                log.debug("site calibration not looked at", reason=str(error))
