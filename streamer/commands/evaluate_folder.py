"""Tests a pack on photos of known people. Used by `kirdi evaluate DIR`."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from config.settings import Match, Quality
from matcher.calibration import Calibration
from matcher.errors import MatcherError
from matcher.evaluation.gallery_system import GallerySystem
from matcher.evaluation.pairwise_system import PairwiseSystem
from matcher.evaluation.protocol import Protocol
from matcher.evaluation.report import (
    Acquisition,
    Report,
    SystemReport,
    compare_first,
    report_on,
)
from matcher.evaluation.threshold_check import ThresholdCheck, check_thresholds
from matcher.packs.calibrations import calibration_of
from matcher.thresholds import score_for
from streamer.commands.folder_progress import Embedded, embed_with_progress
from streamer.commands.peer_photos import TOLERANCE, PeerPhotos
from streamer.commands.photo_folder import photos_of
from streamer.errors import InputError
from streamer.models_folder import models_folder
from streamer.tracking.voting import LEAST_GALLERY

AS_NORM, PLAIN = "AS-norm", "plain distance"


@dataclass(frozen=True, slots=True)
class FolderOrder:
    """What is to be tested, and how.

    Attributes:
        folder: NAME/*.jpg.
        pack: The pack's name.
        protocols: Who is enrolled and searched for, one for every test.
        groups: Name of a person to the group; empty without groups.
        quality: The gates a face must pass.
        match: Its `accept_fpir` makes the threshold that is in force.
        peer: Another library to test on the same photos.
    """

    folder: Path
    pack: str
    protocols: tuple[Protocol, ...]
    groups: Mapping[str, str]
    quality: Quality
    match: Match
    peer: PeerPhotos | None


async def evaluate_folder(order: FolderOrder, home: Path) -> tuple[Report, ...]:
    """Embed every photo once, then test all systems on the same splits, protocol by protocol.

    Raises:
        InputError: There are no photos, or too few people with enough of them.
        MatcherError: The pack cannot be opened, or inference failed.
    """
    counts = {name: tuple(range(len(files))) for name, files in photos_of(order.folder).items()}
    # Before minutes of work: can there be enough people at all?
    for protocol in order.protocols:
        _enough(order, protocol, counts)
    peeks = [order.peer.look] if order.peer is not None else []
    embedded = await embed_with_progress(order.folder, order.pack, home, order.quality, peeks)
    pack_id = embedded.manifest.pack_id
    calibration = await asyncio.to_thread(calibration_of, pack_id, models_folder(home))
    return tuple(
        [
            await asyncio.to_thread(_report, order, protocol, embedded, calibration)
            for protocol in order.protocols
        ]
    )


def _report(
    order: FolderOrder, protocol: Protocol, embedded: Embedded, calibration: Calibration | None
) -> Report:
    photos = {name: tuple(known) for name, known in embedded.folder.people.items() if known}
    left_out = {
        name
        for name in photos
        if calibration is not None and (name, embedded.folder.photos[name]) in calibration.selection
    }
    if left_out == photos.keys():
        raise InputError(
            f"{order.folder}: the figures in use are made of all of these people, and nobody is "
            "left to test on; evaluate on others, or calibrate without --everyone"
        )
    tested = {name: known for name, known in photos.items() if name not in left_out}
    _enough(order, protocol, tested)
    systems = _systems(order, protocol, embedded, calibration, tested)
    return Report(
        pack_id=embedded.manifest.pack_id,
        protocol=protocol,
        acquisition=_acquisition(embedded, len(photos), len(left_out)),
        systems=systems,
        comparisons=compare_first(systems),
        thresholds=_thresholds(protocol, embedded, calibration, photos),
    )


def _systems(
    order: FolderOrder,
    protocol: Protocol,
    embedded: Embedded,
    calibration: Calibration | None,
    tested: Mapping[str, tuple[int, ...]],
) -> tuple[SystemReport, ...]:
    splits = protocol.draw(tested)
    pack_id, people = embedded.manifest.pack_id, embedded.folder.people
    reports = []
    if calibration is not None:
        system = GallerySystem(AS_NORM, pack_id, people, calibration.cohort())
        size = max(protocol.gallery, LEAST_GALLERY)
        shipped = score_for(calibration.tail, order.match.accept_fpir, size)
        reports.append(report_on(system, splits, order.groups, shipped))
    plain = GallerySystem(PLAIN, pack_id, people, None)
    reports.append(report_on(plain, splits, order.groups, -embedded.manifest.scores.max_distance))
    if order.peer is not None:
        peer = PairwiseSystem(order.peer.name, order.peer.people)
        reports.append(report_on(peer, splits, order.groups, -TOLERANCE))
    return tuple(reports)


def _thresholds(
    protocol: Protocol,
    embedded: Embedded,
    calibration: Calibration | None,
    photos: Mapping[str, tuple[int, ...]],
) -> tuple[ThresholdCheck, ...]:
    if calibration is None:
        return ()
    pack_id, people = embedded.manifest.pack_id, embedded.folder.people
    system = GallerySystem(AS_NORM, pack_id, people, calibration.cohort())
    return check_thresholds(calibration, system, photos, protocol)


def _acquisition(embedded: Embedded, people: int, left_out: int) -> Acquisition:
    folder = embedded.folder
    total = sum(folder.photos.values())
    stopped = {reason: count / total for reason, count in folder.stopped.items()}
    return Acquisition(
        photos=total,
        failed=sum(folder.stopped.values()) / total,
        stopped=dict(sorted(stopped.items())),
        people=people,
        left_out=left_out,
    )


def _enough(order: FolderOrder, protocol: Protocol, people: Mapping[str, tuple[int, ...]]) -> None:
    """Draw one split to see whether it can be done.

    Raises:
        InputError: It cannot.
    """
    try:
        replace(protocol, splits=1).draw(people)
    except MatcherError as error:
        raise InputError(f"{order.folder}: {error}") from error
