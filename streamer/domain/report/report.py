"""The appointment-match report: which appointments have evidence of presence, and which have none.

Made by `streamer.reports.report_maker`; shown, kept and sent in whatever form by others. References
only: names are added where they are shown to somebody who may know them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from streamer.domain.practitioner_rate import PractitionerRate
from streamer.domain.report.coverage_strip import CoverageStrip
from streamer.domain.report.error_accounting import ErrorAccounting
from streamer.domain.report.figures import Figures
from streamer.domain.report.period import Period
from streamer.domain.report.row import RowKind
from streamer.domain.report.scope import Scope
from streamer.domain.rule_summary import RuleSummary


@dataclass(frozen=True, slots=True)
class Group:
    """A department's or practitioner's line.

    Attributes:
        name: As the clinic writes it; of a practitioner their name.
    """

    scope: Scope
    name: str | None
    figures: Figures


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """The same figures of the report's own and of earlier periods, the oldest first.

    Attributes:
        verified: Of `appointments`; with `same_day`.
    """

    period: Period
    appointments: int
    verified: int
    unverified: int
    unknown: int


@dataclass(frozen=True, slots=True)
class CallBack:
    """A visit that was drawn to ask its patient about, and nothing is known beforehand."""

    kind: RowKind
    ref: str
    patient_id: str
    practitioner_ref: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """One report; `rows` of it (`ReportRow`) are kept and read a day at a time.

    Attributes:
        zone: IANA name of the site's time zone; days are meant in it.
        data_until: Everything is as the database was at this moment; aware, UTC.
        scope: Whose; of a department or practitioner `departments` and `practitioners` hold
            what is within it.
        days: Of every day of the period.
        rates: How often each practitioner's visits are unverified, beside the site's.
        rules: How many claims each rule could look at, and why not at others.
        call_backs: Drawn by `seed`, which nobody chooses: whoever has the rows can draw it again.
        audit_checkpoint: Hex SHA-256 over the ends of the audit's chains at `data_until`.
        notices: Codes of what a reader must know (`not_calibrated`, `non_commercial_pack`,
            `entrance_without_camera`, ...), with parameters; forms have words for each.
        site_name: As the settings called it then; empty = not known, of a report made before.
    """

    site_id: str
    zone: str
    period: Period
    scope: Scope
    data_until: datetime
    total: Figures
    departments: tuple[Group, ...]
    practitioners: tuple[Group, ...]
    days: tuple[tuple[date, Figures], ...]
    trend: tuple[TrendPoint, ...]
    rates: tuple[PractitionerRate, ...]
    rules: tuple[RuleSummary, ...]
    coverage: tuple[CoverageStrip, ...]
    errors: ErrorAccounting
    seed: str
    call_backs: tuple[CallBack, ...]
    audit_checkpoint: str
    notices: tuple[tuple[str, Mapping[str, str | int]], ...]
    site_name: str = ""
