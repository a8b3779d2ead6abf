"""At each start the audit says which settings changed, and never to what."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from config.settings import Camera, Database, Match, Settings, Site
from streamer.crypto.checkpoint_seal import CheckpointSeal
from streamer.crypto.key import KeyEncryptionKey
from streamer.domain.actor import Actor
from streamer.domain.audit_event import AuditEvent
from streamer.settings_record import SettingsRecord

NOW = datetime(2026, 11, 29, 9, tzinfo=UTC)
SEAL = CheckpointSeal(KeyEncryptionKey(b"k" * 32), "s-1")
SITE = Site(id="s-1", name="Polyclinic")
SECRET = "rtsp://viewer:hunter2@10.0.0.5/1"


class Audit:
    def __init__(self) -> None:
        self.events: list[AuditEvent] = []

    async def record(self, events: Sequence[AuditEvent]) -> None:
        self.events += events


async def started(home: Path, settings: Settings) -> AuditEvent:
    audit = Audit()
    await SettingsRecord(home, SEAL).keep(settings, audit, Actor("nina"), NOW)
    (event,) = audit.events
    return event


def keys(event: AuditEvent) -> object:
    return dict(event.detail)["keys"]


async def test_which_keys_changed_since_the_last_start(tmp_path: Path) -> None:
    camera = Camera(id="door", url=SecretStr(SECRET))
    first = Settings(site=SITE, cameras=(camera,))
    event = await started(tmp_path, first)
    assert (event.actor, event.reason, keys(event)) == ("nina", "first-start", None)
    event = await started(tmp_path, first)
    assert (event.reason, keys(event)) == ("start", None)

    url = SecretStr("postgresql://kirdi:hunter3@db/kirdi")
    other = Settings(
        site=SITE,
        match=Match(accept_fpir=0.002),
        database=Database(url=url),
        cameras=(camera.model_copy(update={"url": SecretStr(SECRET + "1")}),),
    )
    event = await started(tmp_path, other)
    assert keys(event) == "cameras[door].url,database.url,match.accept_fpir"
    assert keys(await started(tmp_path, Settings(site=SITE))) is not None
    kept = (tmp_path / "audit" / "settings.json").read_text() + repr(event)
    assert [word for word in ("hunter", "10.0.0.5", "0.002", "Polyclinic") if word in kept] == []


async def test_a_damaged_record_is_a_first_start(tmp_path: Path) -> None:
    settings = Settings(site=SITE)
    await started(tmp_path, settings)
    path = tmp_path / "audit" / "settings.json"
    assert set(json.loads(path.read_text())) >= {"site.id", "match.accept_fpir"}
    for text in ("", "[1]", "{"):
        path.write_text(text)
        assert (await started(tmp_path, settings)).reason == "first-start"
