"""A WHEP client in a process of its own: aiortc's, with nothing of ours.

`python -m tests.integration.live.client URL TOKEN CAMERA` prints a line of JSON for each thing that
happens, and ends when its standard input does.
"""

import argparse
import asyncio
import json
import sys
import time
import urllib.error
import urllib.request
from typing import Any

import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack


def say(what: str, **more: object) -> None:
    print(json.dumps({"what": what, "at": time.time(), **more}), flush=True)


def ask(
    url: str, token: str, method: str, body: str | None = None, kind: str = "application/sdp"
) -> tuple[int, dict[str, str], str]:
    request = urllib.request.Request(url, None if body is None else body.encode(), method=method)
    request.add_header("Authorization", f"Bearer {token}")
    if body is not None:
        request.add_header("Content-Type", kind)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return answer.status, headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        headers = {name.lower(): value for name, value in error.headers.items()}
        return error.code, headers, error.read().decode()


async def watch(track: MediaStreamTrack) -> None:
    """Decode, and tell of every frame: size, RTP time, its quarters' colours, its left's detail."""
    try:
        while True:
            frame: Any = await track.recv()
            image = frame.to_ndarray(format="rgb24")
            height, width = image.shape[:2]
            quarters = [
                image[y * height // 4, x * width // 4].tolist() for y in (1, 3) for x in (1, 3)
            ]
            left = image[:, : width // 2].astype(np.int16)
            detail = float(np.abs(np.diff(left, axis=1)).mean())
            say(
                "frame",
                width=width,
                height=height,
                pts=frame.pts,
                quarters=quarters,
                detail=detail,
            )
    except MediaStreamError:
        say("track-ended")


async def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("url", "token", "camera"):
        parser.add_argument(name)
    parser.add_argument("--view", default="")
    options = parser.parse_args()
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    connection.addTransceiver("video", direction="recvonly")
    tasks = []

    @connection.on("track")
    def on_track(track: MediaStreamTrack) -> None:
        tasks.append(asyncio.create_task(watch(track)))

    @connection.on("connectionstatechange")
    def on_state() -> None:
        say("state", state=connection.connectionState)

    await connection.setLocalDescription(await connection.createOffer())
    path = f"{options.url}/api/v1/cameras/{options.camera}/whep"
    query = f"?view={options.view}" if options.view else ""
    status, headers, answer = await asyncio.to_thread(
        ask, path + query, options.token, "POST", connection.localDescription.sdp
    )
    say("answer", status=status, location=headers.get("location", ""), body=answer)
    if status != 201:
        return
    await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    await asyncio.to_thread(sys.stdin.read)
    place = options.url + headers["location"]
    status, _, _ = await asyncio.to_thread(ask, place, options.token, "DELETE")
    say("deleted", status=status)
    await connection.close()


if __name__ == "__main__":
    asyncio.run(main())
