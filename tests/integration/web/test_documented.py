"""The examples of docs/api.md work as they are written."""

import asyncio
import re
import shutil
from pathlib import Path

import pytest

from streamer.domain.role import Role
from tests.data import ROOT
from tests.integration.storage.clinic import booking, patient
from tests.integration.web.house import House, photo

PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


def examples() -> list[str]:
    """The two functions, and every line that uses them."""
    lines = [line[4:] for line in PAGE.splitlines() if line.startswith("    ")]
    return [line for line in lines if line.startswith(("api", "json"))]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_the_examples_work_as_written(house: House, tmp_path: Path) -> None:
    clinic = house.clinic
    await clinic.import_patients(patient(17))
    await clinic.import_bookings(booking(1001, 17), booking(17))
    roles = re.search(r"add aigul --role (\S+)", PAGE)
    scopes = re.search(r"create aigul .*--scope (\S+)", PAGE)
    assert roles is not None
    assert scopes is not None
    await house.api.account("aigul", *(Role(one) for one in roles[1].split(",")))
    token = await house.api.token("aigul", scopes[1].split(","))
    for name in ("photo1.jpg", "photo2.jpg"):
        (tmp_path / name).write_bytes(photo(7))
    lines = examples()
    assert len(lines) > 35
    done = 0
    review = None
    for line in lines[2:]:
        if "$REVIEW" in line and review is None:
            review = await house.waiting(17)
        script = "\n".join(("set -e", *lines[:2], line))
        process = await asyncio.create_subprocess_exec(
            "bash",
            "-c",
            script,
            cwd=tmp_path,
            env={
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                "KIRDI_API": f"{house.api.url}/api/v1",
                "KIRDI_TOKEN": token,
                "REVIEW": str(review),
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, (line, said.decode(errors="replace"))
        done += 1
    assert done == len(lines) - 2
    assert (tmp_path / "face.jpg").read_bytes().startswith(b"\xff\xd8")
