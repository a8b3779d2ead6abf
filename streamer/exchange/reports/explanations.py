"""A sanity rule's finding as a sentence, its parameters filled in."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_finding import Parameter, RuleFinding
from streamer.exchange.reports.words import Words, clean

_SHARES: Final = {RuleCode.WEAK_EVIDENCE: frozenset({"share", "most"})}
_OTHERS_SHOWN: Final = 5


def explained(finding: RuleFinding, words: Words, names: Mapping[str, str] | None = None) -> str:
    """Return why a claim stands out.

    A rule has a sentence, and others that are said where it gives the parameter they are about.

    Args:
        finding: What the rule found.
        words: In which language it is said.
        names: Of practitioners, by reference, where whoever reads may know them.
    """
    key = f"why.{finding.code.value}"
    given = {
        name: _shown(finding.code, name, value, words, names or {})
        for name, value in finding.parameters.items()
    }
    wanted = [key, *(f"{key}.{name}" for name, value in given.items() if value)]
    try:
        said = [words.of(one, **given) for one in wanted if words.has(one)]
    except KeyError:
        # A record of another version of Kirdi: better the rule's name alone than no report.
        said = [words.of("why.unexplained")]
    if finding.others:
        said.append(words.of("why.others", refs=_listed(finding.others, words)))
    return " ".join(said)


def _listed(refs: tuple[str, ...], words: Words) -> str:
    shown = [clean(one) for one in refs[:_OTHERS_SHOWN]]
    if len(refs) > _OTHERS_SHOWN:
        shown.append(words.of("why.more", count=len(refs) - _OTHERS_SHOWN))
    return ", ".join(shown)


def _shown(
    code: RuleCode, name: str, value: Parameter, words: Words, names: Mapping[str, str]
) -> str:
    if isinstance(value, datetime):
        return words.moment(value)
    if isinstance(value, date):
        return words.long_date(value)
    if isinstance(value, str):
        if name == "wanted":
            return words.code("sex", value)
        if name == "place":
            return words.code("not_applicable", value)
        if name in ("practitioner", "booked"):
            return clean(names.get(value, value))
        return clean(value)
    if name in _SHARES.get(code, ()):
        return words.percent(value)
    return words.number(value, 1)
