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
from streamer.tracking.voting import Thresholds

log = structlog.get_logger(__name__)

_EVERY_S: Final = 30.0


class CalibrationStore(Protocol):
    """Where the site's calibrations of the pack in use are."""

    async def newest(self) -> SiteCalibration | None:
        """The one in force; raises DatabaseError."""
        ...


def covers(found: SiteCalibration, accept_fpir: float) -> bool:
    """Whether a calibration holds for this `accept_fpir`.

    Not where it was made for a stricter one: the looser matches were never looked at.
    """
    return found.accept_fpir >= accept_fpir


class CalibrationKeeper:
    """The thresholds in force: the pack's own, or the site's where they are stricter."""

    def __init__(
        self,
        store: CalibrationStore,
        pack: Thresholds,
        fitted: Callable[[SiteCalibration], Thresholds],
        accept_fpir: float,
        clock: Clock,
    ) -> None:
        """Start with the pack's thresholds.

        Args:
            store: The site's calibrations of the pack in use.
            pack: The pack's own thresholds.
            fitted: Makes thresholds of what a site has found.
            accept_fpir: As set.
            clock: Waits.
        """
        self._store = store
        self._pack = pack
        self._fitted = fitted
        self._accept_fpir = accept_fpir
        self._clock = clock
        self._found: SiteCalibration | None = None
        self._site: Thresholds | None = None

    @property
    def calibrated(self) -> bool:
        """May an accepted match write `arrived` where that asks for a calibration?"""
        return self._site is not None

    def accept(self, gallery_size: int) -> float:
        """See `streamer.tracking.voting.Thresholds`."""
        pack = self._pack.accept(gallery_size)
        return pack if self._site is None else max(pack, self._site.accept(gallery_size))

    def review(self, gallery_size: int) -> float:
        """See `streamer.tracking.voting.Thresholds`."""
        pack = self._pack.review(gallery_size)
        return pack if self._site is None else max(pack, self._site.review(gallery_size))

    async def refresh(self) -> None:
        """Look once; raises DatabaseError, and everything stays as it was."""
        found = await self._store.newest()
        if found == self._found:
            return
        self._found = found
        in_force = found is not None and covers(found, self._accept_fpir)
        self._site = self._fitted(found) if found is not None and in_force else None
        if found is not None:
            log.info(
                "site calibration",
                pack=found.pack_id,
                made_at=found.made_at.isoformat(),
                in_force=in_force,
            )

    async def run(self, stop: asyncio.Event) -> None:
        """Look every half minute until stopped. A database that is away changes nothing."""
        while not await self._clock.sleep(_EVERY_S, stop):
            try:
                await self.refresh()
            except DatabaseError as error:
                log.debug("site calibration not looked at", reason=str(error))
