"""Everything a report may have to say has words in every language, and they can be filled in."""

import dataclasses
import json
import re
import string
from collections.abc import Iterable
from datetime import date
from uuid import UUID

import pytest

from matcher.packs.open_pack import OPEN_PACK
from matcher.packs.taguchi_pack import TAGUCHI_PACK
from streamer.bench.reports.made_period import Maker, honest_visits
from streamer.bench.reports.made_site import PREMISES, REPORTS
from streamer.bench.reports.planted_cases import plant
from streamer.domain.appointment import AppointmentStatus
from streamer.domain.check_in import EvidenceGrade, Method
from streamer.domain.coverage import UnknownCause
from streamer.domain.report.error_accounting import ErrorSource
from streamer.domain.report.period import Period, PeriodKind
from streamer.domain.report.revision import ReportState
from streamer.domain.report.row import RowKind
from streamer.domain.report.scope import ScopeKind
from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_finding import RuleFinding
from streamer.domain.rule_summary import NotEvaluated
from streamer.domain.verdict import NotApplicable, VerdictGrade, VerdictKind
from streamer.domain.visit_evidence import EvidenceSource
from streamer.exchange.reports.explanations import explained
from streamer.exchange.reports.report_content import figure_name
from streamer.exchange.reports.words import LANGUAGES, Words, all_keys
from streamer.reports.coverage import SiteUptime
from streamer.reports.judge import Judge
from streamer.reports.report_maker import changes_of
from streamer.reports.risk import PeriodRisk
from streamer.reports.visit_counts import VisitCounts
from tests.data import ROOT
from tests.fakes.made_report import made_report

SAID: tuple[tuple[str, Iterable[str]], ...] = (
    ("verdict", VerdictKind),
    ("verdicts", VerdictKind),
    ("means", VerdictKind),
    ("grade", VerdictGrade),
    ("grade", EvidenceGrade),
    ("cause", UnknownCause),
    ("not_applicable", NotApplicable),
    ("rule", RuleCode),
    ("is", RuleCode),
    ("why", RuleCode),
    ("skipped", NotEvaluated),
    ("method", Method),
    ("source", EvidenceSource),
    ("errors.source", ErrorSource),
    ("state", ReportState),
    ("period", PeriodKind),
    ("scope", ScopeKind),
    ("kind", RowKind),
    ("status", AppointmentStatus),
    ("sheet", [f"{one}s" for one in RowKind]),
)


def _all() -> dict[str, list[str]]:
    path = ROOT / "streamer" / "exchange" / "documents" / "report.words.json"
    found: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_every_code_has_words() -> None:
    wanted = {f"{group}.{code}" for group, codes in SAID for code in codes}
    assert wanted - all_keys() == set()


def test_texts_are_in_every_language_with_the_same_places_to_fill() -> None:
    for key, texts in _all().items():
        assert len(texts) == len(LANGUAGES), key
        assert all(text.strip() for text in texts), key
        places = [
            {name for _, name, _, _ in string.Formatter().parse(text) if name} for text in texts
        ]
        assert places[0] == places[1] == places[2], key


def test_what_must_be_said_in_so_many_words() -> None:
    said = [Words(language, "Asia/Almaty").of("warning") for language in LANGUAGES]
    assert said == [
        "Беттің болмауы — алаяқтықтың дәлелі емес.",
        "Отсутствие лица не является доказательством мошенничества.",
        "Absence of a face is no evidence of fraud.",
    ]


@pytest.fixture(scope="module")
def findings() -> list[RuleFinding]:
    """What the rules really find in a made-up quarter with each rule's case planted."""
    maker = Maker(date(2026, 7, 1), 92, seed=9)
    honest_visits(maker, 1_500)
    plant(maker)
    period = maker.period
    uptime = SiteUptime(PREMISES, period.uptime, {}, period.uptime[-1].ended_at)
    premises = dataclasses.replace(PREMISES, holidays=frozenset({maker.holiday}))
    judge = Judge(premises, REPORTS, uptime)
    counted = VisitCounts()
    days = [judge.day(one) for one in period.visit_days()]
    for day in days:
        counted.add(day)
    risk = PeriodRisk(counted.counts, REPORTS)
    found: list[RuleFinding] = []
    for day in days:
        for one in day.claims:
            found += one.findings
            at_risk = risk.of(one)
            if at_risk is not None:
                found += at_risk.findings
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_rules_find_fills_their_explanations(
    findings: list[RuleFinding], language: str
) -> None:
    words = Words(language, "Asia/Almaty")
    assert {one.code for one in findings} == set(RuleCode)
    kinds = {(one.code, frozenset(one.parameters), bool(one.others)): one for one in findings}
    for one in kinds.values():
        said = explained(one, words)
        assert not re.search(r"[{}]", said)
        assert words.of("why.unexplained") not in said
        for name, value in one.parameters.items():
            # Every parameter is told: a number or a reference as it stands, others as words.
            if isinstance(value, str) and name not in ("wanted", "place"):
                assert value in said, (one.code, name)
            elif isinstance(value, int):
                assert words.number(value) in said, (one.code, name)


def test_a_share_and_names_are_told_as_people_know_them() -> None:
    finding = RuleFinding(
        RuleCode.WEAK_EVIDENCE,
        UUID(int=1),
        "C-1",
        {"practitioner": "DR-1", "weak": 31, "visits": 80, "share": 0.3875, "most": 0.15},
    )
    said = explained(finding, Words("ru", "Asia/Almaty"), {"DR-1": "Әлиева"})
    assert "Әлиева" in said
    assert "38,8\N{NO-BREAK SPACE}%" in said
    assert "15\N{NO-BREAK SPACE}%" in said


def test_a_finding_of_another_version_is_told_all_the_same() -> None:
    finding = RuleFinding(RuleCode.DUPLICATE, UUID(int=1), "C-1", {"new": 1})
    words = Words("en", "Asia/Almaty")
    assert explained(finding, words) == words.of("why.unexplained")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_that_can_change_has_its_name(language: str) -> None:
    revision, _ = made_report(1)
    empty = dataclasses.replace(revision.report, total=type(revision.report.total)())
    words = Words(language, "Asia/Almaty")
    names = set(changes_of(empty, revision.report))
    assert len(names) > 15
    for name in names:
        said = figure_name(name, words)
        assert said
        assert said != name


def test_shares_never_say_more_than_is_true() -> None:
    words = Words("en", "Asia/Almaty")
    assert words.percent(0.99999) == "99.9\N{NO-BREAK SPACE}%"
    assert words.percent(1.0) == "100\N{NO-BREAK SPACE}%"
    assert words.percent(0.0000001) == "< 0.1\N{NO-BREAK SPACE}%"
    assert words.small(1e-9) == "< 0.001\N{NO-BREAK SPACE}%"
    assert words.part(0, 0) == "–"


def test_a_date_at_the_end_of_a_sentence_ends_it_once() -> None:
    words = Words("ru", "Asia/Almaty")
    last = words.long_date(date(2026, 3, 8))
    assert last.endswith("г.")
    said = words.of("notice.period_not_over", last=last)
    assert said == f"Период ещё не закончился: он продлится до {last}"
    # What is somebody's own stays as it is.
    assert words.of("why.others", refs="A..1, B.") == "Вместе с: A..1, B."
    assert words.of("why.others", refs="A..1") == "Вместе с: A..1."


def test_groups_that_packs_are_weak_for_are_named() -> None:
    for pack in (OPEN_PACK, TAGUCHI_PACK):
        assert all(f"group.{one}" in all_keys() for one in pack.weak_for)


def test_months_and_weeks_are_named() -> None:
    month = Period.containing(PeriodKind.MONTH, date(2026, 3, 5))
    week = Period.containing(PeriodKind.WEEK, date(2026, 3, 5))
    assert Words("kk", "Asia/Almaty").period(month) == "Наурыз 2026 (ай)"
    assert "март 2026" in Words("ru", "Asia/Almaty").period(month)
    assert Words("en", "Asia/Almaty").period(week) == "2 March 2026 – 8 March 2026 (week)"
