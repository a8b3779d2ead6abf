"""What the matcher may have got wrong, in sentences: how many errors, and whose data say so."""

from streamer.domain.report.error_accounting import ErrorAccounting, Expected
from streamer.domain.report.report import Report
from streamer.exchange.reports.content import Section
from streamer.exchange.reports.words import Words, clean


def errors(report: Report, words: Words) -> Section:
    """Return the error accounting."""
    return Section("errors", words.of("errors"), tuple(sentences(report.errors, words)))


def sentences(errors: ErrorAccounting, words: Words) -> list[str]:
    """Return it, a sentence or two each; what is not known is said to be unknown."""
    said = [
        words.of(
            "errors.compared",
            compared=words.number(errors.compared),
            accepted=words.number(errors.accepted),
            gallery_mean=words.number(errors.gallery_mean),
            gallery_max=words.number(errors.gallery_max),
            pack=clean(errors.pack_id),
            licence=clean(errors.licence),
        ),
        words.of(f"errors.source.{errors.source.value}", people=words.number(errors.people)),
    ]
    for name, expected in (
        ("false_accepts", errors.false_accepts),
        ("false_rejects", errors.false_rejects),
    ):
        if expected is not None:
            said.append(words.of(f"errors.{name}", **_numbers(expected, words)))
    if errors.fpir is not None or errors.fnir is not None:
        said.append(
            words.of("errors.rates", fpir=_rate(errors.fpir, words), fnir=_rate(errors.fnir, words))
        )
    if errors.reviews:
        said.append(
            words.of(
                "errors.reviews",
                reviews=words.number(errors.reviews),
                rejected=words.number(errors.rejected),
            )
        )
    if errors.weak_for:
        groups = ", ".join(words.code("group", one) for one in errors.weak_for)
        said.append(words.of("errors.weak", groups=groups))
    return said


def _numbers(expected: Expected, words: Words) -> dict[str, str]:
    return {
        name: words.number(value, 1)
        for name, value in (
            ("value", expected.value),
            ("low", expected.low),
            ("high", expected.high),
        )
    }


def _rate(rate: Expected | None, words: Words) -> str:
    if rate is None:
        return words.of("errors.unknown")
    return words.of(
        "errors.interval",
        value=words.small(rate.value),
        low=words.small(rate.low),
        high=words.small(rate.high),
    )
