"""Composes the clip of the lobby at first use and keeps it. Called by `demo`; blocking.

H.264 as a camera sends it: no B-frames, a keyframe every two seconds.
"""

import errno
import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import structlog
from av.video.stream import VideoStream

from matcher.face import Image
from streamer.embedded.demo.cast import CAST
from streamer.embedded.demo.photographs import Person, Photograph
from streamer.embedded.demo.portrait import Head, cut_head
from streamer.embedded.demo.scene import HEIGHT, WIDTH, draw_lobby
from streamer.embedded.demo.walker import draw_walker, pose_at, seconds_of
from streamer.errors import EmbeddedError, KirdiError

FPS = 15
GOP_S = 2
# Changes with whatever changes the pictures, so that an older clip is composed anew.
_VERSION = 1
_OPTIONS = {"preset": "superfast", "crf": "24", "bf": "0", "sc_threshold": "0"}
_LOCK_RETRY_S = 0.1

_log = structlog.get_logger(__name__)


class InterruptedDemoError(KirdiError):
    """The demo was told to stop before its end."""

    exit_code = 130

    def __init__(self, when: str = "during the set-up") -> None:
        """Say so."""
        super().__init__(f"demo: interrupted {when}; nothing is left running")


def clip_path(folder: Path, photographs: Sequence[Photograph]) -> Path:
    """Where the clip made of these photographs lies, or will lie."""
    digests = [photograph.sha256 for photograph in photographs]
    recipe = hashlib.sha256(repr((_VERSION, FPS, GOP_S, CAST, digests)).encode()).hexdigest()
    return folder / f"lobby-{recipe[:16]}.mp4"


def clip_seconds() -> float:
    """How long the clip is: until the last one has passed, and a breath."""
    return max(member.walk.enters_at + seconds_of(member.walk) for member in CAST) + 1.0


def compose_lobby(
    clip: Path,
    people: Sequence[Person],
    interrupted: Callable[[], bool],
) -> None:
    """Compose the clip unless it is there; two at once compose it once.

    It is written beside its place and renamed when it is whole and on the disk.

    Args:
        clip: From `clip_path`; its folder is there.
        people: Of the photographs, by number.
        interrupted: Asked between frames.

    Raises:
        EmbeddedError: It cannot be written.
        InterruptedDemoError: As asked.
    """
    try:
        with _exclusive(clip.parent / ".lobby.lock", interrupted):
            if clip.exists():
                return
            for left in (*clip.parent.glob(".lobby-*"), *clip.parent.glob("lobby-*.mp4")):
                left.unlink(missing_ok=True)
            _log.info("composing the lobby", seconds=round(clip_seconds(), 1))
            _compose(clip, people, interrupted)
    except OSError as error:
        # FFmpeg's errors are OSErrors, too, and some know no reason but their number.
        known = error.errno is not None and error.errno in errno.errorcode
        reason = os.strerror(error.errno or 0) if known else "input/output error"
        raise EmbeddedError(
            f"lobby clip {clip}: it cannot be written ({reason}); "
            "free some disk space, or set KIRDI_HOME to another folder"
        ) from error


def _compose(
    clip: Path,
    people: Sequence[Person],
    interrupted: Callable[[], bool],
) -> None:
    fresh = clip.with_name(f".{clip.name}.new")
    try:
        handle = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w+b") as file:
            with av.open(file, "w", format="mp4") as container:
                stream = container.add_stream("libx264", rate=FPS, options=_OPTIONS)
                assert isinstance(stream, VideoStream)
                stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
                stream.codec_context.gop_size = GOP_S * FPS
                stream.codec_context.time_base = Fraction(1, FPS)
                total = round(clip_seconds() * FPS)
                for number, picture in enumerate(_pictures(people, total)):
                    if interrupted():
                        raise InterruptedDemoError
                    frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                    frame.pts, frame.time_base = number, Fraction(1, FPS)
                    container.mux(stream.encode(frame))
                container.mux(stream.encode(None))
            file.flush()
            os.fsync(handle)
        fresh.rename(clip)
    finally:
        fresh.unlink(missing_ok=True)


def _pictures(people: Sequence[Person], total: int) -> Iterator[Image]:
    empty = draw_lobby()
    heads: dict[int, Head] = {}
    for number in range(total):
        present = []
        for member in CAST:
            pose = pose_at(member.walk, number / FPS - member.walk.enters_at)
            if pose is not None:
                present.append((pose, member))
        picture = empty.copy()
        # The farther ones first: the nearer ones hide them.
        for pose, member in sorted(present, key=lambda one: -one[0].z):
            if member.person not in heads:
                heads[member.person] = cut_head(people[member.person])
            draw_walker(picture, heads[member.person], member.walk, pose)
        yield picture


@contextmanager
def _exclusive(path: Path, interrupted: Callable[[], bool]) -> Iterator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if interrupted():
                    raise InterruptedDemoError from None
                time.sleep(_LOCK_RETRY_S)
        yield
    finally:
        os.close(handle)
