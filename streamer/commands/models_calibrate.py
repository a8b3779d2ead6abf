"""`kirdi models calibrate`: the figures of scores, made of photos; or by the site itself."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from config.settings import Quality
from streamer.commands.calibrate_site import calibrate_site
from streamer.commands.invocation import (
    ConfigOption,
    JsonOption,
    print_json,
    read_settings,
    say,
)
from streamer.embedded.home import kirdi_home

if TYPE_CHECKING:
    from matcher.calibration import Calibration

# Another processor or library changes the last digits of embeddings, and no more than them.
_SAME = 1e-3


def calibrate(
    folder: Annotated[
        Path | None, typer.Argument(help="A folder per person: NAME/*.jpg; or say --site.")
    ] = None,
    site: Annotated[
        bool, typer.Option("--site", help="By this site's own patients, and what people decided.")
    ] = False,
    pack: Annotated[str, typer.Option(help="The model pack of the photos.")] = "open",
    everyone: Annotated[
        bool,
        typer.Option(
            "--everyone", help="Use all people; nobody is then left to evaluate this folder on."
        ),
    ] = False,
    source: Annotated[
        str, typer.Option(help="Whose photos they are, in words; else the folder's name.")
    ] = "",
    check: Annotated[
        bool,
        typer.Option("--check", help="Only compare with the shipped figures; write nothing."),
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the figures that scores and thresholds rest on: of a folder, or of the site's patients.

    DIR: mean and covariance of the embeddings of 500 people or more, and how high people score with
    others. Nobody can be recognised from them. They take effect at the next start. Made of the
    development half of the people (by a rule over the folders' names), so that `kirdi evaluate` can
    test on people who had no part in them.

    --site: find out whether accepted matches may arrive by themselves here, and write it down.
    """
    if site == (folder is not None):
        raise typer.BadParameter("say what to calibrate by: a folder of photos, or --site")
    if folder is None:
        calibrate_site(read_settings(config), as_json=as_json)
        return
    from matcher.packs.calibrations import save_calibration, shipped_calibration

    home = kirdi_home(os.environ)
    # The site's own gates, where a site is named: scores depend on which faces are let through.
    named = config is not None or "KIRDI_CONFIG" in os.environ
    quality = read_settings(config).quality if named else Quality()
    made = asyncio.run(_make(folder, pack, home, quality, everyone, source))
    shipped = shipped_calibration(made.pack_id)
    same = _same(made, shipped) if shipped is not None else None
    path = None if check else save_calibration(made, home / "models")
    summary = _Summary(made, str(path) if path else None, same)
    if as_json:
        print_json([summary.to_row()])
    else:
        for line in summary.lines():
            say(line)


@dataclass(frozen=True, slots=True)
class _Summary:
    """What is told about a calibration just made."""

    made: "Calibration"
    path: str | None
    as_shipped: bool | None

    def to_row(self) -> Mapping[str, object]:
        tail = self.made.tail
        return {
            "pack_id": self.made.pack_id,
            "source": self.made.source,
            "cohort_people": self.made.people,
            "tail_people": tail.people,
            "comparisons": tail.comparisons,
            "tail_start": tail.start,
            "tail_scale": tail.scale,
            "as_shipped": self.as_shipped,
            "file": self.path,
        }

    def lines(self) -> list[str]:
        tail = self.made.tail
        lines = [
            f"Pack {self.made.pack_id}: cohort of {self.made.people} people; "
            f"{tail.comparisons} comparisons between {tail.people} people with several photos, "
            f"of which {tail.rate:.0%} score above {tail.start:.2f}."
        ]
        if self.as_shipped is not None:
            lines.append(f"These are {'' if self.as_shipped else 'not '}the figures shipped.")
        if self.path is not None:
            lines.append(f"Written to {self.path}; takes effect at the next start.")
        return lines


async def _make(
    folder: Path, pack: str, home: Path, quality: Quality, everyone: bool, source: str
) -> "Calibration":
    from matcher.calibrating import calibrate as fit
    from streamer.commands.folder_progress import embed_with_progress

    embedded = await embed_with_progress(folder, pack, home, quality)
    people = {name: list(known.values()) for name, known in embedded.folder.people.items()}
    return await asyncio.to_thread(
        fit,
        people,
        embedded.folder.photos,
        everyone=everyone,
        source=source or folder.name,
    )


def _same(one: "Calibration", other: "Calibration") -> bool:
    import numpy as np

    return (
        one.people == other.people
        and one.selection == other.selection
        and np.allclose(one.mean, other.mean, atol=_SAME)
        and np.allclose(one.covariance, other.covariance, atol=_SAME)
        and abs(one.tail.start - other.tail.start) < 0.01
        and abs(one.tail.scale - other.tail.scale) < 0.01
    )
