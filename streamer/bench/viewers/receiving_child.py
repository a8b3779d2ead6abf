"""`python -m streamer.bench.viewers.receiving_child`: the other end of `reencoding_child`."""

import asyncio
import json

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack

from streamer.bench.child import plain_last_words, read_request, send_answer, stop_with_parent
from streamer.bench.viewers.light_receiver import Decoders
from streamer.hardening import forbid_core_dumps


async def receive(offer: str) -> None:
    """Answer an offer, and receive until the standard input ends."""
    stop = asyncio.Event()
    stop_with_parent(stop)
    Decoders(0).install()
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    tracks: list[asyncio.Future[object]] = []

    @peer.on("track")
    def on_track(track: MediaStreamTrack) -> None:
        tracks.append(asyncio.ensure_future(track.recv()))

    try:
        await peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await peer.setLocalDescription(await peer.createAnswer())
        send_answer(json.dumps(peer.localDescription.sdp).encode())
        await stop.wait()
    finally:
        for one in tracks:
            one.cancel()
        await peer.close()


def main() -> None:
    """Receive."""
    forbid_core_dumps()
    with plain_last_words():
        asyncio.run(receive(json.loads(read_request())))


if __name__ == "__main__":
    main()
