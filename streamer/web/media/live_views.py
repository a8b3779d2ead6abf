"""Who looks at which camera: let in, counted, watched and let go. One for the service.

Made by `app`, asked by `routes.live`. Everything that ends a viewer comes through `_end`.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import structlog

from config.settings import Live
from streamer.clock import Clock
from streamer.domain.audit_event import AuditEvent
from streamer.domain.camera_state import CameraStatus
from streamer.errors import DatabaseError, KirdiError
from streamer.web.media.answers import allowed, busy, crowded, dark, may_still, too_late
from streamer.web.media.feeds import Feed, Feeds
from streamer.web.media.fragment import Fragment
from streamer.web.media.ice_rules import IceRules
from streamer.web.media.media_thread import MediaThread
from streamer.web.media.offer import Offer
from streamer.web.media.refusal import SdpError, unusable
from streamer.web.media.sources import LiveAudit, LiveCameras
from streamer.web.media.view import View
from streamer.web.media.viewer import Opened, Shown, Viewer, Watched
from streamer.web.media.viewing_events import closing, opening
from streamer.web.ports import Identities
from streamer.web.principal import Principal, Via
from streamer.web.problem import Problem, not_found

if TYPE_CHECKING:
    from streamer.web.media.peer import Peer

log = structlog.get_logger(__name__)

LOOK_S: Final = 2.5
"""How often it is looked whether viewers live and still may look."""
_ANSWER_S: Final = 8.0
_ASK_S: Final = 2.0
_CLOSE_S: Final = 4.0
_MOST_UNRECORDED: Final = 1024
_SHOWN: Final = (CameraStatus.STREAMING, CameraStatus.DEGRADED)


class LiveViews:
    """The viewers of a service. Belongs to its loop."""

    def __init__(
        self,
        settings: Live,
        cameras: LiveCameras,
        identities: Identities,
        audit: LiveAudit,
        clock: Clock,
    ) -> None:
        """Begin with nobody.

        Args:
            settings: How many, how long.
            cameras: What there is to see.
            identities: Who may still look.
            audit: Where it is put on record.
            clock: Times of everything.
        """
        self._settings = settings
        self._rules = IceRules.of(settings)
        self._cameras = cameras
        self._identities = identities
        self._audit = audit
        self._clock = clock
        self._thread = MediaThread()
        self._feeds = Feeds(cameras, clock, self._thread.post, self._feed_ended)
        self._viewers: dict[str, Viewer] = {}
        self._unrecorded: deque[AuditEvent] = deque(maxlen=_MOST_UNRECORDED)
        self._endings: set[asyncio.Task[None]] = set()
        self._starting = asyncio.Lock()
        self._closed = False

    @property
    def viewers(self) -> int:
        """How many look, those being let in included."""
        return len(self._viewers)

    async def open(
        self, principal: Principal, shown: Shown, camera_id: str, view: View | None, body: bytes
    ) -> Opened:
        """Let somebody look.

        Args:
            principal: Who.
            shown: By what they were let in.
            camera_id: At which camera.
            view: How; None = as far as they may see.
            body: The offer.

        Raises:
            Problem: They may not, there is nothing to see, too many look, or the offer is none.
            DatabaseError: It cannot be put on record.
        """
        view = allowed(principal, view)
        self._refuse_dark(camera_id)
        try:
            offer = Offer.parse(body)
        except SdpError as error:
            raise unusable(error) from error
        self._refuse_crowd(camera_id, principal.account)
        viewer = Viewer(
            viewer_id=secrets.token_hex(16),
            account=principal.account,
            shown=shown,
            camera_id=camera_id,
            view=view,
            opened_at=self._clock.now(),
            since=self._clock.monotonic(),
            ufrag=offer.ufrag,
            heard_at=self._clock.monotonic(),
        )
        # From here on it counts, and is let go whatever happens.
        self._viewers[viewer.viewer_id] = viewer
        try:
            sdp = await self._connect(viewer, offer)
            await self._audit.record([opening(viewer)])
            viewer.on_record = True
            if viewer.ended or self._closed:
                raise too_late()
        except BaseException:
            viewer.ended = True
            self._let_go(viewer, "failed")
            raise
        servers = tuple(
            one
            for one in (
                (self._rules.stun or "", "", ""),
                (self._rules.turn or "", self._rules.turn_user, self._rules.turn_password),
            )
            if one[0]
        )
        return Opened(viewer.viewer_id, _etag(viewer), sdp, servers)

    async def reach(self, account: str, viewer_id: str, etag: str | None, body: bytes) -> None:
        """Take further candidates of a viewer.

        Raises:
            Problem: It is none of this account's, another ETag is meant, or the fragment is none
                or asks for a restart of ICE.
        """
        viewer = self._of(account, viewer_id)
        if etag is not None and etag not in ("*", _etag(viewer)):
            detail = "the viewer's ICE session is another one by now"
            raise Problem(HTTPStatus.PRECONDITION_FAILED, "stale", detail)
        try:
            fragment = Fragment.parse(body)
            if fragment.ufrag != viewer.ufrag:
                raise SdpError("ICE is not restarted here: end the viewer and begin another one")
            if viewer.peer is not None:
                reach = partial(viewer.peer.reach, fragment.candidates)
                await self._thread.do(reach, _ASK_S)
        except SdpError as error:
            raise unusable(error) from error
        except TimeoutError as error:
            raise busy() from error

    def watched(self, account: str, viewer_id: str) -> Watched:
        """What is known of a viewer; raises Problem where it is none of this account's."""
        viewer = self._of(account, viewer_id)
        peer = viewer.peer
        offset = None if peer is None else peer.rtp_offset
        return Watched(
            viewer_id,
            viewer.camera_id,
            viewer.view,
            viewer.opened_at,
            offset,
            None if peer is None or offset is None else self._moment(peer.track.epoch.at),
            0 if peer is None else peer.track.dropped,
            self._cameras.why_dark(viewer.camera_id),
            self._cameras.state(viewer.camera_id),
        )

    def close(self, account: str, viewer_id: str) -> None:
        """Somebody looks no more; raises Problem where it is none of theirs."""
        self._end(self._of(account, viewer_id), "closed")

    async def run(self, stop: asyncio.Event) -> None:
        """Look after the viewers until `stop` is set; then let go of all."""
        try:
            while not await self._clock.sleep(LOOK_S, stop):
                await self._look()
        finally:
            await self._close_all()

    async def _connect(self, viewer: Viewer, offer: Offer) -> str:
        try:
            async with self._starting:
                make = await self._peers()
            viewer.feed = self._feeds.join(viewer.camera_id, viewer.view)
            broadcast, loop = viewer.feed.broadcast, asyncio.get_running_loop()

            def over(reason: str) -> None:
                loop.call_soon_threadsafe(self._end, viewer, reason)

            async def answer() -> str:
                peer = make(broadcast, self._rules, self._clock.monotonic, over)
                viewer.peer = peer
                return await peer.answer(offer)

            return await self._thread.do(answer, _ANSWER_S)
        except SdpError as error:
            raise unusable(error) from error
        except TimeoutError as error:
            raise busy() from error

    async def _peers(self) -> "type[Peer]":
        """Start what sends, at the first viewer: it takes a moment to load, and memory."""
        if self._closed:
            raise too_late()
        from_aiortc = await asyncio.to_thread(_load)
        await self._thread.start()
        return from_aiortc

    def _end(self, viewer: Viewer, reason: str) -> None:
        """Let go of a viewer, once: its place is free at once, the rest follows."""
        if not viewer.ended:
            viewer.ended = True
            self._let_go(viewer, reason)

    def _let_go(self, viewer: Viewer, reason: str) -> None:
        """Harmless to repeat: who was ended while being let in has more to let go of since."""
        self._viewers.pop(viewer.viewer_id, None)
        if viewer.feed is not None:
            self._feeds.leave(viewer.feed)
            viewer.feed = None
        task = asyncio.create_task(self._finish(viewer, reason), name="live end")
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)

    async def _finish(self, viewer: Viewer, reason: str) -> None:
        seconds = self._clock.monotonic() - viewer.since
        event = closing(viewer, reason, self._clock.now(), seconds)
        try:
            if viewer.peer is not None:
                await self._thread.do(viewer.peer.close, _CLOSE_S)
        except (TimeoutError, KirdiError) as error:
            log.warning("live.close", camera=viewer.camera_id, reason=type(error).__name__)
        finally:
            if viewer.on_record:
                viewer.on_record = False
                self._unrecorded.append(event)
                await self._record_rest()

    async def _record_rest(self) -> None:
        """Put endings on record; what cannot be is kept and tried again."""
        while self._unrecorded:
            waiting = list(self._unrecorded)
            self._unrecorded.clear()
            try:
                await self._audit.record(waiting)
            except DatabaseError as error:
                self._unrecorded.extendleft(reversed(waiting))
                log.warning("live.audit", waiting=len(self._unrecorded), reason=str(error))
                return

    async def _look(self) -> None:
        await self._record_rest()
        now, everybody = self._clock.monotonic(), tuple(self._viewers.values())
        for one in everybody:
            if now - one.since > 60.0 * self._settings.longest_min:
                self._end(one, "age")
        await self._end_silent(now)
        await self._end_revoked()

    async def _end_silent(self, now: float) -> None:
        asked = [one for one in self._viewers.values() if one.peer is not None]
        peers = [one.peer for one in asked if one.peer is not None]
        if not peers:
            return

        async def heard() -> list[int]:
            return [await peer.heard() for peer in peers]

        try:
            counts = await self._thread.do(heard, _ASK_S)
        except (TimeoutError, KirdiError):
            log.warning("live.silence", reason="the media thread does not answer")
            return
        for one, count in zip(asked, counts, strict=True):
            if count != one.heard:
                one.heard, one.heard_at = count, now
            elif now - one.heard_at > self._settings.silent_s:
                self._end(one, "silent")

    async def _end_revoked(self) -> None:
        """Whoever has signed out, was disabled, or may not any more, looks no more."""
        known: dict[tuple[str, Via], Principal | None] = {}
        for one in tuple(self._viewers.values()):
            key = (one.shown.secret, one.shown.via)
            try:
                if key not in known:
                    known[key] = await self._identities.still(*key)
            except DatabaseError as error:
                # Nobody can have been told otherwise meanwhile: it is asked again.
                log.warning("live.rights", reason=str(error))
                return
            if not may_still(known[key], one):
                self._end(one, "revoked")

    async def _close_all(self) -> None:
        self._closed = True
        for one in tuple(self._viewers.values()):
            self._end(one, "shutdown")
        if self._endings:
            await asyncio.wait(self._endings, timeout=_CLOSE_S)
        await self._feeds.close()
        await self._thread.stop()
        if self._unrecorded:
            log.error("ends of live views are not on record", count=len(self._unrecorded))

    def _feed_ended(self, feed: Feed) -> None:
        self._end_all((one for one in self._viewers.values() if one.feed is feed), "camera")

    def _end_all(self, viewers: Iterable[Viewer], reason: str) -> None:
        for one in tuple(viewers):
            self._end(one, reason)

    def _of(self, account: str, viewer_id: str) -> Viewer:
        viewer = self._viewers.get(viewer_id)
        if viewer is None or viewer.account != account:
            raise not_found("viewer")
        return viewer

    def _refuse_dark(self, camera_id: str) -> None:
        """There is no such camera, or nothing to be seen of it; raises Problem."""
        state = self._cameras.state(camera_id)
        if state is None:
            raise not_found("camera")
        if state.status not in _SHOWN:
            raise dark(state)

    def _refuse_crowd(self, camera_id: str, account: str) -> None:
        everybody, limits = self._viewers.values(), self._settings
        for count, most, where in (
            (len(everybody), limits.viewers, "in all"),
            (
                sum(one.camera_id == camera_id for one in everybody),
                limits.viewers_per_camera,
                "at this camera",
            ),
            (
                sum(one.account == account for one in everybody),
                limits.viewers_per_account,
                "under your account",
            ),
        ):
            if count >= most:
                raise crowded(count, where)

    def _moment(self, at: float) -> datetime:
        """UTC of a monotonic time."""
        return self._clock.now() - timedelta(seconds=self._clock.monotonic() - at)


def _etag(viewer: Viewer) -> str:
    return f'"{viewer.viewer_id[:16]}"'


def _load() -> "type[Peer]":
    """Takes half a second and 30 MB the first time; blocking."""
    from streamer.web.media.peer import Peer

    return Peer
