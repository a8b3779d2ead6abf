"""The sheets of figures: what all of it comes to, then by day, department and practitioner."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from xlsxwriter import Workbook

from streamer.domain.report.figures import AtRisk, Figures, VerdictFigures
from streamer.domain.report.report import Report
from streamer.exchange.reports.group_sections import group_name, practitioner_names
from streamer.exchange.reports.sheet import (
    CHANCE,
    COUNT,
    DAY,
    MONEY,
    SHARE,
    Sheet,
    SheetColumn,
    Value,
)
from streamer.exchange.reports.verdict_parts import ORDER, arrival_said, count_of, verdict_lines
from streamer.exchange.reports.words import Words


def summary_sheet(book: Workbook, report: Report, words: Words) -> None:
    """Write the figures of the whole: in words, of appointments, of claims, with amounts."""
    sheet = Sheet(
        book,
        words.of("sheet.summary"),
        [
            SheetColumn(words.of("figure"), 58),
            SheetColumn(words.of("appointments"), 14, COUNT),
            SheetColumn(words.of("share"), 10, SHARE),
            SheetColumn(words.of("claims"), 14, COUNT),
            SheetColumn(words.of("share"), 10, SHARE),
            SheetColumn(words.of("amount"), 18, MONEY),
            SheetColumn(words.of("currency"), 10),
        ],
    )
    total = report.total
    of_visits, of_claims = total.visits.total, total.claims.total
    sheet.add((words.of("warning"), None, None, None, None, None, None))
    for said, visits, claims, within, _ in verdict_lines(total.visits, total.claims, words):
        shares = _share(visits, of_visits), _share(claims, of_claims)
        shown = words.of("of_which", what=said) if within else said
        sheet.add((shown, visits, shares[0], claims, shares[1], None, None))
    sheet.add((words.of("total"), of_visits, None, of_claims, None, None, None))
    for line in _with_amounts(total, words):
        sheet.add(line)
    for name, count in _counted(total):
        sheet.add((words.of(f"figure.{name}"), count, None, None, None, None, None))
    for arrival in total.arrivals:
        said = arrival_said(arrival, words)
        sheet.add((said, arrival.count, None, None, None, None, None))
    sheet.close()


def _share(count: int, total: int) -> float | None:
    return count / total if total else None


def _counted(total: Figures) -> Iterable[tuple[str, int]]:
    yield "appointments", total.appointments
    yield "took_place", total.took_place
    yield "noshows", total.noshows
    yield "patients", total.patients
    yield "enrolled", total.enrolled
    yield "declined", total.declined
    yield "own_evidence", total.visits.own_evidence + total.claims.own_evidence


def _with_amounts(total: Figures, words: Words) -> Iterable[Sequence[Value]]:
    billed = AtRisk(total.claims.total, total.billed)
    for name, risk in (
        ("risk.certain", total.certain),
        ("risk.estimated", total.estimated),
        ("billed", billed),
    ):
        amounts: Mapping[str, Decimal | None] = risk.amounts or {"": None}
        for currency, amount in sorted(amounts.items()):
            yield (words.of(name), None, None, risk.claims, None, amount, currency)


def group_sheets(book: Workbook, report: Report, words: Words) -> None:
    """Write a sheet for days, departments and practitioners each."""
    currencies = sorted(report.total.billed)
    days = Sheet(
        book,
        words.of("sheet.days"),
        [SheetColumn(words.of("day"), 12, DAY), *_columns(words, currencies)],
    )
    for day, figures in report.days:
        days.add((day, *_values(figures, currencies)))
    days.close()
    for name, title, groups in (
        ("departments", "department", report.departments),
        ("practitioners", "practitioner", report.practitioners),
    ):
        columns = [SheetColumn(words.of(title), 40), *_columns(words, currencies)]
        sheet = Sheet(book, words.of(f"sheet.{name}"), columns)
        for group in groups:
            sheet.add((group_name(group, words), *_values(group.figures, currencies)))
        sheet.close()


def rate_sheet(book: Workbook, report: Report, words: Words) -> None:
    """Write how often each practitioner's visits are unverified, beside the site's."""
    names = practitioner_names(report)
    columns = [
        SheetColumn(words.of("practitioner"), 40),
        SheetColumn(words.of("rates.group"), 24),
        SheetColumn(words.of("rates.visits"), 14, COUNT),
        SheetColumn(words.of("verdicts.unverified"), 16, COUNT),
        SheetColumn(words.of("rates.rate"), 16, SHARE),
        SheetColumn(words.of("rates.site"), 16, SHARE),
        SheetColumn(words.of("rates.chance").replace("\N{SOFT HYPHEN}", ""), 16, CHANCE),
        SheetColumn(words.of("rates.above"), 12),
    ]
    sheet = Sheet(book, words.of("sheet.rates"), columns)
    for one in report.rates:
        ref = one.practitioner_ref
        sheet.add(
            (
                f"{names[ref]} ({ref})" if ref in names else ref,
                words.of("rates.enrolled" if one.enrolled else "rates.others"),
                one.visits,
                one.unverified,
                _share(one.unverified, one.visits),
                one.site_rate,
                one.q_value,
                words.of("rates.too_few") if one.q_value is None else words.yes(one.above),
            )
        )
    sheet.close()


def trend_sheet(book: Workbook, report: Report, words: Words) -> None:
    """Write the figures of this period and of earlier ones."""
    columns = [
        SheetColumn(words.of("from"), 12, DAY),
        SheetColumn(words.of("to"), 12, DAY),
        SheetColumn(words.of("appointments"), 14, COUNT),
        *(
            SheetColumn(words.of(f"verdicts.{kind}"), 16, COUNT)
            for kind in ("verified", "unverified", "unknown")
        ),
    ]
    sheet = Sheet(book, words.of("sheet.trend"), columns)
    for one in report.trend:
        days = one.period.first, one.period.last
        sheet.add((*days, one.appointments, one.verified, one.unverified, one.unknown))
    sheet.close()


def _columns(words: Words, currencies: Sequence[str]) -> list[SheetColumn]:
    columns = [SheetColumn(words.of("figure.appointments"), 14, COUNT)]
    for part in ("visits", "claims"):
        columns += [
            SheetColumn(words.of(f"figure.{part}.{kind.value}"), 16, COUNT) for kind in ORDER
        ]
        columns.append(SheetColumn(words.of(f"figure.{part}.explained"), 16, COUNT))
    columns += [
        SheetColumn(words.of("figure.took_place"), 16, COUNT),
        SheetColumn(words.of("figure.noshows"), 16, COUNT),
        SheetColumn(words.of("figure.patients"), 14, COUNT),
        SheetColumn(words.of("figure.enrolled"), 14, COUNT),
        SheetColumn(words.of("figure.declined"), 14, COUNT),
        SheetColumn(words.of("figure.at_risk.certain"), 16, COUNT),
        SheetColumn(words.of("figure.at_risk.estimated"), 16, COUNT),
    ]
    for currency in currencies:
        columns += [
            SheetColumn(f"{words.of('billed')}, {currency}", 18, MONEY),
            SheetColumn(f"{words.of('risk.certain')}, {currency}", 18, MONEY),
            SheetColumn(f"{words.of('risk.estimated')}, {currency}", 18, MONEY),
        ]
    return columns


def _values(figures: Figures, currencies: Sequence[str]) -> list[Value]:
    values: list[Value] = [figures.appointments]
    for part in (figures.visits, figures.claims):
        values += [*_counts(part), part.explained]
    values += [
        figures.took_place,
        figures.noshows,
        figures.patients,
        figures.enrolled,
        figures.declined,
        figures.certain.claims,
        figures.estimated.claims,
    ]
    for currency in currencies:
        values += [
            figures.billed.get(currency),
            figures.certain.amounts.get(currency),
            figures.estimated.amounts.get(currency),
        ]
    return values


def _counts(part: VerdictFigures) -> list[int]:
    return [count_of(part, kind) for kind in ORDER]
