"""`kirdi run`: the service."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict

import structlog

from config.load import load_settings, settings_file
from config.settings import Settings
from streamer.clock import SystemClock
from streamer.commands.invocation import ConfigOption, JsonOption, print_json
from streamer.domain.camera_state import CameraState
from streamer.embedded.home import kirdi_home
from streamer.hardening import allow_descriptors
from streamer.log import configure_logging

log = structlog.get_logger(__name__)


def run(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Watch the cameras and check in recognised patients, until interrupted.

    SIGHUP makes it read its cameras anew, as `kirdi reload` does.

    With --json, the cameras' counters are printed at the end.
    """
    file = settings_file(config, os.environ)
    settings = load_settings(file, os.environ)
    allow_descriptors()
    configure_logging("debug" if "--debug" in sys.argv else "info", secrets_in(settings))
    states = asyncio.run(_run(settings, lambda: load_settings(file, os.environ)))
    if as_json:
        print_json([asdict(state) for state in states])


def secrets_in(settings: Settings) -> list[str]:
    """Every secret value of the settings, for the log to leave out."""
    from streamer.ingest.camera_url import secrets_of

    urls = [url for camera in settings.cameras for url in camera.urls]
    urls += [*settings.database.urls, *([settings.redis.url] if settings.redis.url else [])]
    client = settings.oidc.client_secret
    others = [] if client is None else [client.get_secret_value()]
    return others + [secret for url in urls for secret in secrets_of(url.get_secret_value())]


async def _run(settings: Settings, read: Callable[[], Settings]) -> tuple[CameraState, ...]:
    from streamer.app import run_service
    from streamer.cameras.camera_control import Reloading

    stop, reload = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, reload.set)
    return await run_service(
        settings,
        kirdi_home(os.environ),
        SystemClock(),
        stop,
        reloading=Reloading(read, reload),
    )
