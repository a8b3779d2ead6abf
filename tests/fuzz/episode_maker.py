"""Makes episodes: sound conversations with one part damaged. Pure; the seed decides everything."""

import random
import struct
from collections.abc import Sequence
from dataclasses import replace

from streamer.simulator.access_unit import AccessUnit
from streamer.simulator.codec import Codec
from streamer.simulator.rtp_payload import payloads
from tests.fuzz.corpus import Corpus, Recording
from tests.fuzz.episode import CSEQ, Episode, Kind, Piece
from tests.fuzz.mutation import mutate, mutate_text

_PAYLOAD_LIMIT = 1400
_SSRC = 0x4B697264
_RTP_INPUTS = 40
_STREAM_INPUTS = 24
_MESSAGES_AFTER_PLAY = 8
_METHODS = ("OPTIONS", "DESCRIBE", "SETUP", "PLAY")
_CHALLENGES = (
    b'Digest realm="camera", nonce="0123456789abcdef", stale=FALSE',
    b'Digest realm="camera", nonce="0123", algorithm="SHA-256", qop="auth"',
    b'Basic realm="camera"',
)
_STATUSES = (b"100 Continue", b"302 Found", b"401 Unauthorized", b"454 Session", b"500 x", b"999")
_TICKS = 3600


class EpisodeMaker:
    """The episodes of one seed."""

    def __init__(self, corpus: Corpus, seed: int) -> None:
        self._corpus = corpus
        self._seed = seed

    def make(self, number: int, kind: Kind) -> Episode:
        """The episode of that number and kind, always the same."""
        chance = random.Random(f"{self._seed}/{number}/{kind}")
        recording = chance.choice(self._corpus.recordings)
        whole = Episode(
            name=f"{self._seed}-{number}",
            kind=kind,
            source=recording.name,
            replies={method: [Piece(_reply(method, recording))] for method in _METHODS},
            media=[Piece(_framed(one)) for one in _packets(recording, recording.units[:8])],
        )
        match kind:
            case Kind.RTSP:
                return self._rtsp(whole, chance)
            case Kind.SDP:
                return self._sdp(whole, recording, chance)
            case Kind.RTP:
                return replace(whole, media=self._rtp(recording, chance))
            case Kind.STREAM:
                return replace(whole, media=self._stream(recording, chance))
            case Kind.SOUND:
                steady = self._corpus.recordings[0]
                media = [Piece(_framed(one)) for one in _packets(steady, steady.units)]
                replies = {method: [Piece(_reply(method, steady))] for method in _METHODS}
                return replace(whole, source=steady.name, replies=replies, media=media)

    def _rtsp(self, whole: Episode, chance: random.Random) -> Episode:
        """Damage answers before the stream, and put damaged messages into it."""
        replies = dict(whole.replies)
        for method in chance.sample(_METHODS, chance.choice((1, 1, 2))):
            (sound,) = whole.replies[method]
            damaged = Piece(self._message(sound.data, chance), mutated=True)
            # An answer that is damaged and asks for a password is followed by a sound one.
            follows = [sound] if b"401" in damaged.data[:32] else []
            replies[method] = [damaged, *follows]
        media: list[Piece] = list(whole.media)
        for _ in range(_MESSAGES_AFTER_PLAY):
            (sound,) = whole.replies[chance.choice(_METHODS)]
            message = Piece(self._message(sound.data, chance), mutated=True)
            media.insert(chance.randrange(len(media) // 2, len(media) + 1), message)
        return replace(whole, replies=replies, media=media)

    def _message(self, sound: bytes, chance: random.Random) -> bytes:
        match chance.randrange(6):
            case 0:
                return chance.choice(self._corpus.messages) + b"\r\n\r\n"
            case 1:
                value = chance.choice((*_CHALLENGES, *self._corpus.header_values))
                value = mutate_text(value, self._corpus.header_values, chance)
                head = b"RTSP/1.0 401 Unauthorized\r\nCSeq: " + CSEQ + b"\r\n"
                return head + b"WWW-Authenticate: " + value + b"\r\n\r\n"
            case 2:
                return sound.replace(b"200 OK", chance.choice(_STATUSES), 1)
            case _:
                return mutate_text(sound, self._corpus.header_values, chance)

    def _sdp(self, whole: Episode, recording: Recording, chance: random.Random) -> Episode:
        seeds = self._corpus.descriptions
        base = chance.choice(seeds) if chance.random() < 0.1 else recording.description
        damaged = mutate_text(base, (*seeds, *self._corpus.header_values), chance)
        describe = Piece(_described(damaged), mutated=True)
        return replace(whole, replies={**whole.replies, "DESCRIBE": [describe]})

    def _rtp(self, recording: Recording, chance: random.Random) -> list[Piece]:
        """A keyframe, then packets that are damaged, repeated, missing or something else."""
        packets = _packets(recording, recording.units)
        begun = len(_packets(recording, recording.units[:1]))
        media = [Piece(_framed(one)) for one in packets[:begun]]
        following = packets[begun:] or packets
        for number in range(_RTP_INPUTS):
            packet = following[number % len(following)]
            damaged, channel = self._packet(packet, chance), chance.choice((0, 0, 0, 0, 0, 1, 7))
            framed = bytearray(_framed(damaged, channel))
            if chance.random() < 0.03:
                framed[2:4] = chance.randbytes(2)
            media.append(Piece(bytes(framed), mutated=True))
            if chance.random() < 0.5:
                media.append(Piece(_framed(packet)))
        return media

    def _packet(self, packet: bytes, chance: random.Random) -> bytes:
        corpus = self._corpus
        match chance.randrange(5):
            case 0:
                return mutate(chance.choice(corpus.packets), corpus.packets, chance)
            case 1:
                payload = chance.choice(corpus.rtp_payloads)
                return packet[:12] + mutate(payload, corpus.rtp_payloads, chance)
            case 2:
                return mutate(packet[:12], corpus.packets, chance) + packet[12:]
            case 3:
                # The payload's own header: fragments that never start, never end, or nest.
                return packet[:12] + chance.randbytes(2) + packet[14:]
            case _:
                return mutate(packet, corpus.rtp_payloads, chance)

    def _stream(self, recording: Recording, chance: random.Random) -> list[Piece]:
        """Well-formed packets around damaged access units."""
        units = list(recording.units)
        media = [Piece(_framed(one)) for one in _packets(recording, units[:1])]
        parts = [nal for unit in units[:6] for nal in unit.nals]
        sequence, time = 1000, units[0].pts
        for number in range(_STREAM_INPUTS):
            unit = units[(number + 1) % len(units)]
            time += _TICKS
            nals = list(unit.nals)
            if chance.random() < 0.2:
                nals.insert(0, chance.choice(parts))
            at = chance.randrange(len(nals))
            nals[at] = mutate(nals[at], parts, chance) or b"\x00"
            if recording.codec is Codec.H265 and len(nals[at]) < 3:
                nals[at] += bytes(3)
            damaged = replace(unit, nals=tuple(nals), pts=time)
            packets = _numbered(recording.codec, damaged, sequence)
            sequence += len(packets)
            media += [Piece(_framed(one)) for one in packets[:-1]]
            media.append(Piece(_framed(packets[-1]), mutated=True))
        return media


def _reply(method: str, recording: Recording) -> bytes:
    match method:
        case "OPTIONS":
            return _ok(b"Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER")
        case "DESCRIBE":
            return _described(recording.description)
        case "SETUP":
            transport = b"Transport: RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=4B697264;mode=play"
            return _ok(transport, b"Session: 12345678;timeout=60")
        case _:
            info = b"RTP-Info: url=trackID=0;seq=0;rtptime=0"
            return _ok(b"Session: 12345678", b"Range: npt=0.000-", info)


def _ok(*headers: bytes, body: bytes = b"") -> bytes:
    return b"\r\n".join((b"RTSP/1.0 200 OK", b"CSeq: " + CSEQ, *headers, b"", body))


def _described(description: bytes) -> bytes:
    length = f"Content-Length: {len(description)}".encode()
    return _ok(b"Content-Type: application/sdp", length, body=description)


def _packets(recording: Recording, units: Sequence[AccessUnit]) -> list[bytes]:
    packets: list[bytes] = []
    for unit in units:
        packets += _numbered(recording.codec, unit, len(packets))
    return packets


def _numbered(codec: Codec, unit: AccessUnit, sequence: int) -> list[bytes]:
    """RTP packets of one picture (RFC 3550), numbered from `sequence`."""
    pieces = [piece for nal in unit.nals for piece in payloads(codec, nal, _PAYLOAD_LIMIT)]
    last = len(pieces) - 1
    return [
        struct.pack(
            ">BBHII",
            0x80,
            96 | (0x80 if index == last else 0),
            (sequence + index) & 0xFFFF,
            unit.pts & 0xFFFFFFFF,
            _SSRC,
        )
        + piece
        for index, piece in enumerate(pieces)
    ]


def _framed(packet: bytes, channel: int = 0) -> bytes:
    """A packet between the messages of an RTSP connection (RFC 2326 section 10.12)."""
    packet = packet[:0xFFFF]
    return struct.pack(">cBH", b"$", channel, len(packet)) + packet
