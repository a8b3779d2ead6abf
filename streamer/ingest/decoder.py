"""A camera's decoder process: `python -m streamer.ingest.decoder DESCRIPTOR`.

Started by `DecoderProcess`, which tells it over the inherited socket what to open. One thread
connects, decodes and writes pictures; the other listens to the service, says once a second how far
the first one is, and ends the process when the service is gone or wants it to stop.
"""

import os
import select
import socket
import sys
import threading
import time
from collections import deque
from fractions import Fraction
from types import TracebackType
from typing import Final, NoReturn

import av
from av import VideoFrame
from av.packet import Packet
from av.video.stream import VideoStream

from streamer.ingest.attention import Attention
from streamer.ingest.camera_url import redact
from streamer.ingest.condition_reporter import ConditionReporter
from streamer.ingest.confinement import confine
from streamer.ingest.decoder_command import (
    ForgetReference,
    Hold,
    Pace,
    Release,
    Request,
    Stop,
    View,
    parse_command,
)
from streamer.ingest.keyframe_policy import KeyframePolicy
from streamer.ingest.lateness import Lateness
from streamer.ingest.luma import BLOCKS, LumaSampler
from streamer.ingest.pacer import Pacer
from streamer.ingest.packet_inspector import PacketInspector
from streamer.ingest.packet_tap import PacketTap
from streamer.ingest.protocol import (
    MAX_DATAGRAM_BYTES,
    Counters,
    Failure,
    FailureKind,
    Geometry,
    Opened,
    ProtocolError,
    Report,
    Written,
    one_line,
    pack_report,
)
from streamer.ingest.rgb_converter import RgbConverter
from streamer.ingest.slot_writer import SlotWriter
from streamer.ingest.source import Source
from streamer.ingest.source_error import SourceError

_HEARTBEAT_S: Final = 1.0
_REQUEST_S: Final = 10.0
_CLOSING_S: Final = 0.7
"""For closing the camera's session when told to stop; a demuxer cannot be interrupted."""
_MOST_SKIPPED: Final = 512
"""Packets kept in case no keyframe comes: more than any GOP that is relied on has."""
_RTP_VIDEO: Final = Fraction(1, 90_000)
_SHARE: Final = 0.05
"""Of a packet in the mean size of the last ones."""
_PICTURES_BEHIND: Final = 3
_HARDWARE_ERRORS: Final = 10
"""So many packets and no frame: the hardware can be had and does not work."""


class Decoder:
    """Decodes one connection into slots, and counts."""

    def __init__(self, link: socket.socket, request: Request) -> None:
        self._link = link
        self._request = request
        self._pacer = Pacer(request.analyse_fps)
        self._converter = RgbConverter()
        self._attention = Attention() if request.motion_gate else None
        self._blocks = LumaSampler(BLOCKS)
        self._keyframes = KeyframePolicy(request.idle_after_s, request.read_timeout_s / 2)
        self._lateness = Lateness()
        self._left_out: Pacer | None = None
        self._usual_size = 0.0
        self._skipped: deque[Packet[VideoStream]] = deque(maxlen=_MOST_SKIPPED)
        self._reporter = ConditionReporter(self.send, request.reference)
        self._decoded = self._corrupt = self._errors = self._dropped = self._still = 0
        self._source: Source | None = None
        self.slots = SlotWriter(self._announce)
        self.tap = PacketTap(self._inspector)
        self.stopping = threading.Event()
        self.finished = threading.Event()

    @property
    def counters(self) -> Counters:
        """The totals so far; may be read from any thread."""
        packets = 0 if self._source is None else self._source.received
        return Counters(
            self._decoded, self._corrupt, self._errors, self._dropped, self._still, packets
        )

    def run(self, source: Source) -> None:
        """Decode a connected source until it ends or `stopping` is set.

        Raises:
            SourceError: The stream cannot be opened, or is over.
        """
        self._source = source
        with source:
            self.send(Opened())
            for packet, arrived_ns in source.packets():
                if self.stopping.is_set():
                    return
                self.tap.see(packet, arrived_ns)
                if self._request.decodes:
                    self._decode(packet, source, arrived_ns)
        raise SourceError(FailureKind.ENDED, "the camera closed the stream")

    def obey(self, command: Hold | Pace | ForgetReference) -> None:
        """Decode from now on as the service wants it; called by the listening thread."""
        match command:
            case Hold() if self._attention is not None:
                self._attention.hold(time.monotonic() + command.seconds)
            case Pace():
                if command.analyse_fps != self._pacer.fps:
                    self._pacer = Pacer(command.analyse_fps)
                self._keyframes.asked_for = command.keyframes_only
            case ForgetReference():
                self._reporter.forget_reference()

    def send(self, report: Report) -> bool:
        """Tell the service; False when it does not read, which never makes a decoder wait."""
        try:
            self._link.send(pack_report(report), socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            leave()
        return True

    def fail(self, failure: Failure) -> None:
        """Tell the service the last totals and why this process ends, without a secret."""
        self.send(self.counters)
        text = one_line(redact(failure.text, self._request.secrets))
        self.send(Failure(failure.kind, text))

    def _decode(self, packet: "Packet[VideoStream]", source: Source, arrived_ns: int) -> None:
        """Decode a packet, unless it is enough to keep it.

        Raises:
            SourceError: The hardware can be had and does not work.
        """
        if packet.size and self._comes_too_late(packet, source, arrived_ns / 1e9):
            return
        if packet.size and not self._keyframes.decodes(
            arrived_ns / 1e9, self._quiet_s(arrived_ns), keyframe=packet.is_keyframe
        ):
            self._skipped.append(packet)
            return
        self._catch_up(packet)
        try:
            frames = packet.decode()
        except av.FFmpegError:
            self._count_error(source)
            return
        for frame in frames:
            assert isinstance(frame, VideoFrame)
            self._take(frame, source, arrived_ns)
        if packet.is_keyframe:
            self._keyframes.reordered = source.stream.codec_context.has_b_frames
            self._keyframes.seen(self._quiet_s(arrived_ns))

    def _comes_too_late(self, packet: "Packet[VideoStream]", source: Source, now: float) -> bool:
        """Whether this decoder is so far behind that it leaves the packet out, to be in time again.

        Where only keyframes are decoded most of the work is saved already.
        """
        ticks = packet.pts if packet.dts is None else packet.dts
        sent = None if ticks is None else float(ticks * packet.time_base)
        # The beginning of the next picture is what ends this one, so some of it may be there.
        self._usual_size += _SHARE * (packet.size - self._usual_size)
        waiting = source.waits(round(_PICTURES_BEHIND * self._usual_size))
        late = self._lateness.leaves_out(sent, now, keyframe=packet.is_keyframe, waiting=waiting)
        if not late or self._keyframes.only:
            self._left_out = None
            return False
        if self._left_out is None:
            self._left_out = Pacer(self._pacer.fps)
        # By the camera's time: what has waited is taken from the connection all at once.
        if self._left_out.take(now if sent is None else sent):
            self._dropped += 1
        self._keyframes.left_out()
        self._skipped.clear()
        return True

    def _inspector(self) -> PacketInspector:
        """What judges the packets of the stream as it is now."""
        assert self._source is not None
        stream = self._source.stream
        context = stream.codec_context
        return PacketInspector(
            context.codec.canonical_name,
            (context.width, context.height),
            stream.time_base or _RTP_VIDEO,
            context.extradata,
        )

    def _catch_up(self, packet: "Packet[VideoStream]") -> None:
        """Decode what was left out, unless a keyframe makes up for it. Its pictures are too old."""
        if not packet.is_keyframe:
            for earlier in self._skipped:
                try:
                    self._decoded += len(earlier.decode())
                except av.FFmpegError:
                    self._errors += 1
        self._skipped.clear()

    def _count_error(self, source: Source) -> None:
        """Count a packet that could not be decoded.

        Raises:
            SourceError: The hardware can be had and does not work.
        """
        self._errors += 1
        if source.device and not self._decoded and self._errors >= _HARDWARE_ERRORS:
            text = f"{source.device} cannot decode this stream"
            raise SourceError(FailureKind.HARDWARE, text)

    def _take(self, frame: VideoFrame, source: Source, arrived_ns: int) -> None:
        now = arrived_ns / 1e9
        self._decoded += 1
        if frame.is_corrupt:
            self._corrupt += 1
            return
        if self._pacer.take(now):
            if self._worth_a_look(frame, now):
                self._hand_over(frame, arrived_ns)
            else:
                self._still += 1
        self._reporter.see(frame, source, now, keyframes_only=self._keyframes.only)

    def _worth_a_look(self, frame: VideoFrame, now: float) -> bool:
        if self._attention is None or self._attention.follows(now):
            return True
        block_px = frame.width * frame.height / (BLOCKS[0] * BLOCKS[1])
        return self._attention.wants(self._blocks.sample(frame), block_px, now)

    def _quiet_s(self, at_ns: int) -> float:
        """For how long nobody has moved; without a motion gate nobody knows."""
        return 0.0 if self._attention is None else self._attention.quiet_s(at_ns / 1e9)

    def _hand_over(self, frame: VideoFrame, arrived_ns: int) -> None:
        try:
            place = self.slots.reserve(frame.width, frame.height)
        except (ValueError, OSError) as error:
            raise SourceError(FailureKind.CODEC, str(error)) from error
        if place is None:
            self._dropped += 1
            return
        generation, slot = place
        self.slots.fill(slot, self._converter.convert(frame))
        pts = None if frame.pts is None else frame.time
        if not self.send(Written(generation, slot, pts, arrived_ns, self.counters)):
            self.slots.release(generation, slot)
            self._dropped += 1

    def _announce(self, geometry: Geometry, descriptor: int) -> None:
        """Hand over frame memory; unlike the rest it must arrive, so this may wait for a while."""
        poll = select.poll()
        poll.register(self._link, select.POLLOUT)
        if not poll.poll(self._request.read_timeout_s * 1000):
            leave()
        socket.send_fds(self._link, [pack_report(geometry)], [descriptor])


def listen(link: socket.socket, decoder: Decoder) -> NoReturn:
    """Obey the service and report the counters each second, until the process ends."""
    poll = select.poll()
    poll.register(link, select.POLLIN)
    due = time.monotonic() + _HEARTBEAT_S
    while True:
        if poll.poll(max(0.0, due - time.monotonic()) * 1000):
            try:
                data, descriptors, _, _ = socket.recv_fds(link, MAX_DATAGRAM_BYTES, 1)
                command = parse_command(data) if data else None
            except (OSError, ProtocolError):
                leave()
            match command:
                case View() if descriptors:
                    decoder.tap.open(descriptors[0])
                case Release():
                    decoder.slots.release(command.generation, command.slot)
                case Hold() | Pace() | ForgetReference():
                    decoder.obey(command)
                case Stop():
                    decoder.stopping.set()
                    decoder.finished.wait(_CLOSING_S)
                    leave()
                case _:
                    leave()
        if time.monotonic() >= due:
            due += _HEARTBEAT_S
            decoder.send(decoder.counters)


def receive_request(link: socket.socket) -> Request:
    """Wait for the first command; without one there is nothing to live for."""
    poll = select.poll()
    poll.register(link, select.POLLIN)
    if poll.poll(_REQUEST_S * 1000):
        data = link.recv(MAX_DATAGRAM_BYTES)
        command = parse_command(data) if data else None
        if isinstance(command, Request) and command.parent_pid == os.getppid():
            return command
    return leave()


def leave() -> NoReturn:
    """End at once, whatever a thread is blocked in; the kernel closes what is open."""
    os._exit(0)


def main(descriptor: int) -> NoReturn:
    """Be a decoder process."""
    confine()
    link = socket.socket(fileno=descriptor)
    link.setblocking(False)
    request = receive_request(link)
    decoder = Decoder(link, request)

    def report_fault(
        kind: type[BaseException], error: BaseException | None, _: TracebackType | None
    ) -> None:
        decoder.fail(Failure(FailureKind.OTHER, f"fault in the decoder: {kind.__name__}: {error}"))
        leave()

    sys.excepthook = report_fault
    threading.excepthook = lambda fault: report_fault(
        fault.exc_type, fault.exc_value, fault.exc_traceback
    )
    source = Source(request)
    try:
        # Before there is a second thread, which would stay outside the sandbox.
        source.connect()
        threading.Thread(target=listen, args=(link, decoder), daemon=True).start()
        decoder.run(source)
    except SourceError as error:
        decoder.fail(error.failure)
    decoder.finished.set()
    leave()


if __name__ == "__main__":
    main(int(sys.argv[1]))
