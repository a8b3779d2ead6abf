"""Writes what a breach asks for: letters, the notice to the authority, a report, who is affected.

Called by `kirdi incident report`. The texts are drafts for the clinic's counsel. Only the list
holds anybody's name, and whoever writes it to a file seals it first.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Final

from streamer.domain.incident import Affected, Breach, IncidentFacts
from streamer.exchange.typst_document import set_document

LANGUAGES: Final = ("kk", "ru", "en")
_KINDS: Final = ("letter", "notice")
_COLUMNS: Final = (
    *("patient_ref", "full_name", "id_number", "phone", "language", "minor"),
    *("guardians", "template", "breach"),
)


@dataclass(frozen=True, slots=True)
class Particulars:
    """What the papers say besides the facts.

    Attributes:
        operator: The clinic's legal name.
        responsible: Who is responsible for personal data, with contact; empty = to be filled in.
        measures: What was done about it; empty = to be filled in.
        deadline: By when the authority has to have the notice, in the site's time.
    """

    operator: str
    responsible: str
    measures: str
    deadline: datetime


def papers(facts: IncidentFacts, particulars: Particulars) -> dict[str, bytes]:
    """Return the files by name: letters and notices as PDF and text, and the report; blocking.

    Raises:
        KirdiError: A document cannot be set.
    """
    made: dict[str, bytes] = {}
    for kind in _KINDS:
        for language in LANGUAGES:
            text = filled(kind, language, facts, particulars)
            made[f"{kind}.{language}.txt"] = text.encode()
            made[f"{kind}.{language}.pdf"] = _pdf(text, language, facts.scope.found_at)
    made["report.json"] = report(facts, particulars)
    return made


def filled(kind: str, language: str, facts: IncidentFacts, particulars: Particulars) -> str:
    """Return a letter or notice with everything filled in that is known."""
    place = LANGUAGES.index(language)

    def word(key: str) -> str:
        return _words()[key][place]

    def shown(moment: datetime) -> str:
        return f"{moment.astimezone(particulars.deadline.tzinfo):%Y-%m-%d %H:%M}"

    scope = facts.scope
    return _text(kind, language).format(
        **figures(facts),
        **{
            "operator": particulars.operator,
            "what": "; ".join(word(f"what.{one.value}") for one in scope.what),
            "data": "; ".join(word(f"data.{key}") for key in _data(scope.what)),
            "from": shown(scope.begins),
            "to": shown(scope.ends),
            "found": shown(scope.found_at),
            "deadline": shown(particulars.deadline),
            "responsible": particulars.responsible or word("blank"),
            "measures": particulars.measures or word("blank"),
            "blank": word("blank"),
        },
    )


def _data(what: Sequence[Breach]) -> list[str]:
    """Key and database together open everything; each by itself does not."""
    both = {Breach.KEYS, Breach.DATABASE} <= set(what)
    kinds = [one.value for one in what if not both or one not in (Breach.KEYS, Breach.DATABASE)]
    return ["both", *kinds] if both else kinds


def report(facts: IncidentFacts, particulars: Particulars) -> bytes:
    """Return counts and accesses as JSON: opaque, without anybody's name or reference."""
    scope = facts.scope
    zone = particulars.deadline.tzinfo
    said = {
        "incident": str(facts.incident_id),
        "site": facts.site_name,
        "from": scope.begins.astimezone(zone).isoformat(),
        "to": scope.ends.astimezone(zone).isoformat(),
        "found": scope.found_at.astimezone(zone).isoformat(),
        "notice_due": particulars.deadline.isoformat(),
        "what": [one.value for one in scope.what],
        "cameras": scope.cameras,
        "accounts": scope.accounts,
        "by_breach": {one.value: count for one, count in facts.by_breach.items()},
        "people": figures(facts),
        "accesses": [
            {
                "account": one.actor,
                "kind": one.kind,
                "action": one.action,
                "outcome": one.outcome,
                "events": one.events,
                "patients": one.patients,
                "first": one.first_at.astimezone(zone).isoformat(),
                "last": one.last_at.astimezone(zone).isoformat(),
            }
            for one in facts.accesses
        ],
    }
    return json.dumps(said, ensure_ascii=False, indent=2).encode() + b"\n"


def list_of_affected(facts: IncidentFacts) -> bytes:
    """Return the list as CSV, in UTF-8 with a mark at its beginning; to be sealed at once."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(_COLUMNS)
    for one in facts.affected:
        rows.writerow([_inert(value) for value in _row(one)])
    return out.getvalue().encode("utf-8-sig")


def _row(one: Affected) -> tuple[str, ...]:
    return (
        one.patient_ref,
        one.full_name,
        one.id_number or "",
        one.phone or "",
        one.language or "",
        "yes" if one.minor else "no",
        "; ".join(f"{name} {phone or ''}".strip() for name, phone in one.contacts),
        "yes" if one.had_template else "no",
        " ".join(breach.value for breach in one.why),
    )


def _inert(value: str) -> str:
    """Keep a spreadsheet from taking a cell for a formula; a telephone number is none."""
    formula = value[:1] in ("=", "@", "-", "\t", "\r") or (
        value[:1] == "+" and not value[1:].replace(" ", "").isdigit()
    )
    return "'" + value if formula else value


def figures(facts: IncidentFacts) -> Mapping[str, int]:
    """How many people are affected, by what matters for telling them."""
    return {
        "affected": len(facts.affected) + facts.erased,
        "erased": facts.erased,
        "minors": sum(one.minor for one in facts.affected),
        "templates": sum(one.had_template for one in facts.affected),
        "without_contact": sum(
            one.phone is None and not any(phone for _, phone in one.contacts)
            for one in facts.affected
        ),
    }


def _pdf(text: str, language: str, at: datetime) -> bytes:
    title, *rest = text.strip().split("\n")
    paragraphs = [one.split("\n") for one in "\n".join(rest).split("\n\n") if one.strip()]
    data = {
        "title": title,
        "language": language,
        "draft": _words()["draft"][LANGUAGES.index(language)],
        "paragraphs": paragraphs,
    }
    made = set_document("letter", data, at)
    assert isinstance(made, bytes)
    return made


@cache
def _words() -> dict[str, list[str]]:
    source = files("streamer.exchange").joinpath("documents", "incident.words.json")
    words: dict[str, list[str]] = json.loads(source.read_text(encoding="utf-8"))
    return words


@cache
def _text(kind: str, language: str) -> str:
    name = f"incident_{kind}.{language}.txt"
    return files("streamer.exchange").joinpath("documents", name).read_text(encoding="utf-8")
