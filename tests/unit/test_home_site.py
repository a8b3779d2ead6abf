"""A home folder belongs to one site: another one's `site.id` is refused before anything is read."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from streamer.errors import KirdiError
from streamer.home_site import NAME, claim_home, refuse_other_site


def test_the_first_site_has_it_and_another_is_told_what_to_do(tmp_path: Path) -> None:
    refuse_other_site(tmp_path, "clinic-1")
    claim_home(tmp_path, "clinic-1")
    claim_home(tmp_path, "clinic-1")
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == [NAME]
    for ask in (claim_home, refuse_other_site):
        with pytest.raises(KirdiError) as refused:
            ask(tmp_path, "clinic-2")
        said = str(refused.value)
        assert "belongs to site clinic-1, and site.id is clinic-2" in said
        assert "KIRDI_HOME" in said
    (tmp_path / NAME).unlink()
    claim_home(tmp_path, "clinic-2")


def test_of_two_at_once_one_has_it(tmp_path: Path) -> None:
    def ask(site_id: str) -> bool:
        try:
            claim_home(tmp_path, site_id)
        except KirdiError:
            return False
        return True

    sites = [f"clinic-{number % 2}" for number in range(40)]
    with ThreadPoolExecutor(8) as threads:
        let_in = {site for site, done in zip(sites, threads.map(ask, sites), strict=True) if done}
    assert len(let_in) == 1


def test_a_file_that_cannot_be_read_lets_nobody_in(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    with pytest.raises(KirdiError, match="cannot be used"):
        claim_home(tmp_path, "clinic-1")
    (tmp_path / NAME).rmdir()
    (tmp_path / NAME).write_bytes(b"\x1b[31m\xff" * 400)
    with pytest.raises(KirdiError) as refused:
        claim_home(tmp_path, "clinic-1")
    assert "belongs to site another" in str(refused.value)
