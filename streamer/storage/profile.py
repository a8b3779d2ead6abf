"""The part of a patient that is sealed, as bytes. Used by the stores and nothing else."""

import json
from datetime import date
from uuid import UUID

import asyncpg

from streamer.crypto.vault import Purpose, SealedFor, Vault
from streamer.domain.patient import Patient


def place_of_profile(patient_id: UUID) -> SealedFor:
    """Where a patient's profile is sealed for."""
    return SealedFor(patient_id, Purpose.PROFILE)


def profile_bytes(patient: Patient) -> bytes:
    """Return what is sealed; equal for equal patients, so that an import can compare."""
    profile = {
        "full_name": patient.full_name,
        "id_type": patient.id_type,
        "id_number": patient.id_number,
        "sex": patient.sex,
        "birth_date": patient.birth_date.isoformat() if patient.birth_date else None,
        "phone": patient.phone,
    }
    return json.dumps(profile, ensure_ascii=False, sort_keys=True).encode()


def patient_from(row: asyncpg.Record, guardian_refs: tuple[str, ...], vault: Vault) -> Patient:
    """Put a patient together from a row of `patient_by_ref` and what its profile unseals to.

    Raises:
        VaultError: The profile does not open.
    """
    place = place_of_profile(row["patient_id"])
    sealed = json.loads(vault.unseal(row["wrapped_key"], place, row["sealed_profile"]))
    birth_date = sealed.pop("birth_date")
    return Patient(
        **sealed,
        birth_date=date.fromisoformat(birth_date) if birth_date else None,
        patient_ref=row["patient_ref"],
        language=row["language"],
        attached_from=row["attached_from"],
        attached_to=row["attached_to"],
        deceased_on=row["deceased_on"],
        payer=row["payer"],
        guardian_refs=guardian_refs,
        is_staff=row["is_staff"],
    )
