"""The matcher as the settings want it, and the gate faces pass. Used by `app` and by enrolment."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from config.settings import Quality, Settings
from matcher.errors import ModelPackError
from matcher.face import Face
from matcher.matcher import Matcher
from matcher.packs.liveness_file import read_liveness
from matcher.packs.pack import Pack
from matcher.packs.store import open_pack
from matcher.quality import Limits, shortcoming
from matcher.session import Hardware
from streamer.models_folder import models_folder

FAINT: Final = 0.3
"""For cameras: a face too faint to begin a track may continue one (somebody half behind others)."""


@asynccontextmanager
async def open_matcher(
    settings: Settings, home: Path, min_score: float = 0.5
) -> AsyncIterator[Matcher]:
    """Open the settings' model pack, building it at first use, on the settings' device.

    Args:
        settings: Its `models` are used.
        home: Holds the model packs.
        min_score: Fainter detections are not reported.

    Raises:
        DeviceError: The device cannot be had.
        ModelPackError: The pack cannot be built or loaded, or a liveness model is wanted and there
            is none.
    """
    pack = await asyncio.to_thread(open_pack, models_folder(home), settings.models.pack)
    models = settings.models
    hardware = Hardware(models.device, models.threads, models.gpu_memory_mb)
    liveness = await asyncio.to_thread(_liveness, settings, pack, models_folder(home))
    async with await Matcher.open(
        pack, hardware, min_score=min_score, liveness=liveness
    ) as matcher:
        yield matcher


def _liveness(settings: Settings, pack: Pack, folder: Path) -> bytes | None:
    """The liveness model: the pack's own, else the one that was added; None where it is off.

    Raises:
        ModelPackError: It is wanted, and there is none or it is damaged.
    """
    mode = settings.recognition.liveness
    if mode == "off":
        return None
    own = pack.manifest.liveness
    content = pack.read(own.file) if own is not None else read_liveness(folder)
    if content is None:
        raise ModelPackError(
            f"recognition.liveness is {mode}, and there is no liveness model; add one (kirdi "
            "models add-liveness FILE) or set it to off"
        )
    return content


def face_gate(quality: Quality) -> Callable[[Face], str | None]:
    """The gate every face passes before it is embedded, at the cameras and at enrolment."""
    limits = Limits(
        min_face_px=quality.min_face_px,
        min_score=quality.min_score,
        min_sharpness=quality.min_sharpness,
        border_px=quality.border_px,
        max_yaw=quality.max_yaw,
        min_brightness=quality.min_brightness,
        max_clipped=quality.max_clipped,
    )
    return lambda face: shortcoming(face.quality, face.score, limits)
