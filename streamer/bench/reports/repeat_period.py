"""Has a made-up period happen again and again, in the database alone: a year of it for a benchmark.

Patients and practitioners stay the same; everything else is copied, so many days later.
"""

from datetime import datetime
from typing import Final

from streamer.storage.database import Database

_LIMIT_S: Final = 900.0
_ID: Final = "md5({0}::text || $2::integer)::uuid"
_LATER: Final = "{0} + $2::integer * $3::interval"
_REF: Final = "{0} || '-' || $2::integer"

# Table: its columns, how each is changed (by the column's name where not at all), and its time.
_TABLES: Final = (
    (
        "appointments",
        "starts_at",
        {"appointment_id": _ID, "appointment_ref": _REF}
        | dict.fromkeys(("starts_at", "ends_at", "status_changed_at", "recorded_at"), _LATER),
        "site_id patient_id practitioner_id service_code service_name status department building"
        " place walk_in",
    ),
    (
        "check_ins",
        "occurred_at",
        {"event_id": _ID, "appointment_id": _ID, "occurred_at": _LATER},
        "site_id patient_id method evidence camera_id decided_by note",
    ),
    (
        "presences",
        "occurred_at",
        {"presence_id": _ID, "appointment_id": _ID, "occurred_at": _LATER},
        "site_id patient_id flag method evidence building camera_id",
    ),
    (
        "confirmations",
        "confirmed_at",
        {"confirmation_id": _ID, "confirmation_ref": _REF, "appointment_ref": _REF}
        | {"confirmed_at": _LATER},
        "site_id patient_id method building",
    ),
    (
        "claims",
        "performed_at",
        {"claim_id": _ID, "claim_ref": _REF, "appointment_ref": _REF}
        | dict.fromkeys(("performed_at", "recorded_at"), _LATER),
        "site_id patient_id practitioner_id service_code service_name amount currency"
        " time_precision payer quantity place",
    ),
)
_UPTIME: Final = """
    INSERT INTO camera_uptime
        (site_id, camera_id, state, reason, started_at, last_seen_at, ended_at)
    SELECT site_id, camera_id, state, reason,
           greatest(started_at, $4::timestamptz) + $2::integer * $3::interval,
           least(ended_at, $5::timestamptz) + $2::integer * $3::interval,
           least(ended_at, $5::timestamptz) + $2::integer * $3::interval
    FROM camera_uptime
    WHERE site_id = $1 AND started_at < $5 AND ended_at > $4
"""


async def repeat_period(
    database: Database, site_id: str, span: tuple[datetime, datetime], times: int
) -> None:
    """Copy what happened within [span) so many times.

    Raises:
        DatabaseError: It cannot be written.
    """
    begin, end = span
    length = end - begin
    postgres = database.postgres
    async with postgres.connection() as connection:
        # The cameras' time goes on after the period: there the copy's begins.
        await connection.execute(
            "UPDATE camera_uptime SET ended_at = $2, last_seen_at = $2"
            " WHERE site_id = $1 AND ended_at > $2",
            site_id,
            end,
        )
    for number in range(1, times + 1):
        async with postgres.transaction() as connection:
            for table, at, changed, same in _TABLES:
                columns = (*changed, *same.split())
                values = [changed.get(one, "{0}").format(one) for one in columns]
                await connection.execute(
                    f"INSERT INTO {table} ({', '.join(columns)})"  # noqa: S608 - all ours
                    f" SELECT {', '.join(values)} FROM {table}"
                    f" WHERE site_id = $1 AND {at} >= $4 AND {at} < $5",
                    *(site_id, number, length, begin, end),
                    timeout=_LIMIT_S,
                )
            await connection.execute(_UPTIME, site_id, number, length, begin, end, timeout=_LIMIT_S)
