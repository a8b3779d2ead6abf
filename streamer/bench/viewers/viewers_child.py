"""`python -m streamer.bench.viewers.viewers_child`: so many viewers of a camera, by WHEP.

Answers `{"viewers": N}` once all see something, then what they saw in the seconds after that.
"""

import asyncio
import json
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Final

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from streamer.bench.child import plain_last_words, read_request, send_answer, stop_with_parent
from streamer.bench.viewers.light_receiver import Decoders
from streamer.bench.viewers.stamped_clip import read_stamp
from streamer.errors import KirdiError
from streamer.hardening import forbid_core_dumps

_AGAIN_S: Final = 0.5
_CREATED: Final = 201


class Viewers:
    """All of them; the first decodes and reads the clock in the picture."""

    def __init__(self, home: Path, token: str, camera: str) -> None:
        """Keep where to ask, and as whom."""
        self._home = home
        self._token = token
        self._camera = camera
        self._peers: list[RTCPeerConnection] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._decoders = Decoders(1)
        self._decoders.install()
        self.seen: list[tuple[float, int]] = []
        """Wall time, and the number of the frame that was there."""

    async def begin(self, count: int, stop: asyncio.Event) -> None:
        """Have so many look; raises KirdiError where one is refused."""
        for _ in range(count):
            await self._one(stop)

    @property
    def frames(self) -> list[int]:
        """How many each has received so far."""
        others = self._decoders.counts[: len(self._peers) - 1]
        return [len(self.seen), *(one.frames for one in others)]

    @property
    def all_see(self) -> bool:
        """Whether each has received something."""
        return len(self.frames) == len(self._peers) and all(self.frames)

    async def end(self) -> None:
        """Hang up."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*(one.close() for one in self._peers))

    async def _one(self, stop: asyncio.Event) -> None:
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._peers.append(peer)
        peer.addTransceiver("video", direction="recvonly")

        @peer.on("track")
        def on_track(track: MediaStreamTrack) -> None:
            self._tasks.append(asyncio.create_task(self._watch(track)))

        await peer.setLocalDescription(await peer.createOffer())
        while not stop.is_set():
            status, body = await asyncio.to_thread(self._ask, peer.localDescription.sdp)
            if status == _CREATED:
                await peer.setRemoteDescription(RTCSessionDescription(body, "answer"))
                return
            if status not in (0, 409):
                raise KirdiError(f"a viewer was refused: {status} {body[:200]}")
            await asyncio.sleep(_AGAIN_S)

    def _ask(self, offer: str) -> tuple[int, str]:
        """Status and body; 0 while there is no server yet."""
        try:
            url = json.loads((self._home / "web.json").read_text(encoding="utf-8"))["url"]
            request = urllib.request.Request(  # noqa: S310 - the service's own address
                f"{url}/api/v1/cameras/{self._camera}/whep?view=clear",
                offer.encode(),
                {"Content-Type": "application/sdp", "Authorization": f"Bearer {self._token}"},
                method="POST",
            )
            with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")
        except (OSError, ValueError, KeyError):
            return 0, ""

    async def _watch(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                frame: Any = await track.recv()
                number = read_stamp(frame.to_ndarray(format="gray"))
                if number is not None:
                    self.seen.append((time.time(), number))
        except MediaStreamError:
            return


async def look(request: dict[str, Any]) -> None:
    """Do what the request asks for."""
    stop = asyncio.Event()
    stop_with_parent(stop)
    viewers = Viewers(Path(request["home"]), request["token"], request["camera"])
    try:
        await viewers.begin(request["viewers"], stop)
        while not viewers.all_see and not stop.is_set():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(_AGAIN_S)
        send_answer(json.dumps({"viewers": request["viewers"]}).encode())
        await asyncio.sleep(request["wait_s"])
        before, seen = viewers.frames, len(viewers.seen)
        await asyncio.sleep(request["seconds"])
        frames = [after - was for was, after in zip(before, viewers.frames, strict=True)]
        send_answer(json.dumps({"frames": frames, "seen": viewers.seen[seen:]}).encode())
        await stop.wait()
    finally:
        await viewers.end()


def main() -> None:
    """Look."""
    forbid_core_dumps()
    with plain_last_words():
        asyncio.run(look(json.loads(read_request())))


if __name__ == "__main__":
    main()
