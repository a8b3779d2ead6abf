"""How the installation fares, for `web.installation.State`."""

import asyncio
import platform
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from matcher.packs.manifest import Manifest
from streamer.audit_keeper import troubles_of
from streamer.backend import Backend
from streamer.calibration_keeper import CalibrationKeeper
from streamer.domain.camera_state import CameraStatus
from streamer.errors import CacheError, KirdiError
from streamer.storage.checkpoint_file import newest_checkpoint_at
from streamer.storage.key_status import key_states
from streamer.storage.local_day import LocalDay
from streamer.storage.server import server_now
from streamer.storage.uptime import UptimeInterval as Stored
from streamer.stores.audit_stores import checkpoint_path
from streamer.web.installation import Jobs
from streamer.web.models.state import (
    AuditState,
    Calibration,
    Disk,
    InstallationState,
    Key,
    KeyState,
    Licence,
    ModelPack,
    Queues,
    Recognition,
    Versions,
)
from streamer.web.models.uptime import Uptime, UptimeInterval

_RUNTIMES: Final = ("onnxruntime", "onnxruntime-gpu")


@dataclass(frozen=True, slots=True)
class Running:
    """What only the running service knows.

    Attributes:
        device: cpu or cuda: what was really got.
        manifest: Of the model pack in use; None = it says nothing of itself.
        calibration: Whether the site has calibrated it; None = nobody looks.
        check_ins: How many wait to be written.
        reviews: How many wait for a person.
    """

    device: str
    manifest: Manifest | None
    calibration: CalibrationKeeper | None
    check_ins: Callable[[], int]
    reviews: Callable[[], int]


class ApiState:
    """Of one site."""

    def __init__(self, backend: Backend, running: Running, jobs: Jobs) -> None:
        """Keep the collaborators."""
        self._backend = backend
        self._running = running
        self._jobs = jobs

    def recognition(self) -> Recognition:
        """What faces are recognised with."""
        settings, running = self._backend.settings, self._running
        return Recognition(
            mode=settings.recognition.mode,
            liveness=settings.recognition.liveness,
            auto_arrive=settings.match.auto_arrive,
            device=running.device,
            model_pack=None if running.manifest is None else _pack(running.manifest),
            calibration=None if running.calibration is None else _calibration(running.calibration),
        )

    async def installation(self) -> InstallationState:
        """Ask database and disk; raises DatabaseError."""
        backend = self._backend
        before = backend.clock.now()
        server = await server_now(backend.database.postgres)
        after = backend.clock.now()
        ahead = server.now - (before + (after - before) / 2)
        redis = await self._redis_version()
        cache = backend.schedules.cache_report
        disk, checkpoint_at, troubles = await asyncio.to_thread(self._home)
        return InstallationState(
            versions=Versions(
                kirdi=version("kirdi"),
                python=platform.python_version(),
                onnx_runtime=_runtime(),
                postgresql=server.version,
                redis=redis,
            ),
            device=self._running.device,
            home=disk,
            database_ahead_s=round(ahead.total_seconds(), 3),
            cache=cache.state,
            cache_since=cache.since,
            queues=Queues(check_ins=self._running.check_ins(), reviews=self._running.reviews()),
            audit=AuditState(newest_checkpoint_at=checkpoint_at, troubles=list(troubles)),
            jobs=list(await self._jobs.jobs()),
            keys=await self._keys(),
        )

    async def uptime(self, camera_id: str, day: date) -> Uptime:
        """Ask the database; raises DatabaseError."""
        zone, now = self._backend.settings.site.zone, self._backend.clock.now()
        local = LocalDay(day, zone)
        ends = max(local.start, min(local.end, now))
        found = await self._backend.uptime.between(camera_id, local.start, ends)
        spent = _seconds(found)
        whole_s = (ends - local.start).total_seconds()
        return Uptime(
            camera_id=camera_id,
            date=day,
            intervals=[
                UptimeInterval(
                    status=one.status,
                    reason=one.reason,
                    begins_at=one.began_at,
                    ends_at=one.ended_at,
                )
                for one in found
            ],
            seconds=spent,
            unwatched_s=max(0.0, whole_s - sum(spent.values())),
        )

    async def _redis_version(self) -> str | None:
        try:
            return await self._backend.schedules.redis_version()
        except CacheError:
            return None

    def _home(self) -> tuple[Disk, datetime | None, tuple[str, ...]]:
        """Blocks."""
        home = self._backend.home
        try:
            disk = shutil.disk_usage(home)
        except OSError as error:
            raise KirdiError(f"home folder: cannot be looked at ({error.strerror})") from error
        at = newest_checkpoint_at(checkpoint_path(self._backend.settings, home))
        return Disk(free_bytes=disk.free, total_bytes=disk.total), at, troubles_of(home)

    async def _keys(self) -> KeyState:
        base = self._backend.database
        states, held = await key_states(base.postgres), base.vault.ring.ids
        return KeyState(
            source=self._backend.settings.keys.source,
            keys=[
                Key(key_id=key_id, state=state, since=since, held=key_id in held)
                for key_id, state, since in states.keys
            ],
            rotation=states.rotation,
        )


def _pack(manifest: Manifest) -> ModelPack:
    licence = manifest.licence
    return ModelPack(
        pack=manifest.pack,
        pack_id=manifest.pack_id,
        licence=Licence(
            name=licence.name, commercial=licence.commercial, accepted=licence.accepted
        ),
        weak_for=list(manifest.weak_for),
        weak_reason=manifest.weak_reason,
        liveness=manifest.liveness is not None,
    )


def _calibration(keeper: CalibrationKeeper) -> Calibration | None:
    found = keeper.found
    if found is None:
        return None
    return Calibration(
        in_force=keeper.calibrated,
        made_at=found.made_at,
        made_by=found.made_by,
        patients=found.patients,
        impostor_pairs=found.impostor_pairs,
        decided_reviews=found.decided_reviews,
        wrong_reviews=found.wrong_reviews,
        accept_fpir=found.accept_fpir,
    )


def _seconds(intervals: Sequence[Stored]) -> dict[CameraStatus, float]:
    spent = dict.fromkeys(CameraStatus, 0.0)
    for one in intervals:
        spent[one.status] += max(0.0, (one.ended_at - one.began_at).total_seconds())
    return spent


def _runtime() -> str | None:
    for name in _RUNTIMES:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return None
