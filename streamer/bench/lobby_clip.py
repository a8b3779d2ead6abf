"""The clip for those who give none: the lobby that `kirdi demo` composes of sample photographs."""

import asyncio
import threading
from pathlib import Path

from matcher.matcher import Matcher
from streamer.embedded.demo.lobby import clip_path, compose_lobby
from streamer.embedded.demo.photographs import find_people, read_photographs


async def lobby_clip(folder: Path, matcher: Matcher) -> Path:
    """Compose it in this folder.

    Raises:
        KirdiError: A photograph is not there, or the clip cannot be written.
    """
    photographs = await asyncio.to_thread(read_photographs)
    people = await find_people(photographs, matcher)
    file, abandoned = clip_path(folder, photographs), threading.Event()
    try:
        await asyncio.to_thread(compose_lobby, file, people, abandoned.is_set)
    finally:
        abandoned.set()
    return file
