"""`kirdi run`: the service."""

import asyncio
import os
import signal

import structlog

from config.settings import Settings
from streamer.clock import SystemClock
from streamer.commands.invocation import ConfigOption, read_settings
from streamer.embedded.home import kirdi_home
from streamer.hardening import forbid_core_dumps
from streamer.log import configure_logging

log = structlog.get_logger(__name__)


def run(config: ConfigOption = None) -> None:
    """Watch the cameras and check in recognised patients, until interrupted."""
    settings = read_settings(config)
    forbid_core_dumps()
    configure_logging(secrets=secrets_in(settings))
    asyncio.run(_run(settings))


def secrets_in(settings: Settings) -> list[str]:
    """Every secret value of the settings, for the log to leave out."""
    from streamer.ingest.camera_url import secrets_of

    urls = [camera.url for camera in settings.cameras]
    urls += [url for url in (settings.database.url, settings.redis.url) if url is not None]
    return [secret for url in urls for secret in secrets_of(url.get_secret_value())]


async def _run(settings: Settings) -> None:
    from streamer.app import run_service

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await run_service(settings, kirdi_home(os.environ), SystemClock(), stop)
