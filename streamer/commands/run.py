"""`kirdi run`: the service."""

import asyncio
import os
import signal
import sys
from dataclasses import asdict

import structlog

from config.settings import Settings
from streamer.clock import SystemClock
from streamer.commands.invocation import ConfigOption, JsonOption, print_json, read_settings
from streamer.domain.camera_state import CameraState
from streamer.embedded.home import kirdi_home
from streamer.log import configure_logging

log = structlog.get_logger(__name__)


def run(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Watch the cameras and check in recognised patients, until interrupted.

    With --json, the cameras' counters are printed at the end.
    """
    settings = read_settings(config)
    configure_logging("debug" if "--debug" in sys.argv else "info", secrets_in(settings))
    states = asyncio.run(_run(settings))
    if as_json:
        print_json([asdict(state) for state in states])


def secrets_in(settings: Settings) -> list[str]:
    """Every secret value of the settings, for the log to leave out."""
    from streamer.ingest.camera_url import secrets_of

    urls = [camera.url for camera in settings.cameras]
    urls += [url for url in (settings.database.url, settings.redis.url) if url is not None]
    return [secret for url in urls for secret in secrets_of(url.get_secret_value())]


async def _run(settings: Settings) -> tuple[CameraState, ...]:
    from streamer.app import run_service

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return await run_service(settings, kirdi_home(os.environ), SystemClock(), stop)
