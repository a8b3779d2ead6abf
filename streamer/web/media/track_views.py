"""Who looks at a camera's boxes: let in, told, and put on record. Asked by `routes.tracks`."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import closing
from http import HTTPStatus
from typing import Final
from uuid import UUID

import structlog

from config.settings import Live
from streamer.clock import Clock
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.domain.followed import FollowedFrame
from streamer.domain.sight import Sight
from streamer.errors import DatabaseError, KirdiError, VaultError
from streamer.web.media.sources import LiveAudit, PatientNames, TrackedCameras, TrackStream
from streamer.web.media.view import View
from streamer.web.models.tracks import TrackShown, TracksShown
from streamer.web.problem import Problem, not_found

log = structlog.get_logger(__name__)

_AGAIN_S: Final = 1.0
"""A camera that was stopped may be started again: its boxes go on by themselves."""


class TrackViews:
    """The boxes of all cameras. Belongs to the service's loop."""

    def __init__(
        self,
        settings: Live,
        cameras: TrackedCameras,
        names: PatientNames,
        audit: LiveAudit,
        clock: Clock,
    ) -> None:
        """Begin with nobody.

        Args:
            settings: How many may look.
            cameras: What there is to see.
            names: Who has arrived; each name that is told is on record.
            audit: Where it is put on record who looks.
            clock: Times of that.
        """
        self._settings = settings
        self._cameras = cameras
        self._names = names
        self._audit = audit
        self._clock = clock
        self._accounts: Counter[str] = Counter()
        self._endings: set[asyncio.Task[None]] = set()

    async def open(
        self, sight: Sight, camera_id: str, view: View, *, named: bool
    ) -> AsyncIterator[TracksShown]:
        """Let somebody look: what is found in each picture from now on, the latest only.

        Args:
            sight: Who, and whose names they may see.
            camera_id: At which camera.
            view: Beside which picture; where faces are blurred there are boxes and nothing else.
            named: Tell the names of those who have arrived.

        Raises:
            Problem: There is no such camera, or so many look already.
            DatabaseError: It cannot be put on record.
        """
        if self._cameras.state(camera_id) is None:
            raise not_found("camera")
        if self._crowded(sight.reader):
            status = HTTPStatus.SERVICE_UNAVAILABLE
            detail = "so many look at boxes already; try again later"
            raise Problem(status, "viewers", detail, {"Retry-After": "5"})
        await self._record(sight, camera_id, view, named, "opened")
        return self._events(sight, camera_id, view, named)

    def _crowded(self, account: str) -> bool:
        settings = self._settings
        return (
            self._accounts[account] >= settings.viewers_per_account
            or self._accounts.total() >= settings.viewers
        )

    async def _events(
        self, sight: Sight, camera_id: str, view: View, named: bool
    ) -> AsyncIterator[TracksShown]:
        # Counted here and not before: what never begins to run can't be counted out again.
        if self._crowded(sight.reader):
            return
        self._accounts[sight.reader] += 1
        began = self._clock.monotonic()
        told: dict[UUID, str | None] = {}
        try:
            while True:
                try:
                    stream = self._cameras.tracks(camera_id)
                except KirdiError:
                    await asyncio.sleep(_AGAIN_S)
                    continue
                with closing(stream):
                    async for frame in _frames(stream):
                        if named and view is View.CLEAR:
                            await self._learn(sight, frame, told)
                        yield _shown(frame, view, told)
        finally:
            self._accounts -= Counter([sight.reader])
            seconds = round(self._clock.monotonic() - began, 1)
            # In a task of its own: whoever hung up has cancelled this one.
            ending = asyncio.create_task(self._ended(sight, camera_id, view, named, seconds))
            self._endings.add(ending)
            ending.add_done_callback(self._endings.discard)

    async def _learn(
        self, sight: Sight, frame: FollowedFrame, told: dict[UUID, str | None]
    ) -> None:
        """Read the names that are new: each is read, and put on record, once for each look."""
        for face in frame.faces:
            if face.patient_id is not None and face.patient_id not in told:
                try:
                    told[face.patient_id] = await self._names.name(sight, face.patient_id)
                except (DatabaseError, VaultError) as error:
                    # Without its record no name is shown; the next picture asks again.
                    log.warning("live.names", reason=str(error))

    async def _ended(
        self, sight: Sight, camera_id: str, view: View, named: bool, seconds: float
    ) -> None:
        try:
            await self._record(sight, camera_id, view, named, "closed", ("seconds", seconds))
        except DatabaseError as error:
            log.error("the end of a look at boxes is not on record", reason=str(error))

    async def _record(
        self,
        sight: Sight,
        camera_id: str,
        view: View,
        named: bool,
        reason: str,
        *more: tuple[str, float],
    ) -> None:
        event = AuditEvent(
            AuditKind.LIVE_VIEW,
            AuditAction.READ,
            sight.reader,
            self._clock.now(),
            entity_type="Camera",
            entity_id=camera_id,
            reason=reason,
            detail=(("what", "tracks"), ("view", view.value), ("named", named), *more),
        )
        await self._audit.record([event])


async def _frames(stream: TrackStream) -> AsyncIterator[FollowedFrame]:
    while (frame := await stream.get()) is not None:
        yield frame


def _shown(frame: FollowedFrame, view: View, told: dict[UUID, str | None]) -> TracksShown:
    clear = view is View.CLEAR
    return TracksShown(
        captured_at=frame.captured_at,
        faces=[
            TrackShown(
                track=one.track_id,
                box=one.box,
                state=one.state if clear else None,
                name=told.get(one.patient_id) if clear and one.patient_id is not None else None,
            )
            for one in frame.faces
        ],
    )
