"""Checks the audit's chains, row by row: pure, and in bounded memory. Fed by `audit_verification`.

An event's hash is SHA-256 over the hash before it (32 bytes), lane (2), sequence (8), when it was
recorded (8, microseconds since 1970; big-endian all three) and its body (UTF-8). Before the first
one stands the hash of `kirdi/audit/SITE/LANE`. docs/design/0019 has the same in twenty lines.
"""

import hashlib
import json
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from streamer.domain.chain_head import ChainHead

LANES: Final = 8
"""So many chains a site has; see `m0010_audit`."""

_MOST: Final = 200
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class LaneRow:
    """A row of `audit_lanes`: where a chain ends, and where it begins since retention cut it."""

    lane: int
    sequence: int
    head: bytes
    base_sequence: int
    base_hash: bytes


@dataclass(frozen=True, slots=True)
class EventRow:
    """A row of `audit_events`."""

    lane: int
    sequence: int
    recorded_at: datetime
    body: str
    hash: bytes
    kind: str
    actor: str
    patient_id: UUID | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the audit is worth.

    Attributes:
        events: How many were looked at.
        findings: What is wrong and where, in plain words; none = it is as it was written.
        more: Findings beyond those.
        uncovered: Events newer than the last checkpoint that is known: had somebody written them
            anew together with all that follows, it would not show.
        removed: Events that retention took away, in order.
    """

    events: int
    findings: tuple[str, ...]
    more: int
    uncovered: int
    removed: int


def start_of(site_id: str, lane: int) -> bytes:
    """What the first event of a chain is linked to."""
    return hashlib.sha256(f"kirdi/audit/{site_id}/{lane}".encode()).digest()


def micros_of(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def linked(before: bytes, row: EventRow) -> bytes:
    """The hash that a row should have after `before`."""
    said = hashlib.sha256(before)
    said.update(row.lane.to_bytes(2, "big", signed=True))
    said.update(row.sequence.to_bytes(8, "big", signed=True))
    said.update(micros_of(row.recorded_at).to_bytes(8, "big", signed=True))
    said.update(row.body.encode())
    return said.digest()


class KnownHeads:
    """Heads of chains that are kept outside the database, 40 bytes each."""

    def __init__(self) -> None:
        """Know none."""
        self._sequences: dict[int, array[int]] = {}
        self._hashes: dict[int, bytearray] = {}

    def add(self, head: ChainHead) -> str | None:
        """Take a head. They come in about the order of their sequences, and may come twice.

        Returns:
            What is wrong with it, if anything: one event has one hash.
        """
        sequences = self._sequences.setdefault(head.lane, array("q"))
        hashes = self._hashes.setdefault(head.lane, bytearray())
        # Of two that write at once the one that looked first may write second.
        place = bisect_left(sequences, head.sequence)
        if place < len(sequences) and sequences[place] == head.sequence:
            if hashes[32 * place : 32 * place + 32] != head.hash:
                return f"lane {head.lane}, event {head.sequence}: was another one before"
            return None
        sequences.insert(place, head.sequence)
        hashes[32 * place : 32 * place] = head.hash
        return None

    def at(self, lane: int, place: int) -> ChainHead | None:
        """The one at a place among those of a chain, ascending from 0; None after the last."""
        sequences = self._sequences.get(lane)
        if sequences is None or place >= len(sequences):
            return None
        return ChainHead(
            lane, sequences[place], bytes(self._hashes[lane][32 * place : 32 * place + 32])
        )

    def cut(self, lane: int, sequence: int) -> int:
        """Forget what is newer than this event of a chain; return how many events that were."""
        last = self.last(lane)
        if last <= sequence:
            return 0
        place = bisect_right(self._sequences[lane], sequence)
        del self._sequences[lane][place:]
        del self._hashes[lane][32 * place :]
        return last - sequence

    def last(self, lane: int) -> int:
        """The newest sequence that is known of a chain; 0 = none."""
        sequences = self._sequences.get(lane)
        return sequences[-1] if sequences else 0


class ChainVerifier:
    """Takes rows ordered by lane and sequence, and says at the end what is wrong."""

    def __init__(self, site_id: str, lanes: Iterable[LaneRow], known: KnownHeads) -> None:
        """Look at the lanes."""
        self._site_id = site_id
        self._known = known
        self._lanes = {one.lane: one for one in lanes}
        self._findings: list[str] = []
        self._more = 0
        self._events = 0
        self._uncovered = 0
        self._chain: _Chain | None = None
        self._looked_at: set[int] = set()
        self._bases = {
            f"lane_{one.lane}": f"{one.base_sequence}:{one.base_hash.hex()}"
            for one in self._lanes.values()
            if one.base_sequence > 0
        }
        self._bases_named = not self._bases
        for lane in range(LANES):
            if lane not in self._lanes:
                self._say(f"lane {lane}: its row in audit_lanes is missing")
        for lane in sorted(self._lanes):
            if not 0 <= lane < LANES:
                self._say(f"lane {lane}: there is no such lane")

    def take(self, row: EventRow) -> None:
        """Look at the next row."""
        self._events += 1
        chain = self._chain
        if chain is None or chain.lane != row.lane:
            self._end()
            chain = self._begin(row.lane)
        self._place(chain, row)
        if chain.before is not None and linked(chain.before, row) != row.hash:
            self._say(
                f"lane {row.lane}, event {row.sequence}: is not what was written, or not in its "
                "place"
            )
        chain.before, chain.sequence = row.hash, row.sequence
        self._columns(row)
        self._compare(chain, row.sequence, row.hash)

    def finish(self) -> Verdict:
        """Say what there is to say."""
        self._end()
        # Those without any event left.
        for lane in sorted(self._lanes.keys() | set(range(LANES))):
            if lane not in self._looked_at:
                self._begin(lane)
                self._end()
        if not self._bases_named:
            self._say(
                "beginning: no event of retention says where the chains begin now; older events "
                "were removed otherwise"
            )
        removed = sum(one.base_sequence for one in self._lanes.values())
        findings = tuple(self._findings)
        return Verdict(self._events, findings, self._more, self._uncovered, removed)

    def _say(self, finding: str) -> None:
        if len(self._findings) < _MOST:
            self._findings.append(finding)
        else:
            self._more += 1

    def _begin(self, lane: int) -> "_Chain":
        self._looked_at.add(lane)
        row = self._lanes.get(lane)
        start = start_of(self._site_id, lane)
        if row is None:
            chain = _Chain(lane, start, 0)
        else:
            chain = _Chain(lane, row.base_hash, row.base_sequence)
            if row.base_sequence < 0 or (row.base_sequence == 0 and row.base_hash != start):
                self._say(f"lane {lane}: does not begin as it should")
        self._chain = chain
        # What retention removed cannot be compared any more, but for its last one.
        if chain.before is not None:
            self._compare(chain, chain.sequence, chain.before)
        return chain

    def _place(self, chain: "_Chain", row: EventRow) -> None:
        wanted = chain.sequence + 1
        if row.sequence == wanted:
            return
        if row.sequence < wanted:
            self._say(
                f"lane {row.lane}, event {row.sequence}: stands before the chain's beginning, "
                "where retention left none"
            )
        else:
            last = row.sequence - 1
            some = f"event {wanted} is" if last == wanted else f"events {wanted} to {last} are"
            self._say(f"lane {row.lane}: {some} missing")
        # What it was linked to is not there: from here on the rows say it.
        chain.before = None

    def _columns(self, row: EventRow) -> None:
        try:
            said = json.loads(row.body)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            self._say(f"lane {row.lane}, event {row.sequence}: its body is no JSON object")
            return
        patient = None if row.patient_id is None else str(row.patient_id)
        shown = (row.kind, row.actor, patient)
        if shown != (said.get("kind"), said.get("actor"), said.get("patient_id")):
            self._say(
                f"lane {row.lane}, event {row.sequence}: its columns say something else than its "
                "body"
            )
        if said.get("kind") == "retention" and not self._bases_named:
            detail = said.get("detail")
            named = {
                key: value
                for key, value in (detail if isinstance(detail, dict) else {}).items()
                if key.startswith("lane_")
            }
            self._bases_named = named == self._bases

    def _compare(self, chain: "_Chain", sequence: int, found: bytes) -> None:
        """Hold a row against what is known outside."""
        head = self._known.at(chain.lane, chain.known_at)
        # Those of rows that are missing: that they are is said already.
        while head is not None and head.sequence < sequence:
            chain.known_at += 1
            head = self._known.at(chain.lane, chain.known_at)
        if head is not None and head.sequence == sequence:
            chain.known_at += 1
            if head.hash != found:
                self._say(
                    f"lane {chain.lane}, event {sequence}: a checkpoint knows another one; this or "
                    "an earlier event was changed and the chain written anew"
                )

    def _end(self) -> None:
        chain, self._chain = self._chain, None
        if chain is None:
            return
        row = self._lanes.get(chain.lane)
        if row is not None and row.sequence != chain.sequence:
            if row.sequence > chain.sequence:
                self._say(
                    f"lane {chain.lane}: ends at event {chain.sequence}; those up to "
                    f"{row.sequence} are missing"
                )
            else:
                self._say(
                    f"lane {chain.lane}: goes on to event {chain.sequence}, and its row in "
                    f"audit_lanes ends at {row.sequence}"
                )
        elif row is not None and chain.before is not None and row.head != chain.before:
            self._say(f"lane {chain.lane}: its row in audit_lanes has another end than its events")
        head = self._known.last(chain.lane)
        if head > chain.sequence:
            self._say(
                f"lane {chain.lane}: ends at event {chain.sequence}, and a checkpoint knows event "
                f"{head}: the end was cut off"
            )
        begins = 0 if row is None else row.base_sequence
        self._uncovered += max(0, chain.sequence - max(head, begins))


@dataclass(slots=True)
class _Chain:
    """A chain in the middle of being looked at.

    Attributes:
        before: Hash of the row before; None = it is missing.
        sequence: Of the row before.
        known_at: Which known head is the next.
    """

    lane: int
    before: bytes | None
    sequence: int
    known_at: int = 0
