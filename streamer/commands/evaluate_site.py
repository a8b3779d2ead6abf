"""`kirdi evaluate --site`: how many of the arrivals here may be somebody else's."""

import asyncio
import os
from typing import TYPE_CHECKING

from config.settings import Settings
from streamer.clock import SystemClock
from streamer.commands.invocation import print_json, say
from streamer.embedded.home import kirdi_home
from streamer.errors import KirdiError

if TYPE_CHECKING:
    from streamer.site_errors import SiteErrors

AIM = 1.0
"""False ones in 1,000 accepted, at most."""


def evaluate_site(settings: Settings, *, as_json: bool) -> None:
    """Print the expected false accepts of the site's own counts.

    Raises:
        KirdiError: Nothing was counted yet, or the pack has no figures.
        MatcherError: The pack or its figures cannot be read.
    """
    errors = asyncio.run(_measure(settings))
    share = errors.per_thousand
    if as_json:
        print_json(
            [
                {
                    "days": errors.days,
                    "tracks": errors.tracks,
                    "accepted": errors.accepted,
                    "false_accepts_at_most": errors.false_accepts,
                    "false_per_1000_accepted_at_most": share,
                    "aim": AIM,
                    "reached": None if share is None else share <= AIM,
                }
            ]
        )
        return
    for line in lines(errors):
        say(line)


def lines(errors: "SiteErrors") -> list[str]:
    """The figures in words."""
    share = errors.per_thousand
    told = [
        f"{errors.days} day(s): {errors.tracks} tracks searched for, {errors.accepted} accepted.",
        f"Were all of those tracks strangers, {errors.false_accepts:.2f} would have been accepted "
        "as somebody: an upper figure, since most who pass a lane are who they seem.",
    ]
    if share is None:
        told.append("Nobody was accepted yet: there is no rate.")
    else:
        verdict = "reached" if share <= AIM else "not shown; a smaller match.accept_fpir helps"
        told.append(
            f"That is at most {share:.2f} false in 1,000 accepted; aim: {AIM:g}, {verdict}."
        )
    told.append(
        "It rests on thresholds letting through the share of strangers they are made for, on one "
        "search a track, and on strangers here being like those of the figures."
    )
    return told


async def _measure(settings: Settings) -> "SiteErrors":
    from matcher.packs.calibrations import calibration_of
    from matcher.packs.store import open_pack
    from streamer.backend import open_backend
    from streamer.calibration_keeper import covers
    from streamer.models_folder import models_folder
    from streamer.score_rules import figures_name, tail_of, thresholds_of
    from streamer.site_errors import site_errors
    from streamer.tracking.strictest import Strictest

    home, clock = kirdi_home(os.environ), SystemClock()
    folder = models_folder(home)
    pack = await asyncio.to_thread(open_pack, folder, settings.models.pack)
    figures = await asyncio.to_thread(calibration_of, pack.pack_id, folder)
    if figures is None:
        raise KirdiError(
            f"model pack {pack.pack_id}: nobody knows how high strangers score with it; run: kirdi "
            "models calibrate DIR"
        )
    async with open_backend(settings, home, clock) as backend:
        counts = await backend.match_counts(pack.pack_id).all()
        own = await backend.calibrations(pack.pack_id).newest()
    if not sum(one.tracks for one in counts):
        raise KirdiError(
            f"model pack {pack.pack_id}: nothing was searched at this site yet; let `kirdi run` "
            "work for a day, it counts by itself"
        )
    tails = [figures.tail]
    if own is not None and covers(own, settings.match.accept_fpir, figures_name(figures)):
        tails.append(tail_of(own.impostor_tail))
    in_force = Strictest(tuple(thresholds_of(tail, settings.match) for tail in tails))
    return site_errors(counts, in_force, tails)
