"""`kirdi bench ingest`: cameras, their decoders, and bare PyAV decoding the same beside them."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from config.settings import Settings
from matcher.session import Hardware
from streamer.bench.child import Child
from streamer.bench.clinic import settings_document
from streamer.bench.ingest_child import SETTLE_S, START_S, IngestRequest
from streamer.bench.ingest_figures import IngestFigures, IngestSample, ingest_figures
from streamer.bench.lobby_clip import lobby_clip
from streamer.bench.reencoded import Format, reencode
from streamer.bench.repetition import in_the_middle
from streamer.bench.throwaway_home import throwaway_home
from streamer.bench.wording import counted, outlook
from streamer.recognition import open_matcher

# For telling how long it takes.
_LOBBY_S: Final = 30.0
_ENCODING_S: Final = 10.0
_COMING_AND_GOING_S: Final = 6.0
_CAMERA_START_S: Final = 30.0
_AROUND_S: Final = START_S + SETTLE_S + 30.0


@dataclass(frozen=True, slots=True)
class IngestBenchmark:
    """What to measure.

    Attributes:
        cameras: A measurement for each of these numbers of cameras,
        formats: in each of these sizes and rates.
        clip: What the cameras show, over and over; None = the demo's lobby.
        seconds: How long each measurement takes.
        analyse_fps: Frames a second of each camera that are handed over for analysis.
        folder: Where the throwaway home is made.
        models: Folder of model packs, for composing the lobby; built where it is None.
        repeat: How many measurements of each combination make a row.
    """

    cameras: Sequence[int]
    formats: Sequence[Format]
    clip: Path | None
    seconds: float
    analyse_fps: float
    folder: Path
    models: Path | None = None
    repeat: int = 1

    async def run(self, progress: Callable[[str], None]) -> list[IngestFigures]:
        """Measure, in a folder that is gone afterwards.

        Args:
            progress: Told, in words, what goes on.

        Raises:
            KirdiError: The clip is none, or a camera does not deliver.
        """
        rows = []
        total = len(self.cameras) * len(self.formats) * self.repeat
        each_s = self.seconds + SETTLE_S + _COMING_AND_GOING_S
        preparation_s = _LOBBY_S + len(self.formats) * _ENCODING_S
        progress(outlook(total, preparation_s + total * each_s))
        async with throwaway_home(self.folder, self.models) as home:
            clip = self.clip or await self._lobby(home, progress)
            for wanted in self.formats:
                progress(f"encoding the clip as {wanted}")
                encoded = home / f"{wanted}.mp4"
                await asyncio.to_thread(reencode, clip, wanted, encoded)
                for count in self.cameras:
                    progress(f"{wanted}: {counted(count, 'camera')}, {self.seconds:g} s")
                    measured = [
                        await self._measure(count, wanted, encoded) for _ in range(self.repeat)
                    ]
                    rows.append(in_the_middle(measured))
        return rows

    async def _lobby(self, home: Path, progress: Callable[[str], None]) -> Path:
        progress("composing the lobby")
        settings = Settings.model_validate(
            settings_document("bench", (), self.analyse_fps, Hardware("cpu"))
        )
        async with open_matcher(settings, home) as matcher:
            return await lobby_clip(home, matcher)

    async def _measure(self, count: int, wanted: Format, clip: Path) -> IngestFigures:
        show = json.dumps(str(clip)).encode()
        async with Child.running("streamer.bench.camera_child", show, clip.parent) as camera:
            address = json.loads(await camera.answer(_CAMERA_START_S))
            cameras: list[dict[str, object]] = [
                {"id": f"camera-{number}", "url": address, "analyse_fps": self.analyse_fps}
                for number in range(1, count + 1)
            ]
            request = TypeAdapter(IngestRequest).dump_json(IngestRequest(cameras, self.seconds))
            async with Child.running("streamer.bench.ingest_child", request, clip.parent) as ingest:
                # About as long as ingest is started, settles and is measured.
                play = json.dumps([str(clip), wanted.fps, SETTLE_S + self.seconds]).encode()
                async with Child.running(
                    "streamer.bench.bare_player_child", play, clip.parent
                ) as bare:
                    answer = await ingest.answer(self.seconds + _AROUND_S)
                    frame_cpu_s = json.loads(await bare.answer(self.seconds + _AROUND_S))
        sample = TypeAdapter(IngestSample).validate_json(answer)
        return ingest_figures(count, str(wanted), sample, frame_cpu_s)
