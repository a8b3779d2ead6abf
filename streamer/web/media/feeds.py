"""Which pictures of which cameras are sent just now; each runs while somebody looks at it."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import structlog

from streamer.clock import Clock
from streamer.web.media.broadcast import Broadcast, Post
from streamer.web.media.clear_feed import ClearFeed
from streamer.web.media.sources import LiveCameras
from streamer.web.media.view import View

log = structlog.get_logger(__name__)

_ENCODERS: Final = 2
"""Threads; with more cameras than that, pictures are shown less often rather than late."""
_END_S: Final = 3.0


class Feed:
    """One picture of one camera."""

    def __init__(self, camera_id: str, view: View, broadcast: Broadcast) -> None:
        """Keep what it is; `Feeds` runs it."""
        self.camera_id = camera_id
        self.view = view
        self.broadcast = broadcast
        self.viewers = 0
        self.task: asyncio.Task[None] | None = None


class Feeds:
    """All of them. Belongs to the service's loop."""

    def __init__(
        self, cameras: LiveCameras, clock: Clock, post: Post, over: Callable[[Feed], None]
    ) -> None:
        """Begin with none.

        Args:
            cameras: Where pictures come from.
            clock: Of the pictures.
            post: Calls in the media thread.
            over: Told when one has ended by itself: its camera was stopped.
        """
        self._cameras = cameras
        self._clock = clock
        self._post = post
        self._over = over
        self._feeds: dict[tuple[str, View], Feed] = {}
        self._threads: ThreadPoolExecutor | None = None
        self._ending: set[asyncio.Task[None]] = set()

    def join(self, camera_id: str, view: View) -> Feed:
        """One more looks; `leave` must follow. Raises KirdiError where nothing is to be had."""
        feed = self._feeds.get((camera_id, view))
        if feed is None:
            feed = Feed(camera_id, view, Broadcast(self._post))
            if view is View.BLURRED:
                # Not before: it loads FFmpeg.
                from streamer.web.media.blurred_feed import BlurredFeed

                blurred = BlurredFeed(feed.broadcast, self._encoders(), self._clock)
                work = blurred.run(self._cameras.frames(camera_id))
            else:
                clear = ClearFeed(camera_id, self._cameras, feed.broadcast)
                work = clear.run(self._cameras.packets(camera_id))
            feed.task = asyncio.create_task(work, name=f"live {camera_id} {view}")
            self._feeds[camera_id, view] = feed
            feed.task.add_done_callback(lambda task: self._ended(feed, task))
        feed.viewers += 1
        return feed

    def leave(self, feed: Feed) -> None:
        """One looks no more; after the last nothing is taken from the camera."""
        feed.viewers -= 1
        if feed.viewers == 0 and feed.task is not None:
            self._forget(feed)
            feed.task.cancel()

    async def close(self) -> None:
        """End all of them."""
        tasks = [one.task for one in self._feeds.values() if one.task is not None]
        self._feeds.clear()
        for task in tasks:
            task.cancel()
        waiting = {*tasks, *self._ending}
        if waiting:
            await asyncio.wait(waiting, timeout=_END_S)
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    def _encoders(self) -> ThreadPoolExecutor:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_ENCODERS, thread_name_prefix="live-encoder")
        return self._threads

    def _forget(self, feed: Feed) -> None:
        if self._feeds.get((feed.camera_id, feed.view)) is feed:
            del self._feeds[feed.camera_id, feed.view]
            if feed.task is not None and not feed.task.done():
                self._ending.add(feed.task)
                feed.task.add_done_callback(self._ending.discard)

    def _ended(self, feed: Feed, task: asyncio.Task[None]) -> None:
        self._forget(feed)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            log.warning("live.ended", camera=feed.camera_id, reason=type(error).__name__)
        self._over(feed)
