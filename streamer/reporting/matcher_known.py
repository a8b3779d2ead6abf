"""Reads what is known of the matcher for a report. Used by `runs`."""

import asyncio
from pathlib import Path

import structlog

from config.settings import Settings
from matcher.calibration import Calibration
from matcher.errors import MatcherError
from matcher.packs.calibrations import calibration_of
from matcher.packs.store import PackInfo, pack_info
from matcher.tail import Tail
from streamer.backend import Backend
from streamer.calibration_keeper import covers
from streamer.domain.report.error_accounting import ErrorSource
from streamer.domain.report.period import Period
from streamer.models_folder import models_folder
from streamer.reporting.error_accounting import NOTHING_KNOWN, MatcherKnown
from streamer.score_rules import figures_name, tail_of, thresholds_of
from streamer.tracking.strictest import Strictest

log = structlog.get_logger(__name__)


async def matcher_known(backend: Backend, period: Period) -> MatcherKnown:
    """Return what is known; nothing where there is no pack yet.

    Raises:
        DatabaseError: It refuses.
    """
    settings = backend.settings
    try:
        pack, calibration = await asyncio.to_thread(_pack, settings, models_folder(backend.home))
    except MatcherError as error:
        log.warning("a report without the matcher's error rates", reason=str(error))
        return NOTHING_KNOWN
    pack_id = pack.pack_id
    if not pack_id:
        return NOTHING_KNOWN
    tail = None if calibration is None else calibration.tail
    store = backend.calibrations(pack_id)
    own = await store.newest()
    counts = await backend.match_counts(pack_id).all()
    genuine = await store.genuine_scores()
    reviews, rejected = await store.reviews_between(period.first, period.last, settings.site.zone)
    tails: tuple[Tail, ...] = () if tail is None else (tail,)
    source, people = (ErrorSource.NONE, 0) if tail is None else (ErrorSource.PACK, tail.people)
    if own is not None and covers(own, settings.match.accept_fpir, figures_name(calibration)):
        tails = (*tails, tail_of(own.impostor_tail))
        source, people = ErrorSource.SITE, own.patients
    return MatcherKnown(
        pack_id=pack_id,
        licence=pack.licence,
        commercial=pack.commercial,
        weak_for=pack.weak_for,
        source=source,
        people=people,
        counts=tuple(one for one in counts if period.first <= one.day <= period.last),
        thresholds=(
            Strictest(tuple(thresholds_of(one, settings.match) for one in tails)) if tails else None
        ),
        tails=tails,
        genuine=genuine,
        reviews=reviews,
        rejected=rejected,
    )


def _pack(settings: Settings, folder: Path) -> tuple[PackInfo, Calibration | None]:
    pack = pack_info(folder, settings.models.pack)
    return pack, calibration_of(pack.pack_id, folder) if pack.pack_id else None
