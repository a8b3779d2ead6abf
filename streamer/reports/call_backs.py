"""Draws visits whose patients are to be asked. Pure; nobody chooses the seed. For `report_maker`.

Whoever has the rows can draw again: those that can be asked about (`may_be_asked`) are numbered
from 0, in order; for n = 0, 1, 2, … the first 8 bytes of SHA-256(seed, n as 8 bytes), a big-endian
number, modulo how many there are, is drawn unless it was before.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

from streamer.domain.report.period import Period
from streamer.domain.report.row import ReportRow, RowKind
from streamer.domain.verdict import VerdictKind

# Asked of every row, and in Python 3.11 naming a member takes longer than whatever is asked.
_NOT_APPLICABLE: Final = VerdictKind.NOT_APPLICABLE
_APPOINTMENT: Final = RowKind.APPOINTMENT


def may_be_asked(row: ReportRow) -> bool:
    """Is it said that there was a visit here: by the clinic's system, or by a claim without one?"""
    if row.verdict is _NOT_APPLICABLE:
        return False
    if row.kind is _APPOINTMENT:
        return row.took_place
    return row.appointment_ref is None


def seed_of(site_id: str, period: Period, day_digests: Iterable[bytes]) -> bytes:
    """Return the seed, 32 bytes: of the site, the period and what the rows say."""
    text = f"{site_id}\n{period.kind.value}\n{period.first}\n{period.last}\n"
    seed = hashlib.sha256(text.encode())
    for one in day_digests:
        seed.update(one)
    return seed.digest()


def draw(seed: bytes, of: int, size: int) -> list[int]:
    """Return so many different numbers below `of`, in the order drawn; all where there are less."""
    drawn: dict[int, None] = {}
    wanted, turn = min(size, of), 0
    while len(drawn) < wanted:
        lot = hashlib.sha256(seed + turn.to_bytes(8, "big")).digest()
        drawn.setdefault(int.from_bytes(lot[:8], "big") % of)
        turn += 1
    return list(drawn)
