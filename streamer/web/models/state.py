"""How the installation fares: what recognises faces, and what keeps it going."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from streamer.domain.cache_report import CacheState
from streamer.web.models.base import Answer
from streamer.web.models.jobs import Job


class Licence(Answer):
    """Under which terms a model pack may be used."""

    name: str = Field(description="SPDX, or the terms in words")
    commercial: bool = Field(description="a clinic may use it in its work")
    accepted: str = Field(description="when non-commercial terms were accepted here; empty = never")


class ModelPack(Answer):
    """What finds and compares faces."""

    pack: str
    pack_id: str = Field(description="goes with every template: others are not compared")
    licence: Licence
    weak_for: list[str] = Field(description="groups of people it is known to be worse for")
    weak_reason: str = Field(description="how that is known")
    liveness: bool = Field(description="it can tell a face from a picture of one")


class Calibration(Answer):
    """What the site found when it tried the pack on its own patients."""

    in_force: bool = Field(description="it covers the pack and the settings as they are")
    made_at: datetime
    made_by: str
    patients: int
    impostor_pairs: int
    decided_reviews: int
    wrong_reviews: int
    accept_fpir: float = Field(description="the strictness it was made for")


class Recognition(Answer):
    """How faces are recognised here."""

    mode: str = Field(description="lane, lobby or desk")
    liveness: str = Field(description="off, observe or review")
    auto_arrive: str = Field(description="calibrated, always or never")
    device: str = Field(description="cpu or cuda")
    model_pack: ModelPack | None
    calibration: Calibration | None = Field(description="null = the site has made none")


class Versions(Answer):
    """What runs here."""

    kirdi: str
    python: str
    onnx_runtime: str | None
    postgresql: str
    redis: str | None = Field(description="null = there is none, or it does not answer")


class Disk(Answer):
    """Where the home folder is."""

    free_bytes: int
    total_bytes: int


class Queues(Answer):
    """What waits."""

    check_ins: int = Field(description="accepted and on disk, not in the database yet")
    reviews: int = Field(description="before a person")


class AuditState(Answer):
    """Whether the audit's ends are kept outside the database."""

    newest_checkpoint_at: datetime | None = Field(description="null = there is none")
    troubles: list[str] = Field(description="what is in the way of checkpoints")


class Key(Answer):
    """A key-encryption key, by its public name."""

    key_id: str
    state: str = Field(description="current, announced, retiring or retired")
    since: datetime
    held: bool = Field(description="this service has it")


class KeyState(Answer):
    """What wraps the patients' keys."""

    source: Literal["file", "environment", "command"]
    keys: list[Key] = Field(description="none before the first rotation")
    rotation: Literal["none", "under-way", "cleaning", "done"] = Field(
        description="cleaning = former wrapped keys are still in the database's files"
    )


class InstallationState(Answer):
    """What keeps the installation going."""

    versions: Versions
    device: str = Field(description="cpu or cuda")
    home: Disk
    database_ahead_s: float = Field(
        description="by so much the database's clock is ahead of the service's"
    )
    cache: CacheState = Field(description="Redis; losing it costs speed only")
    cache_since: datetime | None = Field(description="when it was first found away; else null")
    queues: Queues
    audit: AuditState
    jobs: list[Job]
    keys: KeyState
