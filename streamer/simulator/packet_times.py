"""Completing the times of a file's packets. Pure; used by `video_file`.

Matroska and AVI say nothing of decoding times or leave them out at the start, elementary streams
have no times at all, and damaged files jump. A sender needs decoding times that never go back.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

MAX_LEAD = 64
"""Packets looked at for a first decoding time before the file's rate is used instead."""

_MAX_STEP_BACK = 90_000
"""Ticks by which a decoding time may go back and be a flaw; more is a new start of the clock."""


@dataclass(frozen=True, slots=True)
class TimedPacket:
    """A packet's bytes and times, ticks of 1/90000 s; None where the file has none."""

    dts: int | None
    pts: int | None
    duration: int
    keyframe: bool
    data: bytes


@dataclass(frozen=True, slots=True)
class CompletePacket:
    """A packet's bytes and times, ticks of 1/90000 s; decoding times never go back."""

    dts: int
    pts: int
    duration: int
    keyframe: bool
    data: bytes


def complete_times(
    packets: Iterable[TimedPacket], frame_duration: int, display_order: tuple[int, ...] = ()
) -> Iterator[CompletePacket]:
    """Give every packet both times.

    Args:
        packets: In decoding order.
        frame_duration: Ticks a picture lasts where the file does not say.
        display_order: For a file that does not say when pictures are shown: each packet's place
            in display order. Then its own times are not used at all.
    """
    source = iter(packets)
    lead: list[TimedPacket] = []
    for packet in source:
        lead.append(packet)
        if packet.dts is not None or len(lead) == MAX_LEAD:
            break
    if not lead:
        return
    if display_order or all(packet.dts is None and packet.pts is None for packet in lead):
        yield from _number(chain(lead, source), frame_duration, display_order)
        return
    yield from _follow(chain(_fill_lead(lead, frame_duration), source), frame_duration)


def _number(
    packets: Iterable[TimedPacket], frame_duration: int, display_order: tuple[int, ...]
) -> Iterator[CompletePacket]:
    """Count pictures at the file's rate."""
    delay = max((index - place for index, place in enumerate(display_order)), default=0)
    for index, packet in enumerate(packets):
        place = display_order[index] if index < len(display_order) else index
        yield CompletePacket(
            dts=index * frame_duration,
            pts=(place + delay) * frame_duration,
            duration=frame_duration,
            keyframe=packet.keyframe,
            data=packet.data,
        )


def _fill_lead(lead: list[TimedPacket], frame_duration: int) -> list[TimedPacket]:
    """Count back from the first known decoding time, or from the first time of display."""
    known = lead[-1].dts
    if known is None:
        shown = min(packet.pts for packet in lead if packet.pts is not None)
        known = shown + (len(lead) - 1) * frame_duration
    last = len(lead) - 1
    return [
        packet
        if packet.dts is not None
        else replace(packet, dts=known - (last - index) * frame_duration)
        for index, packet in enumerate(lead)
    ]


def _follow(packets: Iterable[TimedPacket], frame_duration: int) -> Iterator[CompletePacket]:
    """Fill later gaps from the packet before, and keep decoding times from going back."""
    shift = 0
    delay: int | None = None
    expected: int | None = None
    previous = 0
    for packet in packets:
        duration = packet.duration if packet.duration > 0 else frame_duration
        dts = packet.dts + shift if packet.dts is not None else expected
        if dts is None:
            dts = 0
        if expected is not None and dts < previous:
            if previous - dts > _MAX_STEP_BACK:
                shift += expected - dts
                dts = expected
            else:
                dts = previous
        if packet.pts is not None:
            pts = packet.pts + shift
            delay = pts - dts if delay is None else delay
        else:
            pts = dts + (delay or 0)
        yield CompletePacket(dts, pts, duration, packet.keyframe, packet.data)
        previous, expected = dts, dts + duration
