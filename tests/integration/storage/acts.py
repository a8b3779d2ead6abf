"""Acts of a clinic by people who are audited; used by the tests of the audit."""

import json
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

from streamer.domain.actor import Actor
from streamer.domain.patient import Patient
from streamer.domain.site_calibration import SiteCalibration
from streamer.storage.calibrations import PostgresCalibrations
from streamer.storage.manual_check_ins import ManualCheckIns
from streamer.storage.undo import PostgresUndo
from tests.integration.storage.clinic import (
    NOW,
    PACK,
    SITE,
    ZONE,
    Clinic,
    vector,
)

NURSE, DOCTOR = Actor("nina"), Actor("doctor", ("D-1",))
NAME, NUMBER, PHONE = "Ахметова Айгүл", "880101400126", "+77012345678"
REASON = "Ахметова says she never came"
PERSON = Patient(
    patient_ref="P-1",
    full_name=NAME,
    id_type="iin",
    id_number=NUMBER,
    birth_date=date(1988, 1, 1),
    language="kk",
    phone=PHONE,
)
Act = Callable[[Clinic], Awaitable[object]]


async def bodies(clinic: Clinic, kind: str | None = None) -> list[dict[str, Any]]:
    async with clinic.database.postgres.connection() as connection:
        rows = await connection.fetch(
            "SELECT body::text FROM audit_events ORDER BY recorded_at, lane, sequence"
        )
    said = [json.loads(row[0]) for row in rows]
    return [one for one in said if kind in (None, one["kind"])]


async def said(clinic: Clinic, kind: str | None = None) -> list[tuple[str, str, str, str]]:
    return [
        (one["kind"], one["actor"], one["outcome"], one.get("reason", ""))
        for one in await bodies(clinic, kind)
    ]


def undo_of(clinic: Clinic) -> PostgresUndo:
    return PostgresUndo(clinic.database.postgres, clinic.clock, clinic.schedules(), SITE.id, ZONE)


def manual(clinic: Clinic) -> ManualCheckIns:
    return clinic.by_hand()


def calibrations(clinic: Clinic) -> PostgresCalibrations:
    return PostgresCalibrations(clinic.database.postgres, clinic.database.vault, SITE.id, PACK)


async def save(clinic: Clinic, number: int = 1, by: Actor = NURSE, *, seed: int = 1) -> None:
    await clinic.enrolments().save(
        f"P-{number}", "", vector(seed), PACK, 2, NOW, by=by, alike_within=0.5
    )


async def load_gallery(clinic: Clinic) -> int:
    gallery = clinic.gallery()
    keys = await gallery.keys(NOW)
    return len(await gallery.templates(frozenset(key.template_id for key in keys), NOW))


def calibration() -> SiteCalibration:
    return SiteCalibration(PACK, NOW, "nina", "figures", 0.001, 200, 19900, 500, 0, "{}")
