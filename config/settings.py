"""The settings as frozen models. `config.load` fills them; every module gets only its own section.

Units stand in the names (`_s`, `_min`, `_px`). Secrets are `SecretStr`: a printed section shows
stars. What is common to the sections is in `config.section`; larger sections have files of their
own and are had from here.
"""

from collections.abc import Iterable
from datetime import date, time
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, SecretStr, field_validator, model_validator

from config.arrival import Arrival as Arrival
from config.audit import Audit as Audit
from config.backup import Backup as Backup
from config.camera import Camera as Camera
from config.codes import Codes as Codes
from config.consent import Consent as Consent
from config.database import Database as Database
from config.destination import Destination as Destination
from config.egov import Egov as Egov
from config.keys import Keys as Keys
from config.live import Live as Live
from config.mail import Mail as Mail
from config.oidc import Oidc as Oidc
from config.report_schedule import ReportSchedule as ReportSchedule
from config.reports import Reports as Reports
from config.retention import Retention as Retention
from config.section import Fraction, checked_scheme, with_url_file
from config.section import Identifier as Identifier
from config.section import Section as Section
from config.sms import Sms as Sms
from config.web import Web as Web

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _first_duplicate(values: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            return value
        seen.add(value)
    return None


class Site(Section):
    """The polyclinic: one installation serves one site."""

    id: Identifier = Field(description="the site's short name; never change it once data exists")
    name: str = Field(min_length=1, description="the name people know it by")
    time_zone: str = Field("Asia/Almaty", description="an IANA name; decides what today is")
    buildings: tuple[Identifier, ...] = Field(
        ("main",), description="the names that cameras and appointments may give"
    )
    building_names: dict[str, dict[Literal["kk", "ru", "en"], str]] = Field(
        default_factory=dict,
        description="what people call a building, by its name above and by language; without it "
        "the name above is shown in quotes",
    )
    opening_hours: dict[str, str] = Field(
        default_factory=dict, description="HH:MM-HH:MM by day (mon) or range of days (mon-fri)"
    )
    holidays: tuple[date, ...] = Field((), description="days the site is closed, as 2026-12-16")

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"{value!r} is no IANA time zone; write for example Asia/Almaty")
        return value

    @model_validator(mode="after")
    def _named_buildings_exist(self) -> Self:
        for building in self.building_names:
            if building not in self.buildings:
                raise ValueError(
                    f"building_names: {building!r} is none of buildings "
                    f"({', '.join(self.buildings)})"
                )
        return self

    @field_validator("opening_hours")
    @classmethod
    def _readable_hours(cls, value: dict[str, str]) -> dict[str, str]:
        for days, hours in value.items():
            if not all(part in _DAYS for part in days.split("-")) or days.count("-") > 1:
                raise ValueError(f"{days!r} is no day or range of days; write mon or mon-fri")
            start, _, end = hours.partition("-")
            try:
                opens, closes = time.fromisoformat(start), time.fromisoformat(end)
            except ValueError as error:
                raise ValueError(f"{hours!r} for {days} is not HH:MM-HH:MM") from error
            if opens >= closes:
                raise ValueError(f"{hours!r} for {days} closes before it opens")
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone."""
        return ZoneInfo(self.time_zone)


class Redis(Section):
    """Redis; without a URL an embedded server is started under the home folder, if there is one."""

    url: SecretStr | None = Field(
        None, description="redis://:password@host:6379/0; null = embedded server"
    )
    url_file: Path | None = Field(None, description="a file that holds the URL instead")
    timeout_s: float = Field(
        0.25, gt=0, description="for an answer; Redis is a cache: rather none than a slow one"
    )

    @model_validator(mode="before")
    @classmethod
    def _from_file(cls, data: object) -> object:
        return with_url_file(data)

    @field_validator("url")
    @classmethod
    def _redis_scheme(cls, value: SecretStr | None) -> SecretStr | None:
        return checked_scheme(value, ("redis", "rediss", "unix"))


class Models(Section):
    """Which model pack finds and compares faces, and on which device."""

    pack: Identifier = Field(
        "chosen",
        description="the model pack, by name; chosen = the one that `kirdi models use` chose, "
        "or open",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="auto takes CUDA where it can be had; a cuda that cannot is an error"
    )
    threads: int = Field(0, ge=0, le=64, description="ONNX Runtime threads; 0 = from the machine")
    gpu_memory_mb: int = Field(
        0, ge=0, description="most GPU memory each of the two models may take; 0 = no limit"
    )
    mirror: str | None = Field(
        None,
        description="address of a folder with the packs' published files, for `kirdi models "
        "pull`; null = their publishers",
    )

    @field_validator("mirror")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        if value is not None and urlsplit(value).scheme not in ("http", "https"):
            raise ValueError("the address must begin with https:// or http://")
        if value is not None and "@" in urlsplit(value).netloc:
            raise ValueError("the address must not hold a password; commands and the log print it")
        return value


class Recognition(Section):
    """Where recognition happens at all."""

    mode: Literal["lane", "lobby", "desk"] = Field(
        "lane",
        description="lane: only inside each camera's lane; lobby: the whole picture; "
        "desk: nobody is searched for, cameras compare only with whom reception has picked",
    )
    legal_basis_ref: str | None = Field(
        None, description="the document that allows mode lobby, which does not start without it"
    )
    liveness: Literal["off", "observe", "review"] = Field(
        "off",
        description="whether faces are asked for being pictures of faces; observe: the log tells; "
        "review: who may be one waits for a glance; needs a model, see `docs/liveness.md`",
    )

    @field_validator("liveness", mode="before")
    @classmethod
    def _off_is_a_word(cls, value: object) -> object:
        # YAML reads a bare off as false.
        return "off" if value is False else value

    @model_validator(mode="after")
    def _lobby_needs_a_basis(self) -> Self:
        if self.mode == "lobby" and not self.legal_basis_ref:
            raise ValueError(
                "mode lobby recognises everyone in the picture and needs legal_basis_ref; "
                "name the document that allows it, or use mode lane"
            )
        return self


class Quality(Section):
    """What a face must be before it is embedded."""

    min_face_px: float = Field(48.0, ge=16, description="width of the face's box")
    warn_face_px: float = Field(100.0, ge=16, description="at enrolment a narrower box warns")
    min_score: Fraction = Field(0.6, description="the detector's confidence")
    min_sharpness: float = Field(3.0, ge=0, description="variance of the aligned face's Laplacian")
    border_px: float = Field(4.0, ge=0, description="nearer to the border it is taken for cut off")
    max_yaw: float = Field(60.0, ge=0, le=90, description="turned farther to a side than this")
    min_brightness: float = Field(
        10.0, ge=0, le=255, description="mean grey value of the face, 0 black to 255 white"
    )
    max_clipped: Fraction = Field(
        0.5, description="share of the face that is black or burnt out, nothing to be seen in it"
    )


class Match(Section):
    """When a track is somebody."""

    auto_arrive: Literal["calibrated", "always", "never"] = Field(
        "calibrated",
        description="whether an accepted match may write arrived by itself; calibrated: once "
        "`kirdi models calibrate --site` has found it good enough, until then a person looks",
    )
    accept_fpir: float = Field(
        0.001,
        gt=0,
        le=0.1,
        description="of so many strangers searched in the gallery of the moment, this share may "
        "be accepted as somebody; smaller is stricter",
    )
    review_fpir: float = Field(
        0.01, gt=0, le=0.5, description="and this share may be put before a person"
    )
    min_agreeing_frames: int = Field(
        3, ge=1, le=20, description="frames of a track that each name the same patient"
    )
    best_shots: int = Field(8, ge=1, le=32, description="embeddings kept of a track, in memory")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.best_shots < self.min_agreeing_frames:
            raise ValueError("best_shots must not be smaller than min_agreeing_frames")
        if self.review_fpir < self.accept_fpir:
            raise ValueError("review_fpir must not be smaller than accept_fpir")
        return self


class Staff(Section):
    """Who at the terminals is a practitioner; nobody vouches for their own patients."""

    practitioners: dict[str, str] = Field(
        default_factory=dict,
        description="account name to practitioner_ref; who is named here can't enrol, check in, "
        "review, or issue and redeem codes for patients who have appointments with them; capitals "
        "don't matter",
    )

    def practitioner_refs(self, *accounts: str) -> tuple[str, ...]:
        """Whose appointments these accounts bill, in any spelling of capitals."""
        wanted = {account.casefold() for account in accounts}
        named = self.practitioners.items()
        return tuple(sorted({ref for account, ref in named if account.casefold() in wanted}))


class Settings(Section):
    """Everything one installation says about itself."""

    site: Site
    database: Database = Database()
    redis: Redis = Redis()
    keys: Keys = Keys()
    backup: Backup = Backup()
    models: Models = Models()
    recognition: Recognition = Recognition()
    quality: Quality = Quality()
    match: Match = Match()
    arrival: Arrival = Arrival()
    staff: Staff = Staff()
    consent: Consent = Consent()
    codes: Codes = Codes()
    sms: Sms = Sms()
    egov: Egov = Egov()
    web: Web = Web()
    oidc: Oidc = Oidc()
    live: Live = Live()
    reports: Reports = Reports()
    report_schedules: tuple[ReportSchedule, ...] = ()
    destinations: tuple[Destination, ...] = ()
    mail: Mail = Mail()
    retention: Retention = Retention()
    audit: Audit = Audit()
    cameras: tuple[Camera, ...] = ()

    @model_validator(mode="after")
    def _buildings_fit_the_site(self) -> Self:
        twice = _first_duplicate(camera.id for camera in self.cameras)
        if twice is not None:
            raise ValueError(
                f"camera id {twice!r} is used twice; give each camera an id of its own"
            )
        for device, building in self.codes.devices.items():
            if building not in self.site.buildings:
                raise ValueError(
                    f"codes.devices: {device} stands in building {building!r}, which "
                    f"site.buildings does not name ({', '.join(self.site.buildings)})"
                )
        for building in self.reports.entrances:
            if building not in self.site.buildings:
                raise ValueError(
                    f"reports.entrances: {building!r} is none of site.buildings "
                    f"({', '.join(self.site.buildings)})"
                )
        unknown = self.codes.operators.keys() - self.codes.devices.keys()
        if unknown:
            raise ValueError(
                f"codes.operators names {min(unknown)!r}, which codes.devices does not"
            )
        for camera in self.cameras:
            if camera.building not in self.site.buildings:
                raise ValueError(
                    f"camera {camera.id!r} stands in building {camera.building!r}, which "
                    f"site.buildings does not name ({', '.join(self.site.buildings)})"
                )
        return self

    @model_validator(mode="after")
    def _people_can_come_back(self) -> Self:
        if self.oidc.issuer is not None and self.web.public_url is None:
            raise ValueError("oidc needs web.public_url: the provider sends people back to it")
        return self

    @model_validator(mode="after")
    def _reports_arrive(self) -> Self:
        known = {one.id for one in self.destinations}
        for name, ids in (
            ("destinations", [one.id for one in self.destinations]),
            ("report_schedules", [one.id for one in self.report_schedules]),
        ):
            twice = _first_duplicate(ids)
            if twice is not None:
                raise ValueError(f"{name}: id {twice!r} is used twice; give each one of its own")
        for schedule in self.report_schedules:
            for destination in schedule.to:
                if destination not in known:
                    raise ValueError(
                        f"report_schedules: {schedule.id} is sent to {destination!r}, which "
                        "destinations does not name"
                    )
        for one in self.destinations:
            if one.email is not None and self.mail.host is None:
                raise ValueError(f"destinations: {one.id} needs mail.host, the server for mail")
            if one.folder is None and one.attach == "link" and self.web.public_url is None:
                raise ValueError(
                    f"destinations: {one.id} needs web.public_url, which links begin with"
                )
        return self
