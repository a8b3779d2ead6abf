"""The RTP packets and RTCP reports of one sender. Used by `media_sender`; does no I/O.

RFC 3550: section 5.1 (RTP header), 6.4.1 (sender report), 6.5 (SDES), 6.6 (BYE).
"""

import secrets
import struct

from streamer.simulator.access_unit import AccessUnit
from streamer.simulator.codec import Codec
from streamer.simulator.rtp_payload import payloads

MAX_PAYLOAD = 1400
"""Fits an Ethernet frame with the headers of RTP, UDP and IPv6."""

_VERSION = 0x80
_SENDER_REPORT, _SOURCE_DESCRIPTION, _BYE = 200, 202, 203
_NTP_EPOCH = 2_208_988_800
"""Seconds from 1900, where NTP begins, to 1970."""
_CNAME = b"kirdi-simulator"


class RtpStream:
    """Numbers one stream's packets: SSRC, first sequence number and time are random (RFC 3550)."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._ssrc = secrets.randbits(32)
        self._sequence = secrets.randbits(16)
        self._first_timestamp = secrets.randbits(32)
        self._packets = 0
        self._octets = 0

    @property
    def ssrc(self) -> int:
        """The synchronisation source, which a Transport header may announce."""
        return self._ssrc

    @property
    def next_sequence(self) -> int:
        """The sequence number of the next packet, for the RTP-Info header."""
        return self._sequence

    def timestamp(self, pts: int) -> int:
        """The RTP timestamp of a time in ticks."""
        return (self._first_timestamp + pts) & 0xFFFFFFFF

    def packets(self, unit: AccessUnit) -> list[bytes]:
        """The packets of one picture; the marker is on the last."""
        pieces = [piece for nal in unit.nals for piece in payloads(self._codec, nal, MAX_PAYLOAD)]
        timestamp = self.timestamp(unit.pts)
        last = len(pieces) - 1
        return [self._packet(piece, timestamp, i == last) for i, piece in enumerate(pieces)]

    def sender_report(self, unix_time: float, ticks: int) -> bytes:
        """A compound packet: at wall time `unix_time` the stream's time is `ticks`."""
        seconds = int(unix_time)
        fraction = int((unix_time - seconds) * (1 << 32))
        report = struct.pack(
            ">BBHIIIIII",
            _VERSION,
            _SENDER_REPORT,
            6,
            self._ssrc,
            (seconds + _NTP_EPOCH) & 0xFFFFFFFF,
            fraction,
            self.timestamp(ticks),
            self._packets & 0xFFFFFFFF,
            self._octets & 0xFFFFFFFF,
        )
        return report + self._source_description()

    def bye(self, unix_time: float, ticks: int) -> bytes:
        """A compound packet that ends the stream."""
        goodbye = struct.pack(">BBHI", _VERSION | 1, _BYE, 1, self._ssrc)
        return self.sender_report(unix_time, ticks) + goodbye

    def _packet(self, payload: bytes, timestamp: int, marker: bool) -> bytes:
        header = struct.pack(
            ">BBHII",
            _VERSION,
            self._codec.payload_type | (0x80 if marker else 0),
            self._sequence,
            timestamp,
            self._ssrc,
        )
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._packets += 1
        self._octets += len(payload)
        return header + payload

    def _source_description(self) -> bytes:
        item = struct.pack(">IBB", self._ssrc, 1, len(_CNAME)) + _CNAME
        # At least one zero ends the item list, and the chunk fills whole words.
        chunk = item + bytes(4 - len(item) % 4)
        return struct.pack(">BBH", _VERSION | 1, _SOURCE_DESCRIPTION, len(chunk) // 4) + chunk
