"""What is left of some days of a report once their rows are written. Made by `report_part`.

Small beside the rows, and made of plain records, so that another process can work it out.
"""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from streamer.domain.report.coverage_strip import CoverageStrip
from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_summary import RuleSummary
from streamer.reports.report_sums import ReportSums


@dataclass(frozen=True, slots=True)
class TalliedDay:
    """One day.

    Attributes:
        digest: SHA-256 over its lines; 32 bytes.
        asked: Places of the rows that may be drawn for a call-back.
        strips: When its entrances were analysed.
    """

    day: date
    digest: bytes
    asked: "array[int]"
    strips: tuple[CoverageStrip, ...]


@dataclass(frozen=True, slots=True)
class PartTally:
    """Some days of a period; `report_maker` puts several together.

    Attributes:
        names: Of practitioners, by reference.
        rules: What the rules that need one day's claims have looked at.
    """

    sums: ReportSums
    names: Mapping[str, str]
    rules: Mapping[RuleCode, RuleSummary]
    days: tuple[TalliedDay, ...]
