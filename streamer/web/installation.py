"""What the routes of the installation ask for: accounts, jobs, settings, state, rights, incidents.

Beside `resources`, which has what the clinic's day asks for. Filled by `streamer.api`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from streamer.domain.actor import Actor
from streamer.domain.incident import Breach
from streamer.domain.remark import Remark
from streamer.domain.role import Role
from streamer.web.models.accounts import (
    Account,
    AccountAdded,
    NewAccount,
    OneTimePassword,
    SessionsEnded,
    Token,
    TokenMade,
    TokenWanted,
)
from streamer.web.models.incidents import IncidentReport
from streamer.web.models.jobs import Job, JobAsked, JobRun
from streamer.web.models.report_schedules import (
    NewReportSchedule,
    ReportSchedule,
    ReportScheduleChange,
)
from streamer.web.models.rights import Erased, ErasureWanted
from streamer.web.models.settings import Setting
from streamer.web.models.state import InstallationState, Recognition
from streamer.web.models.uptime import Uptime


class Accounts(Protocol):
    """Who may sign in. All raise DatabaseError, the changes InputError."""

    async def listed(self) -> Sequence[Account]:
        """All of them, disabled ones too."""
        ...

    async def find(self, account: str) -> Account | None:
        """One of them."""
        ...

    async def add(self, wanted: NewAccount, by: Actor) -> AccountAdded:
        """Make one; its one-time password is drawn here."""
        ...

    async def set_roles(
        self, account: str, roles: Sequence[Role], refs: Sequence[str] | None, by: Actor
    ) -> Account:
        """Give it these roles and no others; and, unless None, whose appointments it bills."""
        ...

    async def set_cameras(self, account: str, cameras: Sequence[str] | None, by: Actor) -> Account:
        """Grant cameras; None = all."""
        ...

    async def switch(self, account: str, on: bool, by: Actor) -> Account:
        """Let it sign in again, or not any more."""
        ...

    async def one_time_password(self, account: str, by: Actor) -> OneTimePassword:
        """Draw it a password that opens nothing but the choice of another one."""
        ...

    async def end_sessions(self, account: str, by: Actor) -> SessionsEnded:
        """Sign it out everywhere."""
        ...


class Tokens(Protocol):
    """What programs sign in with. All raise DatabaseError, the changes InputError."""

    async def listed(self, account: str | None) -> Sequence[Token]:
        """All of them, or an account's; what they are nobody can say any more."""
        ...

    async def create(self, wanted: TokenWanted, by: Actor) -> TokenMade:
        """Make one; it is told this once."""
        ...

    async def revoke(self, token_id: UUID, by: Actor) -> Token | None:
        """Take it out of force; None = there is none of this id."""
        ...


class Jobs(Protocol):
    """What is done at times of the day. All raise DatabaseError."""

    async def jobs(self) -> Sequence[Job]:
        """All of them."""
        ...

    async def runs(self, job: str | None, limit: int) -> Sequence[JobRun]:
        """The newest first."""
        ...

    async def ask(self, job: str, period: str | None, again: bool, by: Actor) -> JobAsked:
        """Have one done soon; raises InputError."""
        ...


class ReportSchedules(Protocol):
    """Which reports are made by themselves. All raise DatabaseError, the changes InputError."""

    @property
    def destinations(self) -> Sequence[str]:
        """Ids of those of the settings."""
        ...

    async def listed(self) -> Sequence[ReportSchedule]:
        """All of them, those of the settings first."""
        ...

    async def add(self, wanted: NewReportSchedule, by: Actor) -> ReportSchedule:
        """Add one."""
        ...

    async def change(
        self, schedule_id: str, wanted: ReportScheduleChange, by: Actor
    ) -> ReportSchedule | None:
        """Change, pause or resume one; None = there is none of this id."""
        ...

    async def remove(self, schedule_id: str, by: Actor) -> bool:
        """Remove one; False = there is none of this id."""
        ...


class Notices(Protocol):
    """What an operator should know; raises DatabaseError."""

    async def notices(self) -> Sequence[Remark]:
        """One line each."""
        ...


class ShownSettings(Protocol):
    """The settings in force."""

    def settings(self) -> Sequence[Setting]:
        """Every key, secrets left out."""
        ...


class State(Protocol):
    """How the installation fares."""

    def recognition(self) -> Recognition:
        """What faces are recognised with."""
        ...

    async def installation(self) -> InstallationState:
        """Versions, disk, clocks, queues, audit, jobs, keys; raises DatabaseError."""
        ...

    async def uptime(self, camera_id: str, day: date) -> Uptime:
        """What a camera did on a day of the site; raises DatabaseError."""
        ...


class Rights(Protocol):
    """What a patient may ask for; raises InputError, DatabaseError, VaultError."""

    async def export_json(self, patient_ref: str, by: Actor) -> bytes:
        """Everything that is held of a patient, for machines."""
        ...

    async def export_pdf(self, patient_ref: str, language: str | None, by: Actor) -> bytes:
        """The same for people; None = in the patient's language."""
        ...

    async def erase(self, wanted: ErasureWanted, by: Actor) -> Erased:
        """Erase a patient at their wish."""
        ...


@dataclass(frozen=True, slots=True)
class IncidentAsked:
    """What an incident is about; times are aware, `found_at` None = now."""

    begins: datetime
    ends: datetime
    found_at: datetime | None
    what: tuple[Breach, ...]
    cameras: tuple[str, ...]
    accounts: tuple[str, ...]


class Incidents(Protocol):
    """What a breach asks for; raises InputError, DatabaseError, VaultError."""

    async def report(self, asked: IncidentAsked, by: Actor) -> IncidentReport:
        """Who is affected, in figures, who accessed what, and what is due when."""
        ...


@dataclass(frozen=True, slots=True)
class Installation:
    """Everything behind the routes of the installation."""

    accounts: Accounts
    tokens: Tokens
    jobs: Jobs
    report_schedules: ReportSchedules
    settings: ShownSettings
    state: State
    rights: Rights
    incidents: Incidents
