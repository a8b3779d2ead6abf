"""Looking at a camera once: `kirdi camera probe URL`, and the test before one is saved."""

import json
import os
import select
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import numpy as np

from matcher.face import Image
from streamer.child_command import child_command
from streamer.errors import CameraError, InputError
from streamer.ingest.camera_url import CameraUrl, redact
from streamer.ingest.child_environment import child_environment
from streamer.ingest.protocol import FailureKind, one_line
from streamer.ingest.stream_info import StreamInfo

OBSERVE_S: Final = 10.0
_GRACE_S: Final = 5.0
_MAX_ANSWER: Final = 128 * 1024 * 1024
_MAX_SIDE: Final = 16384
_SNAPSHOTS: Final = {".jpg": "mjpeg", ".jpeg": "mjpeg", ".png": "png"}

_REMEDIES: Final = {
    FailureKind.UNREACHABLE: "check its address and port, and that it is on and in this network",
    FailureKind.UNAUTHORIZED: "correct the user name and password in its URL",
    FailureKind.NOT_FOUND: "look up the path of its stream in the camera's manual",
    FailureKind.NO_VIDEO: "give the path of a video stream",
    FailureKind.CODEC: "set the camera to H.264 or H.265",
    FailureKind.REDIRECTED: "correct its URL if that is right, and its settings if not",
    FailureKind.CERTIFICATE: "name its maker's or your own authority's certificate as ca_file",
    FailureKind.STALLED: "restart the camera, or try the other transport (tcp or udp)",
    FailureKind.ENDED: "restart the camera, or end its other sessions",
    FailureKind.BUSY: "end its other sessions, or wait a minute until it forgets them",
    FailureKind.DIED: "its stream crashes the decoder; restart or update the camera",
}
_OTHER_REMEDY: Final = "check that the URL is that of an RTSP camera"


class UnseenError(CameraError):
    """A camera cannot be seen; `kind` says why, in one word of ours."""

    def __init__(self, message: str, kind: FailureKind) -> None:
        """See `CameraError`."""
        super().__init__(message, code=f"camera_{kind}")
        self.kind = kind


def probe(
    url: str,
    transport: Literal["tcp", "udp"] = "tcp",
    timeout_s: float = 10.0,
    snapshot: Path | None = None,
    *,
    ca_file: Path | None = None,
    insecure_tls: bool = False,
) -> StreamInfo:
    """Connect to a camera, watch it for a few seconds, and describe its stream; blocking.

    Takes until two GOPs were seen: `timeout_s` for the first picture and 10 s more at most.

    Args:
        url: rtsp or rtsps, with credentials where needed.
        transport: How media shall come.
        timeout_s: For connecting and for the first decoded keyframe.
        snapshot: Where to write the first picture: `.jpg`, `.jpeg` or `.png`, mode 0600. An older
            file is replaced, and only once the new one is whole.
        ca_file: For rtsps, whose certificates to trust; None = the system's authorities.
        insecure_tls: Trust any certificate.

    Raises:
        InputError: The URL is no camera's, or the snapshot can't be written there.
        CameraError: The camera can't be reached, refuses, or sends nothing that can be decoded.
    """
    camera = CameraUrl.parse(url)
    picture_format = None if snapshot is None else _check_snapshot(snapshot)
    seen = observe(
        camera,
        transport,
        timeout_s,
        picture_format=picture_format,
        ca_file=ca_file,
        insecure_tls=insecure_tls,
    )
    if snapshot is not None:
        _write_snapshot(snapshot, seen.encoded)
    return seen.info


@dataclass(frozen=True, slots=True, eq=False)
class Probed:
    """A stream as it was seen, with its first picture.

    Attributes:
        encoded: The picture as a file of the format that was asked for; empty for `rgb`.
        picture: RGB, 1280 pixels wide at most; None unless `rgb` was asked for.
    """

    info: StreamInfo
    encoded: bytes = field(default=b"", repr=False)
    picture: Image | None = field(default=None, repr=False)


def observe(
    camera: CameraUrl,
    transport: Literal["tcp", "udp"],
    timeout_s: float,
    *,
    picture_format: str | None = None,
    ca_file: Path | None = None,
    insecure_tls: bool = False,
) -> Probed:
    """See `probe`; blocking. Nothing is written.

    Args:
        camera: Where it is.
        transport: How media shall come.
        timeout_s: For connecting and for the first decoded keyframe.
        picture_format: `mjpeg` or `png`, encoded where it was decoded; `rgb`, which needs no
            decoder of ours; None = no picture.
        ca_file: See `probe`.
        insecure_tls: Likewise.

    Raises:
        CameraError: See `probe`.
    """
    order = {
        "address": camera.full,
        "transport": transport,
        "timeout_s": timeout_s,
        "observe_s": OBSERVE_S,
        "snapshot": picture_format,
        "parent_pid": os.getpid(),
        "ca_file": None if ca_file is None else str(ca_file.absolute()),
        "insecure_tls": insecure_tls,
    }
    answer = _ask_child(order, timeout_s + OBSERVE_S + _GRACE_S)
    if answer is None:
        text = f"no picture within {timeout_s:g} s"
        raise _camera_error(camera, FailureKind.STALLED, text)
    info, picture, size = _read_answer(camera, answer)
    if picture_format != "rgb":
        return Probed(info, encoded=picture)
    width, height = size
    if len(picture) != 3 * width * height or not picture:
        raise _camera_error(camera, FailureKind.DIED, "the probing process sent no picture")
    pixels = np.frombuffer(picture, np.uint8).reshape(height, width, 3)
    return Probed(info, picture=pixels)


def _ask_child(order: dict[str, object], limit_s: float) -> bytes | None:
    """Run the child; what it wrote, or None when it had to be killed after `limit_s` seconds."""
    deadline = time.monotonic() + limit_s
    with subprocess.Popen(
        child_command("streamer.ingest.probe_child"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=child_environment(),
        cwd="/",
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write(json.dumps(order).encode() + b"\n")
            child.stdin.close()
            answer = bytearray()
            while (left := deadline - time.monotonic()) > 0 and len(answer) <= _MAX_ANSWER:
                if not select.select([child.stdout], [], [], left)[0]:
                    break
                piece = os.read(child.stdout.fileno(), 1 << 20)
                if not piece:
                    return bytes(answer)
                answer += piece
        except BrokenPipeError:
            return b""
        finally:
            child.kill()
    return None


def _read_answer(camera: CameraUrl, answer: bytes) -> tuple[StreamInfo, bytes, tuple[int, int]]:
    line, _, picture = answer.partition(b"\n")
    try:
        given = json.loads(line)
        if "failure" in given:
            kind, text = FailureKind(given["failure"]), str(given["text"])
        else:
            width, height = (int(one) for one in given.get("size", (0, 0)))
            if not 0 <= width <= _MAX_SIDE or not 0 <= height <= _MAX_SIDE:
                raise ValueError("no picture's size")
            return StreamInfo.from_json(given["info"]), picture, (width, height)
    except (ValueError, TypeError, KeyError):
        kind, text = FailureKind.DIED, "the probing process died"
    raise _camera_error(camera, kind, text)


def _camera_error(camera: CameraUrl, kind: FailureKind, text: str) -> UnseenError:
    words = one_line(redact(text, camera.secrets))
    if kind is FailureKind.UNREACHABLE:
        words = f"cannot be reached ({words})"
    remedy = _REMEDIES.get(kind, _OTHER_REMEDY)
    return UnseenError(f"{camera.address}: {words}; {remedy}", kind)


def _check_snapshot(path: Path) -> str:
    """FFmpeg's name of the picture format."""
    if path.suffix.lower() not in _SNAPSHOTS:
        raise InputError(f"{path}: unknown kind of picture; name it .jpg or .png")
    if path.is_dir() or not path.parent.is_dir():
        raise InputError(f"{path}: no such folder; create it, or write elsewhere")
    return _SNAPSHOTS[path.suffix.lower()]


def _write_snapshot(path: Path, picture: bytes) -> None:
    """Write the picture, readable by its owner only: it shows people."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise _not_writable(path, error) from error
    unfinished = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(picture)
        unfinished.replace(path)
    except OSError as error:
        raise _not_writable(path, error) from error
    finally:
        unfinished.unlink(missing_ok=True)


def _not_writable(path: Path, error: OSError) -> InputError:
    return InputError(f"{path}: cannot be written ({error.strerror}); write elsewhere")
