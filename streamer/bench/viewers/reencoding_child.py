"""`python -m streamer.bench.viewers.reencoding_child`: aiortc as it is used otherwise.

It encodes the same pictures anew for a viewer. They were decoded before, so that nothing but
encoding and sending is counted. Answers with an offer, is told the answer to it, and answers with
the CPU seconds and frames of so many seconds.
"""

import asyncio
import json
import time
from fractions import Fraction
from typing import Any, Final

import av
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack
from av import VideoFrame

from streamer.bench.child import plain_last_words, read_request, send_answer, stop_with_parent
from streamer.errors import KirdiError
from streamer.hardening import forbid_core_dumps

_KEPT: Final = 45
_START_S: Final = 20.0
_WARM_S: Final = 2.0


class Pictures(MediaStreamTrack):
    """Decoded frames at their pace, over and over."""

    kind = "video"

    def __init__(self, frames: list[VideoFrame], fps: int) -> None:
        """Keep the frames."""
        super().__init__()
        self._frames = frames
        self._fps = fps
        self._began: float | None = None
        self.sent = 0

    async def recv(self) -> VideoFrame:
        """The next one, when it is due."""
        if self._began is None:
            self._began = time.monotonic()
        await asyncio.sleep(max(0.0, self._began + self.sent / self._fps - time.monotonic()))
        frame = self._frames[self.sent % len(self._frames)]
        frame.pts, frame.time_base = self.sent * 90_000 // self._fps, Fraction(1, 90_000)
        self.sent += 1
        return frame


def _decoded(clip: str) -> list[VideoFrame]:
    frames = []
    with av.open(clip) as source:
        for frame in source.decode(video=0):
            frames.append(frame.reformat(format="yuv420p"))
            if len(frames) == _KEPT:
                break
    return frames


async def send(request: dict[str, Any]) -> None:
    """Encode and send for the seconds asked for."""
    frames = await asyncio.to_thread(_decoded, request["clip"])
    track = Pictures(frames, request["fps"])
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    try:
        sender = peer.addTrack(track)
        transceiver = next(one for one in peer.getTransceivers() if one.sender is sender)
        codecs = sender.getCapabilities("video").codecs
        transceiver.setCodecPreferences([one for one in codecs if one.name in ("H264", "rtx")])
        await peer.setLocalDescription(await peer.createOffer())
        send_answer(json.dumps(peer.localDescription.sdp).encode())
        answer = json.loads(await asyncio.to_thread(read_request))
        stop = asyncio.Event()
        stop_with_parent(stop)
        await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        began = time.monotonic()
        while track.sent == 0:
            if time.monotonic() - began > _START_S or stop.is_set():
                raise KirdiError("the receiving end does not connect")
            await asyncio.sleep(0.1)
        await asyncio.sleep(_WARM_S)
        cpu, sent = time.process_time(), track.sent
        await asyncio.sleep(request["seconds"])
        used, count = time.process_time() - cpu, track.sent - sent
        send_answer(json.dumps({"cpu_s": used, "frames": count}).encode())
        await stop.wait()
    finally:
        await peer.close()


def main() -> None:
    """Send."""
    forbid_core_dumps()
    with plain_last_words():
        asyncio.run(send(json.loads(read_request())))


if __name__ == "__main__":
    main()
