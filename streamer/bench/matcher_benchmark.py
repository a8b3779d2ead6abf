"""`kirdi bench matcher`: the models, the search and many cameras, each beside the bare library."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matcher.errors import ModelPackError
from matcher.face import Image
from matcher.matcher import Matcher
from matcher.packs.pack import Pack
from matcher.packs.store import open_pack
from matcher.session import Hardware
from streamer.bench.bare_models import BareModels
from streamer.bench.cameras_benchmark import cameras_row
from streamer.bench.matcher_figures import MatcherFigures
from streamer.bench.models_benchmark import SIZES, ModelsBenchmark
from streamer.bench.repetition import in_the_middle
from streamer.bench.search_benchmark import search_row
from streamer.bench.throwaway_home import throwaway_home
from streamer.bench.wording import outlook
from streamer.embedded.demo.photographs import SAMPLES, read_photographs
from streamer.models_folder import models_folder

INT8: Final = "-int8"
"""Ends the name of a quantised pack."""
# For telling how long it takes.
_LARGE: Final = 200_000
_LARGE_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class MatcherBenchmark:
    """What to measure.

    Attributes:
        pack: The model pack; its quantised form is measured as well where it has been built.
        cameras: So many at once.
        templates: Sizes of galleries.
        seconds: How long each measurement takes.
        repeat: How many measurements make a row.
        folder: Where the throwaway home is made.
        hardware: Device and threads, for both sides; not `auto`.
        models: Folder of model packs to use; built in the throwaway home where it is None.
    """

    pack: str
    cameras: Sequence[int]
    templates: Sequence[int]
    seconds: float
    repeat: int
    folder: Path
    hardware: Hardware
    models: Path | None = None

    async def run(self, progress: Callable[[str], None]) -> list[MatcherFigures]:
        """Measure.

        Args:
            progress: Told, in words, what goes on.

        Raises:
            KirdiError: The sample picture cannot be read.
            MatcherError: The models cannot be had.
        """
        async with throwaway_home(self.folder, self.models) as home:
            packs = await asyncio.to_thread(self._packs, models_folder(home), progress)
            rows = 2 * len(SIZES) * len(packs) + len(self.cameras) * len(packs)
            large = sum(_LARGE_S for one in self.templates if one > _LARGE)
            count = (rows + len(self.templates)) * self.repeat
            progress(outlook(count, large + count * self.seconds * 1.5))
            (photograph,) = await asyncio.to_thread(read_photographs, SAMPLES[:1])
            measured: list[MatcherFigures] = []
            for pack in packs:
                measured += await self._of_pack(pack, photograph.image, progress)
            for templates in self.templates:
                progress(f"search among {templates}")
                measured.append(
                    await asyncio.to_thread(
                        search_row,
                        packs[0].pack_id,
                        packs[0].manifest.embedder.dimension,
                        templates,
                        self.seconds,
                        self.repeat,
                    )
                )
            return measured

    def _packs(self, folder: Path, progress: Callable[[str], None]) -> list[Pack]:
        packs = [open_pack(folder, self.pack)]
        name = packs[0].manifest.pack
        if name.endswith(INT8):
            return packs
        try:
            packs.append(open_pack(folder, f"{name}{INT8}"))
        except ModelPackError as error:
            progress(f"without int8 ({error})")
        return packs

    async def _of_pack(
        self, pack: Pack, picture: Image, progress: Callable[[str], None]
    ) -> list[MatcherFigures]:
        progress(f"{pack.manifest.pack}: detector and embedder")

        models = await asyncio.to_thread(ModelsBenchmark, pack, self.hardware, picture)
        rows = models.rows(self.seconds, self.repeat)
        measured: list[MatcherFigures] = []
        # Row by row, so that an interruption waits for one of them at most.
        while (row := await asyncio.to_thread(next, rows, None)) is not None:
            measured.append(row)
        bare = await asyncio.to_thread(BareModels, pack, self.hardware)
        async with await Matcher.open(pack, self.hardware) as matcher:
            for cameras in self.cameras:
                progress(f"{pack.manifest.pack}: cameras, {cameras}")
                each = [
                    await cameras_row(
                        matcher, bare, pack.manifest.pack, picture, cameras, self.seconds
                    )
                    for _ in range(self.repeat)
                ]
                measured.append(in_the_middle(each))
        return measured
