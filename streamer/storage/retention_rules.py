"""Which rows are due, as SQL. Used by `retention`; see docs/design/0021.

A row that others point at is due only when all of those are: the condition asks for children that
are *not* due, instead of children. So it does not matter whether they have been deleted already,
and a dry run counts exactly what a run deletes. That is why these statements are put together here
and do not stand in queries.sql. Nothing of theirs comes from outside: $1 is the site, $2 now, $3
the moments before which things are due, in the order of `TERMS`.
"""

from collections.abc import Callable
from typing import Final

from streamer.domain.retention import Kept

TERMS: Final = (
    "codes",
    "attempts",
    "presences",
    "reviews",
    "check_ins",
    "claims",
    "confirmations",
    "appointments",
    "consents",
    "patients",
    "receipts",
    "reports",
    "match_counts",
    "camera_uptime",
    "tokens",
    "audit",
)

TABLES: Final[dict[Kept, str]] = {
    kind: {Kept.RECEIPTS: "erasures", Kept.AUDIT: "audit_events"}.get(kind, kind.value)
    for kind in Kept
}


def _before(term: str) -> str:
    return f"($3::timestamptz[])[{TERMS.index(term) + 1}]"


def _day_before(term: str) -> str:
    return f"({_before(term)} AT TIME ZONE 'UTC')::date"


def _older(column: str, term: str, more: str = "") -> Callable[[str], str]:
    return lambda a: f"{a}.site_id = $1 AND {a}.{column} < {_before(term)}" + more.format(a=a)


def _none_left(kind: Kept, alias: str, which: str) -> str:
    """No row of a kind is left that belongs to it."""
    return (
        f"NOT EXISTS (SELECT FROM {TABLES[kind]} {alias} WHERE {which} "
        f"AND ({_DUE[kind](alias)}) IS NOT TRUE)"
    )


def _templates(a: str) -> str:
    # Their patient has no consent in force.
    return (
        f"{a}.site_id = $1 AND NOT EXISTS (SELECT FROM consents {a}c "
        f"WHERE {a}c.patient_id = {a}.patient_id AND {a}c.purpose = 'check-in' "
        f"AND {a}c.status = 'active' AND ({a}c.expires_at IS NULL OR {a}c.expires_at > $2))"
    )


def _appointments(a: str) -> str:
    belong = (Kept.CODES, Kept.PRESENCES, Kept.STATUS_CHANGES, Kept.CHECK_INS)
    left = [
        _none_left(kind, f"{a}{place}", f"{a}{place}.appointment_id = {a}.appointment_id")
        for place, kind in enumerate(belong)
    ]
    # These name it by the clinic's reference, and are evidence of it, or rest on its evidence.
    left += [
        _none_left(
            kind,
            f"{a}{place}",
            f"{a}{place}.site_id = $1 AND {a}{place}.appointment_ref = {a}.appointment_ref",
        )
        for place, kind in ((8, Kept.CLAIMS), (9, Kept.CONFIRMATIONS))
    ]
    return " AND ".join((_older("starts_at", "appointments")(a), *left))


def _consents(a: str) -> str:
    # A check-in names its consent; what else was recognised by face rests on the one of its time.
    ended = f"coalesce({a}.ended_at, {a}.withdrawn_at, {a}.expires_at, 'infinity')"
    in_time = "{x}.patient_id = {a}.patient_id AND {x}.{at} >= {a}.given_at AND {x}.{at} <= {end}"
    seen = in_time.format(x=f"{a}s", a=a, at="occurred_at", end=ended)
    looked_at = in_time.format(x=f"{a}r", a=a, at="captured_at", end=ended)
    return " AND ".join(
        (
            f"{a}.site_id = $1 AND {a}.status <> 'active' AND {ended} < {_before('consents')}",
            _none_left(Kept.TEMPLATES, f"{a}t", f"{a}t.consent_id = {a}.consent_id"),
            _none_left(Kept.CHECK_INS, f"{a}i", f"{a}i.consent_id = {a}.consent_id"),
            f"({a}.purpose <> 'check-in' OR ("
            + _none_left(Kept.PRESENCES, f"{a}s", f"{a}s.evidence = 'face' AND {seen}")
            + " AND "
            + _none_left(Kept.REVIEWS, f"{a}r", looked_at)
            + "))",
        )
    )


def _alone(a: str) -> str:
    """Nothing of the patient is left, and nobody expects them back."""
    own = (
        Kept.TEMPLATES,
        Kept.CODES,
        Kept.FACE_BLOCKS,
        Kept.PRESENCES,
        Kept.REVIEWS,
        Kept.CHECK_INS,
        Kept.CLAIMS,
        Kept.CONFIRMATIONS,
        Kept.REPORT_REPLIES,
        Kept.APPOINTMENTS,
        Kept.CONSENTS,
    )
    left = [
        _none_left(kind, f"{a}{place}", f"{a}{place}.patient_id = {a}.patient_id")
        for place, kind in enumerate(own)
    ]
    signed = _none_left(Kept.CONSENTS, f"{a}g", f"{a}g.guardian_id = {a}.patient_id")
    day = _day_before("patients")
    gone = (
        f"({a}.erased_at IS NOT NULL OR ({a}.updated_at < {_before('patients')} AND ("
        f"coalesce({a}.deceased_on < {day}, {a}.attached_to < {day}, "
        f"{a}.attached_from IS NULL))))"
    )
    return " AND ".join((f"{a}.site_id = $1", gone, *left, signed))


def _patients(a: str) -> str:
    # A guardian stays as long as the child does.
    return (
        f"{_alone(a)} AND NOT EXISTS (SELECT FROM guardians {a}l JOIN patients {a}w "
        f"ON {a}w.patient_id = {a}l.patient_id WHERE {a}l.guardian_id = {a}.patient_id "
        f"AND ({_alone(f'{a}w')}) IS NOT TRUE)"
    )


def _practitioners(a: str) -> str:
    left = [
        _none_left(kind, f"{a}{place}", f"{a}{place}.practitioner_id = {a}.practitioner_id")
        for place, kind in enumerate((Kept.APPOINTMENTS, Kept.CLAIMS))
    ]
    return " AND ".join((f"{a}.site_id = $1", *left))


_DUE: Final[dict[Kept, Callable[[str], str]]] = {
    Kept.TEMPLATES: _templates,
    Kept.CODES: _older("expires_at", "codes"),
    Kept.ATTEMPTS: _older("last_at", "attempts", " AND {a}.blocked_until <= $2"),
    Kept.FACE_BLOCKS: _older("blocked_at", "reviews"),
    Kept.PRESENCES: _older("occurred_at", "presences"),
    Kept.REVIEWS: _older("decided_at", "reviews"),
    Kept.STATUS_CHANGES: _older("occurred_at", "check_ins"),
    Kept.CHECK_INS: _older("occurred_at", "check_ins"),
    Kept.CLAIMS: _older("performed_at", "claims"),
    Kept.CONFIRMATIONS: _older("confirmed_at", "confirmations"),
    Kept.REPORT_REPLIES: _older("visit_at", "claims"),
    Kept.APPOINTMENTS: _appointments,
    Kept.CONSENTS: _consents,
    # One that waits for the log or a backup has not said everything yet.
    Kept.RECEIPTS: _older(
        "erased_at", "receipts", " AND {a}.log_clean_at IS NOT NULL AND {a}.backups_clean_by < $2"
    ),
    Kept.PATIENTS: _patients,
    Kept.PRACTITIONERS: _practitioners,
    # With its revisions and their rows.
    Kept.REPORTS: lambda a: f"{a}.site_id = $1 AND {a}.last_day < {_day_before('reports')}",
    Kept.MATCH_COUNTS: lambda a: f"{a}.site_id = $1 AND {a}.day < {_day_before('match_counts')}",
    Kept.CAMERA_UPTIME: _older("ended_at", "camera_uptime"),
    Kept.TEMPLATE_READS: _older("read_at", "audit"),
    Kept.JOB_RUNS: _older("due_at", "audit", " AND {a}.state IN ('done', 'failed')"),
    Kept.RETENTION_RUNS: _older("started_at", "audit"),
    Kept.API_TOKENS: lambda a: (
        f"{a}.site_id = $1 AND least({a}.revoked_at, {a}.expires_at) < {_before('tokens')}"
    ),
    # Chains are cut from their beginning: nothing goes that something older stands before.
    Kept.AUDIT: lambda a: (
        f"{a}.site_id = $1 AND NOT EXISTS (SELECT FROM audit_events {a}n "
        f"WHERE {a}n.site_id = $1 AND {a}n.lane = {a}.lane AND {a}n.sequence <= {a}.sequence "
        f"AND {a}n.recorded_at >= {_before('audit')}) AND {a}.recorded_at < {_before('audit')}"
    ),
}

# Of what retention sees some columns only, a row's place in the table is not among them.
_KEYS: Final[dict[Kept, str]] = {
    Kept.REPORT_REPLIES: "reply_id",
    Kept.PATIENTS: "patient_id",
    Kept.CODES: "code_id",
    Kept.API_TOKENS: "token_id",
    Kept.CLAIMS: "claim_id",
}

# Every statement names all three, whether it needs them or not.
_ALL = "$1::text IS NOT NULL AND $2::timestamptz IS NOT NULL AND $3::timestamptz[] IS NOT NULL"


def count_due(kind: Kept) -> str:
    """Return the statement that counts what is due."""
    return f"SELECT count(*) FROM {TABLES[kind]} t WHERE {_ALL} AND {_DUE[kind]('t')}"


def count_all(kind: Kept) -> str:
    """Return the statement that counts what there is."""
    return f"SELECT count(*) FROM {TABLES[kind]} WHERE site_id = $1"


def due_patients() -> str:
    """Return the statement that finds patients with templates that are due, $4 at the most."""
    return (
        f"SELECT DISTINCT t.patient_id FROM templates t WHERE {_ALL} "
        f"AND {_DUE[Kept.TEMPLATES]('t')} LIMIT $4"
    )


def delete_due(kind: Kept) -> str:
    """Return the statement that deletes $4 rows at the most, and says what they were.

    What somebody has locked just now is left for the next run. Of patients their ids come back, of
    other kinds nothing but their number.
    """
    what = "t.patient_id" if kind is Kept.PATIENTS else "NULL::uuid AS patient_id"
    row = _KEYS.get(kind, "ctid")
    return (
        f"DELETE FROM {TABLES[kind]} t WHERE t.{row} = ANY(ARRAY("
        f"SELECT t.{row} FROM {TABLES[kind]} t WHERE {_ALL} AND {_DUE[kind]('t')} "
        f"LIMIT $4 FOR UPDATE SKIP LOCKED)) RETURNING {what}"
    )
