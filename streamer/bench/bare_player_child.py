"""`python -m streamer.bench.bare_player_child`: bare PyAV decoding one camera's packets.

It plays the file over and over at the camera's own pace while the service decodes the same, so both
find the machine in the same condition: a decoder that runs flat out has warmer caches.
"""

import json
import time
from pathlib import Path

import av

from streamer.bench.child import read_request, send_answer
from streamer.hardening import forbid_core_dumps


def play(clip: Path, fps: float, seconds: float) -> float:
    """CPU seconds that one decoded frame took."""
    frames, began, used = 0, time.monotonic(), time.process_time()
    while time.monotonic() < began + seconds:
        with av.open(str(clip)) as container:
            stream = container.streams.video[0]
            stream.thread_type = "SLICE"
            stream.codec_context.thread_count = 1
            for packet in container.demux(stream):
                frames += len(packet.decode())
                time.sleep(max(0.0, began + frames / fps - time.monotonic()))
                if time.monotonic() >= began + seconds:
                    break
    return (time.process_time() - used) / max(1, frames)


def main() -> None:
    """Play what the request names; answers with the CPU seconds of one frame."""
    forbid_core_dumps()
    clip, fps, seconds = json.loads(read_request())
    send_answer(json.dumps(play(Path(clip), fps, seconds)).encode())


if __name__ == "__main__":
    main()
