"""`kirdi models calibrate --site`: may face matches arrive by themselves at this site?"""

import asyncio
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from config.settings import Match, Settings
from streamer.clock import Clock, SystemClock
from streamer.commands.invocation import Rows, print_json, print_rows, warn
from streamer.embedded.home import kirdi_home
from streamer.errors import KirdiError

if TYPE_CHECKING:
    from streamer.score_rules import ScoreRules
    from streamer.site_calibration import Share, SiteFindings
    from streamer.storage.calibrations import PostgresCalibrations


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found, and why it does not suffice; nothing missing = it was written down."""

    pack_id: str
    found: "SiteFindings"
    missing: tuple[str, ...]


def calibrate_site(settings: Settings, *, as_json: bool) -> None:
    """Compare the site's patients with each other, weigh what people said, and write it down.

    Raises:
        KirdiError: It does not suffice; says what is missing, and nothing was written.
        MatcherError: The pack cannot be opened.
    """
    outcome = asyncio.run(_calibrate(settings))
    if as_json:
        print_json([{"pack_id": outcome.pack_id, **_figures(outcome.found)}])
    else:
        print_rows(Rows(("what", "figure"), _lines(outcome)), as_json=False, empty="")
    if outcome.missing:
        warn(outcome.missing)
        raise KirdiError(
            f"model pack {outcome.pack_id}: not calibrated at this site; matches go on waiting for "
            "a person (nothing was written)"
        )


async def _calibrate(settings: Settings) -> Outcome:
    from matcher.packs.store import open_pack
    from streamer.backend import open_backend
    from streamer.models_folder import models_folder
    from streamer.score_rules import score_rules

    home, clock = kirdi_home(os.environ), SystemClock()
    pack = await asyncio.to_thread(open_pack, models_folder(home), settings.models.pack)
    rules = await asyncio.to_thread(score_rules, pack, settings.match)
    async with open_backend(settings, home, clock) as backend:
        store = backend.calibrations(pack.pack_id)
        return await weigh(store, pack.pack_id, rules, settings.match, clock)


async def weigh(
    store: "PostgresCalibrations", pack_id: str, rules: "ScoreRules", match: Match, clock: Clock
) -> Outcome:
    """Look at what the site knows, and write a calibration where that suffices.

    Raises:
        KirdiError: There is nobody to compare, or the database refuses.
    """
    from matcher.face import Embedding
    from matcher.impostors import compare_everybody
    from streamer.domain.actor import Actor
    from streamer.domain.site_calibration import SiteCalibration
    from streamer.os_user import os_user
    from streamer.score_rules import tail_json, thresholds_of
    from streamer.site_calibration import MIN_PATIENTS, Looks, findings, shortcomings
    from streamer.tracking.strictest import Strictest

    templates = await store.templates(clock.now(), Actor(os_user()))
    if len(templates) < 2:
        raise KirdiError(
            f"model pack {pack_id}: {len(templates)} enrolled patients consent; "
            f"{MIN_PATIENTS} or more are needed"
        )
    embeddings = [Embedding(one.vector, one.pack_id) for one in templates]
    impostors = await asyncio.to_thread(compare_everybody, embeddings, rules.cohort)
    tail, thresholds = impostors.tail(), rules.thresholds
    if tail is not None:
        thresholds = Strictest((thresholds, thresholds_of(tail, match)))
    tally = await store.reviews()
    found = findings(
        impostors,
        await store.genuine_scores(),
        Looks(tally.decided, tally.wrong, tally.expired),
        thresholds,
        await store.largest_gallery() or impostors.people,
    )
    missing = tuple(shortcomings(found, match.accept_fpir))
    if tail is not None and not missing:
        made = SiteCalibration(
            pack_id=pack_id,
            made_at=clock.now(),
            made_by=os_user(),
            figures=rules.figures,
            accept_fpir=match.accept_fpir,
            patients=found.patients,
            impostor_pairs=found.impostor_pairs,
            decided_reviews=found.wrong.of,
            wrong_reviews=found.wrong.count,
            impostor_tail=tail_json(tail),
        )
        await store.save(made)
    return Outcome(pack_id, found, missing)


def _figures(found: "SiteFindings") -> dict[str, object]:
    """Everything, with the bounds of each share."""
    values = asdict(found)
    for name in ("accepted_as_another", "photos_accepted", "wrong"):
        share: Share = getattr(found, name)
        values[name] |= {"lower_95": share.lower, "upper_95": share.upper}
    return values


def _lines(outcome: Outcome) -> list[dict[str, object]]:
    found = outcome.found
    wrong, alike, photos = found.wrong, found.accepted_as_another, found.photos_accepted
    figures = {
        "model pack": outcome.pack_id,
        "enrolled patients who consent": found.patients,
        "comparisons of two of them": found.impostor_pairs,
        "would be accepted as another one": f"{alike.count} of {alike.of} (at most {_pc(alike)})",
        "photos accepted against the others of the same person": f"{photos.count} of {photos.of}",
        "accepted matches people looked at": wrong.of,
        "of these somebody else": f"{wrong.count} (at most {_pc(wrong)})",
        "nobody looked in time": found.expired,
        "largest gallery": found.gallery_size,
        "score to be accepted in it": f"{found.accept:.3f}",
        "score to be looked at": f"{found.review:.3f}",
        "calibrated": "no" if outcome.missing else "yes",
    }
    return [{"what": what, "figure": figure} for what, figure in figures.items()]


def _pc(share: "Share") -> str:
    return f"{100 * share.upper:.2f} % with 95 % certainty"
