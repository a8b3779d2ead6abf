"""What somebody with every right in the database may do to the audit: one random act at a time."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

from streamer.storage.audit_chain import EventRow, LaneRow, linked, start_of

SITE_ID = "test-1"


@dataclass
class Audit:
    """Both tables, as they are read."""

    lanes: dict[int, LaneRow]
    events: dict[tuple[int, int], EventRow] = field(default_factory=dict)

    def copy(self) -> "Audit":
        return Audit(dict(self.lanes), dict(self.events))

    def of(self, lane: int) -> list[EventRow]:
        return [row for key, row in sorted(self.events.items()) if key[0] == lane]

    def put(self, row: EventRow) -> None:
        self.events[row.lane, row.sequence] = row

    def drop(self, row: EventRow) -> None:
        del self.events[row.lane, row.sequence]

    @property
    def rows(self) -> list[EventRow]:
        return [row for _, row in sorted(self.events.items())]


Act = Callable[[Audit, random.Random], None]


def some_event(audit: Audit, rng: random.Random) -> EventRow:
    return rng.choice(audit.rows)


def long_lane(audit: Audit, rng: random.Random) -> list[EventRow]:
    return rng.choice([rows for lane in audit.lanes if len(rows := audit.of(lane)) > 4])


def relink(audit: Audit, lane: int) -> None:
    """Compute a chain anew, and its end in the lanes' table: no trace is left in the database."""
    row = audit.lanes[lane]
    before, sequence = row.base_hash, row.base_sequence
    rows = audit.of(lane)
    for one in rows:
        audit.drop(one)
    for one in rows:
        sequence += 1
        fresh = replace(one, sequence=sequence)
        before = linked(before, fresh)
        audit.put(replace(fresh, hash=before))
    audit.lanes[lane] = replace(row, sequence=sequence, head=before)


def said_otherwise(row: EventRow, rng: random.Random) -> EventRow:
    """The row with one thing in its body otherwise, its columns following."""
    said = json.loads(row.body)
    key = rng.choice(["actor", "kind", "outcome", "occurred_at", "patient_id", "reason", "detail"])
    if key == "patient_id":
        said[key] = str(UUID(int=rng.getrandbits(128), version=4))
    elif key == "detail":
        said[key] = {"score": rng.random()}
    elif key in said and key in ("outcome", "reason") and rng.random() < 0.5:
        del said[key]
    else:
        said[key] = f"another-{rng.randrange(1000)}"
    body = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    patient = said.get("patient_id")
    return replace(
        row,
        body=body,
        kind=said["kind"],
        actor=said["actor"],
        patient_id=None if patient is None else UUID(patient),
    )


# Edits that leave everything else as it is.


def edit_body(audit: Audit, rng: random.Random) -> None:
    audit.put(said_otherwise(some_event(audit, rng), rng))


def edit_blanks(audit: Audit, rng: random.Random) -> None:
    row = some_event(audit, rng)
    audit.put(replace(row, body=row.body.replace(":", ": ", 1)))


def edit_recorded_at(audit: Audit, rng: random.Random) -> None:
    row = some_event(audit, rng)
    by = timedelta(microseconds=rng.choice([1, -1, 10**6, -(10**12)]))
    audit.put(replace(row, recorded_at=row.recorded_at + by))


def edit_hash(audit: Audit, rng: random.Random) -> None:
    row = some_event(audit, rng)
    changed = bytearray(row.hash)
    changed[rng.randrange(32)] ^= 1 << rng.randrange(8)
    audit.put(replace(row, hash=bytes(changed)))


def edit_kind_column(audit: Audit, rng: random.Random) -> None:
    audit.put(replace(some_event(audit, rng), kind="sign-out"))


def edit_actor_column(audit: Audit, rng: random.Random) -> None:
    audit.put(replace(some_event(audit, rng), actor="somebody else"))


def edit_patient_column(audit: Audit, rng: random.Random) -> None:
    row = some_event(audit, rng)
    other = (
        None
        if row.patient_id is not None and rng.random() < 0.5
        else UUID(int=rng.getrandbits(128))
    )
    audit.put(replace(row, patient_id=other))


def edit_sequence(audit: Audit, rng: random.Random) -> None:
    row = some_event(audit, rng)
    audit.drop(row)
    free = max(key[1] for key in audit.events) + rng.randrange(1, 5)
    audit.put(replace(row, sequence=free))


def edit_lane(audit: Audit, rng: random.Random) -> None:
    row = some_event(audit, rng)
    audit.drop(row)
    lane = rng.choice([one for one in audit.lanes if one != row.lane])
    last = max((one.sequence for one in audit.of(lane)), default=0)
    audit.put(replace(row, lane=lane, sequence=last + 1))


# Deletions, swaps, truncations.


def delete_one(audit: Audit, rng: random.Random) -> None:
    # Another site's event, or none: to this site it is the same.
    audit.drop(some_event(audit, rng))


def delete_several(audit: Audit, rng: random.Random) -> None:
    rows = long_lane(audit, rng)
    first = rng.randrange(len(rows) - 2)
    for row in rows[first : first + rng.randrange(2, 5)]:
        audit.drop(row)


def delete_first(audit: Audit, rng: random.Random) -> None:
    audit.drop(long_lane(audit, rng)[0])


def swap_bodies(audit: Audit, rng: random.Random) -> None:
    one, other = rng.sample(audit.rows, 2)
    for row, giver in ((one, other), (other, one)):
        columns = (giver.body, giver.kind, giver.actor, giver.patient_id)
        audit.put(
            replace(row, body=columns[0], kind=columns[1], actor=columns[2], patient_id=columns[3])
        )


def swap_rows(audit: Audit, rng: random.Random) -> None:
    one, other = rng.sample(audit.rows, 2)
    audit.put(replace(one, lane=other.lane, sequence=other.sequence))
    audit.put(replace(other, lane=one.lane, sequence=one.sequence))


def truncate_events(audit: Audit, rng: random.Random) -> None:
    rows = long_lane(audit, rng)
    for row in rows[-rng.randrange(1, len(rows)) :]:
        audit.drop(row)


def truncate_with_head(audit: Audit, rng: random.Random) -> None:
    truncate_events(audit, rng)
    for lane in audit.lanes:
        relink(audit, lane)


def delete_events_of_lane(audit: Audit, rng: random.Random) -> None:
    for row in long_lane(audit, rng):
        audit.drop(row)


def delete_lane_row(audit: Audit, rng: random.Random) -> None:
    del audit.lanes[rng.choice(sorted(audit.lanes))]


def delete_whole_lane(audit: Audit, rng: random.Random) -> None:
    rows = long_lane(audit, rng)
    for row in rows:
        audit.drop(row)
    del audit.lanes[rows[0].lane]


def delete_lanes_table(audit: Audit, rng: random.Random) -> None:
    audit.lanes.clear()


def delete_everything(audit: Audit, rng: random.Random) -> None:
    audit.lanes.clear()
    audit.events.clear()


def begin_anew(audit: Audit, rng: random.Random) -> None:
    """As if the site were new."""
    audit.events.clear()
    for lane in audit.lanes:
        start = start_of(SITE_ID, lane)
        audit.lanes[lane] = LaneRow(lane, 0, start, 0, start)


# The lanes' table.


def edit_lane_sequence(audit: Audit, rng: random.Random) -> None:
    row = audit.lanes[rng.choice(sorted(audit.lanes))]
    audit.lanes[row.lane] = replace(row, sequence=row.sequence + rng.randrange(1, 3))


def edit_lane_head(audit: Audit, rng: random.Random) -> None:
    row = audit.lanes[long_lane(audit, rng)[0].lane]
    audit.lanes[row.lane] = replace(row, head=rng.randbytes(32))


def edit_lane_base(audit: Audit, rng: random.Random) -> None:
    row = audit.lanes[long_lane(audit, rng)[0].lane]
    audit.lanes[row.lane] = replace(row, base_sequence=row.base_sequence + 1)


def edit_lane_base_hash(audit: Audit, rng: random.Random) -> None:
    row = audit.lanes[rng.choice(sorted(audit.lanes))]
    audit.lanes[row.lane] = replace(row, base_hash=rng.randbytes(32))


def prune_by_hand(audit: Audit, rng: random.Random) -> None:
    """What retention does, without its event."""
    rows = long_lane(audit, rng)
    gone = rows[: rng.randrange(1, len(rows))]
    for row in gone:
        audit.drop(row)
    lane = audit.lanes[rows[0].lane]
    audit.lanes[lane.lane] = replace(lane, base_sequence=gone[-1].sequence, base_hash=gone[-1].hash)


def add_lane(audit: Audit, rng: random.Random) -> None:
    start = start_of(SITE_ID, 8)
    audit.lanes[8] = LaneRow(8, 0, start, 0, start)


# With everything computed anew: only what is kept outside knows.


def recomputed(act: Act) -> Act:
    def with_hashes(audit: Audit, rng: random.Random) -> None:
        act(audit, rng)
        for lane in audit.lanes:
            relink(audit, lane)

    with_hashes.__name__ = f"recomputed_{act.__name__}"
    return with_hashes


def forge_event(audit: Audit, rng: random.Random) -> None:
    rows = long_lane(audit, rng)
    place = rng.randrange(len(rows))
    for row in reversed(rows[place:]):
        audit.drop(row)
        audit.put(replace(row, sequence=row.sequence + 1))
    audit.put(said_otherwise(rows[place], rng))


def reorder(audit: Audit, rng: random.Random) -> None:
    rows = long_lane(audit, rng)
    place = rng.randrange(len(rows) - 1)
    one, other = rows[place], rows[place + 1]
    audit.put(replace(one, sequence=other.sequence))
    audit.put(replace(other, sequence=one.sequence))


ACTS: tuple[Act, ...] = (
    edit_body,
    edit_blanks,
    edit_recorded_at,
    edit_hash,
    edit_kind_column,
    edit_actor_column,
    edit_patient_column,
    edit_sequence,
    edit_lane,
    delete_one,
    delete_several,
    delete_first,
    swap_bodies,
    swap_rows,
    reorder,
    truncate_events,
    truncate_with_head,
    delete_events_of_lane,
    delete_lane_row,
    delete_whole_lane,
    delete_lanes_table,
    delete_everything,
    begin_anew,
    edit_lane_sequence,
    edit_lane_head,
    edit_lane_base,
    edit_lane_base_hash,
    prune_by_hand,
    add_lane,
    *map(
        recomputed,
        (
            edit_body,
            edit_blanks,
            edit_recorded_at,
            delete_one,
            delete_several,
            delete_first,
            swap_bodies,
            reorder,
            forge_event,
            truncate_events,
            delete_events_of_lane,
        ),
    ),
)
