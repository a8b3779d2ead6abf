"""What it takes to judge days of a period, besides the facts of each. Made by `making`.

It is handed to the helping process as it is: no key and no address stands in it, and of people no
more than Kirdi's own number, sex and birth date of those whom rules ask for.
"""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from config.settings import Reports
from streamer.domain.report_wants import ReportWants
from streamer.reports.premises import Premises
from streamer.reports.report_rows import Explained
from streamer.storage.report_patients import Traits
from streamer.storage.visit_days import UptimeFacts


@dataclass(frozen=True, slots=True)
class PartTask:
    """Of one report.

    Attributes:
        period: The first and the last of its days, the site's.
        wants: What of a day is read.
        as_of: Aware, UTC; nothing is known of what comes after.
        explained: Accepted answers.
    """

    site_id: str
    zone: tzinfo
    period: tuple[date, date]
    wants: ReportWants
    premises: Premises
    settings: Reports
    uptime: UptimeFacts
    traits: Traits
    as_of: datetime
    explained: Explained
