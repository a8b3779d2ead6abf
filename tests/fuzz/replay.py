"""Playing one kept episode to one decoder again."""

import asyncio
from pathlib import Path

from config.settings import Camera
from streamer.clock import SystemClock
from streamer.ingest.mailbox import LatestFrameMailbox
from streamer.ingest.supervisor import CameraSupervisor
from tests.fuzz.episode import Episode
from tests.fuzz.hostile_camera import HostileCamera


async def replay(path: Path) -> str:
    """Serve the episode once; how the connection ended, in the supervisor's words."""
    episode = Episode.read(path)
    async with HostileCamera(lambda: episode) as source:
        camera = Camera.model_validate(
            {
                "id": "replayed",
                "url": source.url,
                "transport": episode.transport,
                "analyse_fps": 25.0,
                "connect_timeout_s": 1.5,
                "stall_timeout_s": 1.5,
            }
        )
        mailbox = LatestFrameMailbox()
        supervisor = CameraSupervisor(camera, SystemClock(), mailbox, lambda _: None)
        failure = await supervisor.run_once(asyncio.Event())
        mailbox.close()
    return f"{failure}; {supervisor.state.decoded} frames decoded"
