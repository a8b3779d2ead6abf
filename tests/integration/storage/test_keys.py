import asyncio
from pathlib import Path

import pytest

from config.settings import Database as Limits
from streamer.errors import VaultError
from streamer.storage.database import open_database
from tests.fakes.clock import FakeClock
from tests.integration.storage.clinic import SITE, Clinic, patient


async def _fill(url: str, key: Path, number: int) -> None:
    async with open_database(url, Limits(), SITE, key) as database:
        await Clinic(database, FakeClock()).import_patients(patient(number))


async def test_first_starts_at_once_get_one_key(clinic_url: str, tmp_path: Path) -> None:
    key = tmp_path / "kirdi.key"
    await asyncio.gather(*(_fill(clinic_url, key, number) for number in range(6)))
    async with open_database(clinic_url, Limits(), SITE, key) as database:
        assert await Clinic(database, FakeClock()).count("patients") == 6


async def test_a_lost_key_is_never_replaced(clinic_url: str, tmp_path: Path) -> None:
    key = tmp_path / "kirdi.key"
    await _fill(clinic_url, key, 1)
    kept = key.rename(tmp_path / "elsewhere")
    with pytest.raises(VaultError, match=r"is missing, and database .* holds data sealed with it"):
        await _fill(clinic_url, key, 2)
    assert not key.exists()
    kept.rename(key)
    await _fill(clinic_url, key, 2)


async def test_another_key_is_refused(clinic_url: str, tmp_path: Path) -> None:
    key = tmp_path / "kirdi.key"
    await _fill(clinic_url, key, 1)
    key.write_bytes(bytes(32))
    with pytest.raises(VaultError, match=r"is not the key that database .* was written with"):
        await _fill(clinic_url, key, 2)


async def test_patients_without_a_check_value_make_no_key(clinic_url: str, tmp_path: Path) -> None:
    key = tmp_path / "kirdi.key"
    async with open_database(clinic_url, Limits(), SITE, key) as database:
        clinic = Clinic(database, FakeClock())
        await clinic.import_patients(patient(1))
        await clinic.execute("DELETE FROM wrapping_keys")
    key.unlink()
    with pytest.raises(VaultError, match="holds patients and does not say by which key"):
        await _fill(clinic_url, key, 2)
    assert not key.exists()


async def test_an_existing_key_serves_a_new_database(clinic_url: str, tmp_path: Path) -> None:
    key = tmp_path / "kirdi.key"
    key.write_bytes(b"k" * 32)
    key.chmod(0o600)
    await _fill(clinic_url, key, 1)
    assert key.read_bytes() == b"k" * 32
