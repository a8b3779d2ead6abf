"""`kirdi evaluate`: how often faces are missed or taken for somebody else's, measured."""

import asyncio
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from config.settings import Match, Quality, Settings
from streamer.commands.evaluate_site import evaluate_site
from streamer.commands.invocation import ConfigOption, JsonOption, print_json, read_settings
from streamer.embedded.home import kirdi_home
from streamer.loading import loading

if TYPE_CHECKING:
    from matcher.evaluation.protocol import Protocol
    from streamer.commands.evaluate_folder import FolderOrder

_MOST = 100_000


def evaluate(
    folder: Annotated[
        Path | None, typer.Argument(help="A folder per person: NAME/*.jpg; or say --site.")
    ] = None,
    site: Annotated[
        bool, typer.Option("--site", help="By what this site's cameras have searched so far.")
    ] = False,
    gallery: Annotated[
        list[int] | None, typer.Option(min=1, max=_MOST, help="People enrolled; 150.")
    ] = None,
    photos: Annotated[
        list[int] | None, typer.Option(min=1, max=100, help="Fused into a template; 2.")
    ] = None,
    probes: Annotated[
        list[int] | None, typer.Option(min=1, max=100, help="Fused into a probe; 2.")
    ] = None,
    splits: Annotated[
        int, typer.Option(min=1, max=1000, help="How often people are drawn anew.")
    ] = 20,
    groups: Annotated[
        Path | None, typer.Option(help="CSV with columns person and group: rates by group.")
    ] = None,
    pack: Annotated[str, typer.Option(help="The model pack; else the one in use.")] = "chosen",
    plot: Annotated[
        Path | None, typer.Option(help="Draw the DET curves into this file: .png or .svg.")
    ] = None,
    peer: Annotated[
        bool, typer.Option("--peer", help="Test the face_recognition library beside it; slow.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure the error rates of an open-set search, on photos of known people or at this site.

    DIR: some people are enrolled, the others come as strangers, drawn anew for every split. FNIR is
    the share of the enrolled who are missed where a given share of strangers (FPIR) is let through.
    People whom the figures in use are made of are left out. docs/accuracy.md says more. Give
    --gallery, --photos and --probes several times for several tests of the same photos, which are
    searched for faces once.

    --site: how many of 1,000 accepted are expected to be somebody else, at most.
    """
    if site == (folder is not None):
        raise typer.BadParameter("say what to evaluate on: a folder of photos, or --site")
    named = config is not None or "KIRDI_CONFIG" in os.environ
    if folder is None:
        evaluate_site(read_settings(config), as_json=as_json)
        return
    with loading():
        from matcher.evaluation.protocol import Protocol
        from streamer.commands.det_plot import DetPlot
        from streamer.commands.evaluate_folder import evaluate_folder
        from streamer.commands.evaluate_tables import print_report

    drawing = DetPlot(plot) if plot is not None else None
    protocols = tuple(
        Protocol(enrolled, fused, searched, splits)
        for enrolled, fused, searched in _together(gallery or [150], photos or [2], probes or [2])
    )
    if drawing is not None and len(protocols) > 1:
        raise typer.BadParameter("--plot draws one test; give --gallery, --photos, --probes once")
    order = _order(folder, pack, protocols, groups, peer, read_settings(config) if named else None)
    reports = asyncio.run(evaluate_folder(order, kirdi_home(os.environ)))
    if drawing is not None:
        drawing.draw(reports[0])
    if as_json:
        print_json([asdict(report) for report in reports])
    else:
        for report in reports:
            print_report(report)


def _together(*given: list[int]) -> list[tuple[int, ...]]:
    """One of each for every test; what was given once is the same in all."""
    tests = max(len(values) for values in given)
    if any(len(values) not in (1, tests) for values in given):
        raise typer.BadParameter(
            "give --gallery, --photos and --probes equally often, or once for all tests"
        )
    return list(
        zip(*(values * (tests // len(values)) for values in given), strict=True),
    )


def _order(
    folder: Path,
    pack: str,
    protocols: tuple["Protocol", ...],
    groups: Path | None,
    peer: bool,
    settings: Settings | None,
) -> "FolderOrder":
    """What is wanted of a folder; raises InputError where its groups can't be read."""
    from streamer.commands.evaluate_folder import FolderOrder
    from streamer.commands.groups_file import read_groups
    from streamer.commands.peer_photos import PeerPhotos
    from streamer.commands.photo_folder import photos_of

    return FolderOrder(
        folder=folder,
        pack=pack,
        protocols=protocols,
        groups=read_groups(groups, photos_of(folder)) if groups is not None else {},
        quality=settings.quality if settings is not None else Quality(),
        match=settings.match if settings is not None else Match(),
        peer=PeerPhotos() if peer else None,
    )
