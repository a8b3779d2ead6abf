"""Keeps on record what was refused: the transaction that refused it leaves nothing.

Around every transaction in which a person enrols, checks in, reviews, undoes, issues a code,
imports, or records and withdraws a consent.
"""

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from streamer.domain.audit_event import AuditEvent, AuditKind, AuditOutcome
from streamer.errors import InputError
from streamer.storage.audit import MOST_NAMED, append, listed
from streamer.storage.own_patients import OwnPatientError
from streamer.storage.postgres import Postgres
from streamer.storage.queries import sql


@asynccontextmanager
async def refusals_recorded(
    postgres: Postgres, site_id: str, attempt: AuditEvent, patient_ref: str | None = None
) -> AsyncIterator[None]:
    """Record an InputError from inside, and raise it on.

    Args:
        postgres: Where; a transaction of its own, after the other one was undone.
        site_id: Whose audit.
        attempt: What is tried.
        patient_ref: Of whom, where `attempt` does not know the patient's id yet.

    Raises:
        InputError: It was refused, and that is on record.
        DatabaseError: From inside, or it could not be recorded.
    """
    try:
        yield
    except InputError as error:
        refused = dataclasses.replace(attempt, outcome=AuditOutcome.MINOR_FAILURE, reason="refused")
        if isinstance(error, OwnPatientError):
            alone, named = error.patient_ids[:1], error.patient_ids[:MOST_NAMED]
            refused = dataclasses.replace(
                refused,
                kind=AuditKind.ACCESS_DENIED,
                patient_id=alone[0] if len(named) == 1 else None,
                reason="own-patient",
                detail=(
                    *refused.detail,
                    ("wanted", attempt.kind.value),
                    ("patients", listed(named) if len(named) > 1 else None),
                ),
            )
        async with postgres.transaction() as connection:
            if refused.patient_id is None and patient_ref is not None:
                found = await connection.fetchval(sql("patient_id_of"), site_id, patient_ref)
                refused = dataclasses.replace(refused, patient_id=found)
            await append(connection, site_id, [refused])
        raise
