"""Hardware that decodes video, if there is any. Runs in the decoder process."""

from pathlib import Path
from typing import Final

import av
from av import VideoFrame
from av.codec import Codec
from av.codec.hwaccel import HWAccel, hwdevices_available

from streamer.ingest.condition import Decoding

_DEVICES: Final = {
    "auto": (Decoding.CUDA, Decoding.VAAPI),
    "cuda": (Decoding.CUDA,),
    "vaapi": (Decoding.VAAPI,),
}
_DEV: Final = Path("/dev")
_LIBRARIES: Final = tuple(Path(name) for name in ("/usr", "/lib", "/lib64", "/sys"))
_FROM_HARDWARE: Final = frozenset({"nv12", "nv16", "nv24", "p010le", "p012le", "p016le", "p210le"})
"""What comes down from a device; FFmpeg's software decoders of camera codecs never give these."""


def find_hardware(wanted: str) -> Decoding | None:
    """The first device that is wanted and really there; None where software has to do.

    Args:
        wanted: none, auto, cuda or vaapi.
    """
    for device in _DEVICES.get(wanted, ()):
        # A name that FFmpeg was built without would be taken as "any device".
        if device in hwdevices_available() and _works(device):
            return device
    return None


def accelerator(device: Decoding) -> HWAccel:
    """What `av.open` takes; a codec or profile that the device cannot do is decoded in software."""
    return HWAccel(str(device), allow_software_fallback=True)


def decoding_of(frame: VideoFrame, device: Decoding | None) -> Decoding:
    """What decoded a frame: having asked for a device says little, the pixel format tells."""
    if device is not None and frame.format.name in _FROM_HARDWARE:
        return device
    return Decoding.SOFTWARE


def driver_paths(device: Decoding | None) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """What a device's driver opens when a stream is set up: its devices, and where libraries lie.

    Not tried on a machine with such a device.
    """
    if device is None:
        return (), ()
    patterns = ("dri", "nvidia*")
    devices = tuple(path for pattern in patterns for path in sorted(_DEV.glob(pattern)))
    return devices, tuple(path for path in _LIBRARIES if path.exists())


def _works(device: Decoding) -> bool:
    """Create the device once; without a driver that raises, fallback or not."""
    try:
        accelerator(device).create(Codec("h264", "r"))
    except (av.FFmpegError, NotImplementedError, OSError, ValueError):
        return False
    return True
