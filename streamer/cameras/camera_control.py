"""Carries out what operators ask of the running service: by the control socket, or by SIGHUP."""

import asyncio
import dataclasses
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import structlog
import yaml
from pydantic import SecretStr, ValidationError

from config.errors import ConfigError
from config.settings import Camera, Settings
from streamer.cameras.camera_changes import CameraChanges, camera_keys, changed_keys
from streamer.cameras.camera_set import CameraSet
from streamer.cameras.load_watch import LoadWatch
from streamer.cameras.overlay import CameraOverlay, faults_of
from streamer.cameras.overlay_file import OverlayFile
from streamer.cameras.unknown_camera import unknown_camera
from streamer.cameras.view_tester import look
from streamer.clock import Clock
from streamer.control.messages import Reply, Request, Verb
from streamer.domain.actor import Actor
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind, AuditOutcome
from streamer.domain.camera_report import CameraReport
from streamer.domain.camera_state import CameraState
from streamer.errors import InputError, KirdiError, StaleError
from streamer.ingest.camera_url import CameraUrl

log = structlog.get_logger(__name__)

_ACTIONS: Final = {Verb.ADD: AuditAction.CREATE, Verb.REMOVE: AuditAction.DELETE}
_SOURCES: Final = {True: "settings", False: "added"}


@dataclass(frozen=True, slots=True)
class Reloading:
    """How a running service gets its settings anew.

    Attributes:
        read: Reads and checks the settings file; blocks, raises ConfigError.
        wanted: Set by SIGHUP.
    """

    read: Callable[[], Settings]
    wanted: asyncio.Event


class ChangeLog(Protocol):
    """Where it is kept who changed what; `storage.audit_log.AuditLog` is one."""

    async def record(self, events: Sequence[AuditEvent]) -> None:
        """Keep events; raises DatabaseError."""
        ...


class CameraControl:
    """One change at a time; each is checked whole, kept in the audit, written down, and then made.

    What the settings file says is read again by `reload` only: adding a camera does not bring in
    half-edited settings.
    """

    def __init__(
        self,
        settings: Settings,
        cameras: CameraSet,
        watch: LoadWatch,
        file: OverlayFile,
        reloading: Reloading | None,
        log: ChangeLog,
        acting: Callable[[str], Actor],
        clock: Clock,
    ) -> None:
        """Keep the collaborators.

        Args:
            settings: Those the service started with, cameras of the file only.
            cameras: What runs.
            watch: Knows the rates.
            file: What operators added and switched.
            reloading: None where there is no settings file, as in the demo.
            log: The audit.
            acting: Says who acts on somebody's behalf; the socket answers this user only.
            clock: Its only source of time.
        """
        self._log = log
        self._acting = acting
        self._started_with = settings
        self._settings = settings
        self._cameras = cameras
        self._watch = watch
        self._file = file
        self._reloading = reloading
        self._clock = clock
        self._changing = asyncio.Lock()
        self._overlay = CameraOverlay()
        self._version_key = secrets.token_bytes(32)

    async def begin(self) -> None:
        """Start the cameras of the settings and those added.

        Raises:
            ConfigError: The file of added cameras is wrong.
        """
        async with self._changing:
            overlay = await asyncio.to_thread(self._file.read)
            wanted = overlay.over(self._settings).cameras
            self._overlay = await self._pruned(overlay, self._settings)
            _warn(self._overlay.disagreements(self._settings))
            await self._cameras.apply(wanted, self._overlay.commanded_off)

    async def run(self, stop: asyncio.Event) -> None:
        """Reload whenever SIGHUP asks for it, until stopped."""
        if self._reloading is None:
            await stop.wait()
            return
        wanted = self._reloading.wanted
        while not stop.is_set():
            waits = [asyncio.create_task(event.wait()) for event in (wanted, stop)]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in waits:
                    one.cancel()
            if wanted.is_set() and not stop.is_set():
                wanted.clear()
                try:
                    await self.answer(Request(Verb.RELOAD))
                except (KirdiError, ConfigError) as error:
                    log.error("settings not reloaded; nothing was changed", reason=str(error))

    def in_force(self) -> tuple[Settings, frozenset[str]]:
        """The settings with the cameras as they are now, and the ids of those that were added."""
        return self._overlay.over(self._settings), self._overlay.own(self._settings)

    def version_of(self, camera_id: str) -> str:
        """Another one whenever the camera's settings are others; empty for an unknown camera.

        It lasts as long as the service, and says nothing of what the settings are.
        """
        found = next((one for one in self._cameras.cameras if one.id == camera_id), None)
        if found is None:
            return ""
        values = found.model_dump(mode="json") | {
            str(place): url.get_secret_value() for place, url in enumerate(found.urls)
        }
        text = json.dumps(values, sort_keys=True).encode()
        return hmac.digest(self._version_key, text, hashlib.sha256)[:16].hex()

    async def answer(self, request: Request, by: Actor | None = None) -> Reply:
        """Carry a request out. A change goes on to its end, whoever stops waiting for it.

        Args:
            request: What is wanted.
            by: Who wants it, where that is known better than the socket knows it.

        Raises:
            KirdiError: Why nothing was changed.
        """
        if request.verb is Verb.STATUS:
            return Reply(cameras=self.reports())
        if request.verb is Verb.VIEW_TEST:
            camera_id, view = request.camera_id, self._cameras.view(request.camera_id)
            # Before anybody looks: no picture without its record.
            await self._log.record([self._look(request, by)])
            return Reply(view_test=await look(camera_id, view, request.seconds, self._clock))
        if request.verb is Verb.ACCEPT_VIEW:
            await self._log.record([self._event(request, by, request.camera_id)])
            self._cameras.accept_view(request.camera_id)
            return Reply()
        try:
            return await asyncio.shield(asyncio.create_task(self._change(request, by)))
        except ConfigError as error:
            raise _as_ours(error) from None

    async def _change(self, request: Request, by: Actor | None) -> Reply:
        async with self._changing:
            if self._cameras.closed:
                raise KirdiError("service: it is stopping; start it again first")
            if request.verb is Verb.RELOAD:
                return await self._reload(request, by)
            written = await asyncio.to_thread(self._file.read)
            if written.pruned(self._settings) != self._overlay:
                raise KirdiError(
                    "cameras.yaml: was changed by hand, and the service has not read it yet",
                    command="run `kirdi reload` first",
                )
            if request.version and request.version != self.version_of(request.camera_id):
                raise StaleError(f"camera {request.camera_id}: was changed meanwhile; look again")
            overlay = self._changed(request).pruned(self._settings)
            wanted = overlay.over(self._settings).cameras
            keys = self._keys(request.camera_id, wanted)
            event = self._event(request, by, request.camera_id, keys)
            await self._log.record([event])
            try:
                await asyncio.to_thread(self._file.write, overlay)
            except KirdiError:
                failed = dataclasses.replace(event, outcome=AuditOutcome.SERIOUS_FAILURE)
                await self._log.record([failed])
                raise
            dropped = _left_out(self._overlay.shadowed(self._settings), overlay)
            self._overlay = overlay
            changes = await self._cameras.apply(wanted, overlay.commanded_off)
            return _told(changes, (), dropped)

    async def _reload(self, request: Request, by: Actor | None) -> Reply:
        if self._reloading is None:
            raise KirdiError("service: it runs without a settings file; there is none to reload")
        settings = await asyncio.to_thread(self._reloading.read)
        overlay = await asyncio.to_thread(self._file.read)
        wanted = overlay.over(settings).cameras
        needs_restart = changed_keys(self._started_with, settings)
        touched = CameraChanges.between(self._cameras.cameras, wanted).touched
        events = [self._event(request, by, one, self._keys(one, wanted)) for one in touched]
        await self._log.record([self._event(request, by, "", needs_restart), *events])
        self._settings, self._overlay = settings, await self._pruned(overlay, settings)
        changes = await self._cameras.apply(wanted, self._overlay.commanded_off)
        return _told(changes, needs_restart, self._overlay.disagreements(self._settings))

    def _keys(self, camera_id: str, wanted: Iterable[Camera]) -> tuple[str, ...]:
        """Which keys of a camera will be otherwise."""
        before = {one.id: one for one in self._cameras.cameras}.get(camera_id)
        return camera_keys(before, {one.id: one for one in wanted}.get(camera_id))

    def _look(self, request: Request, by: Actor | None) -> AuditEvent:
        """What the audit keeps of somebody looking at a camera's live picture."""
        return AuditEvent(
            AuditKind.LIVE_VIEW,
            AuditAction.READ,
            (by or self._acting(request.by)).name,
            self._clock.now(),
            entity_type="Camera",
            entity_id=request.camera_id,
            reason=request.verb.value.replace("_", "-"),
        )

    def _event(
        self, request: Request, by: Actor | None, camera_id: str, keys: Sequence[str] = ()
    ) -> AuditEvent:
        """What the audit keeps of a change: names of keys, never what they are set to."""
        return AuditEvent(
            AuditKind.SETTINGS_CHANGE,
            _ACTIONS.get(request.verb, AuditAction.UPDATE),
            (by or self._acting(request.by)).name,
            self._clock.now(),
            entity_type="Camera" if camera_id else "settings",
            entity_id=camera_id,
            reason=request.verb.value.replace("_", "-"),
            detail=(("keys", ",".join(keys) or None),),
        )

    async def _pruned(self, overlay: CameraOverlay, settings: Settings) -> CameraOverlay:
        """The overlay without what it says of cameras that are gone, in the file too."""
        pruned = overlay.pruned(settings)
        if pruned != overlay:
            gone = sorted(overlay.enabled.keys() - pruned.enabled.keys())
            log.info("switches of cameras that are gone dropped", cameras=gone)
            try:
                await asyncio.to_thread(self._file.write, pruned)
            except KirdiError as error:
                # It is written with the next change; until then it does no harm.
                log.warning("switches of cameras that are gone not dropped", reason=str(error))
        return pruned

    def _changed(self, request: Request) -> CameraOverlay:
        known = {camera.id for camera in self._cameras.cameras}
        if request.verb is Verb.ADD:
            if request.camera_id in known:
                raise InputError(
                    f"camera {request.camera_id}: there is one; remove it first", code="name_taken"
                )
            return self._overlay.with_camera(_camera(request))
        if request.camera_id not in known:
            raise unknown_camera(request.camera_id, known)
        if request.verb is Verb.REMOVE:
            return self._overlay.without(request.camera_id)
        if request.verb is Verb.CHANGE:
            former = self._overlay.added_one(request.camera_id)
            return self._overlay.replaced(_camera(request, former))
        return self._overlay.switched(request.camera_id, on=request.verb is Verb.ENABLE)

    def reports(self) -> tuple[CameraReport, ...]:
        """All cameras as they are set, and what each does."""
        states = {state.camera_id: state for state in self._cameras.states}
        return tuple(
            self._report(camera, states[camera.id])
            for camera in self._cameras.cameras
            if camera.id in states
        )

    def _report(self, camera: Camera, state: CameraState) -> CameraReport:
        mode: str = self._started_with.recognition.mode
        if camera.kind != "lobby":
            mode = camera.kind
        rates = self._watch.rates(camera.id)
        return CameraReport(
            state=state,
            source=_SOURCES[any(one.id == camera.id for one in self._settings.cameras)],
            building=camera.building,
            entrance=camera.entrance,
            address=_address(camera.url),
            view_address="" if camera.view_url is None else _address(camera.view_url),
            mode=mode,
            lane=None if mode == "lobby" else camera.lane,
            analyse_fps=camera.analyse_fps,
            decoded_fps=rates.decoded,
            analysed_fps=rates.analysed,
            dropped_fps=rates.dropped,
            viewing=self._cameras.viewing(camera.id),
        )


def _address(url: SecretStr) -> str:
    try:
        return CameraUrl.parse(url.get_secret_value()).address
    except InputError:
        return ""


def _camera(request: Request, former: Camera | None = None) -> Camera:
    """The camera to add, or one that is changed; raises InputError, without repeating a value."""
    try:
        values = yaml.safe_load(request.values)
        if not isinstance(values, dict):
            raise InputError(f"camera {request.camera_id}: no settings were given")
        kept = {} if former is None else _kept(former, values)
        camera = Camera.model_validate(kept | values | {"id": request.camera_id})
        for url in camera.urls:
            CameraUrl.parse(url.get_secret_value())
    except ValidationError as error:
        raise InputError(f"camera {request.camera_id}: {faults_of(error)}") from None
    except yaml.YAMLError:
        raise InputError(f"camera {request.camera_id}: its settings are no YAML") from None
    return camera


def _kept(former: Camera, values: dict[str, object]) -> dict[str, object]:
    """What a change leaves as it is: an address that came from a file goes on coming from it."""
    kept = former.model_dump(exclude_unset=True, exclude={"id"})
    for key in ("url", "view_url"):
        file = f"{key}_file"
        kept.pop(file if key in values or kept.get(file) is None else key, None)
    return kept


def _left_out(shadowed: tuple[str, ...], overlay: CameraOverlay) -> tuple[str, ...]:
    """What to say when an entry is removed and its camera goes on."""
    added = {camera.id for camera in overlay.added}
    return tuple(
        f"camera {camera_id}: what was added is dropped; the settings file's own goes on"
        for camera_id in shadowed
        if camera_id not in added
    )


def _warn(warnings: tuple[str, ...]) -> None:
    for one in warnings:
        log.warning("cameras.yaml and the settings file speak of the same camera", reason=one)


def _told(
    changes: CameraChanges, needs_restart: tuple[str, ...], warnings: tuple[str, ...]
) -> Reply:
    _warn(warnings)
    log.info(
        "cameras changed",
        added=changes.added,
        changed=changes.changed,
        removed=changes.removed,
        needs_restart=needs_restart,
    )
    return Reply(
        added=changes.added,
        changed=changes.changed,
        removed=changes.removed,
        needs_restart=needs_restart,
        warnings=warnings,
    )


def _as_ours(error: ConfigError) -> KirdiError:
    ours = KirdiError(str(error))
    ours.exit_code = error.exit_code
    return ours
