"""`kirdi bench peers`: Kirdi, a loop over `face_recognition` and a loop over OpenCV, in one run."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from config.settings import Camera, Settings
from matcher.packs.store import open_pack
from matcher.session import Hardware
from streamer.bench.clinic import settings_document
from streamer.bench.matcher_benchmark import INT8
from streamer.bench.peers.dlib_peer import DlibPeer
from streamer.bench.peers.kirdi_peer import KirdiPeer
from streamer.bench.peers.opencv_peer import OpenCvPeer
from streamer.bench.peers.peer import Peer, PeerUnavailableError, Scene, Seen, frames_of
from streamer.bench.peers.peer_figures import PeerFigures, beside_kirdi
from streamer.bench.peers.scenes import lobby_scene, recorded_scene
from streamer.bench.throwaway_home import throwaway_home
from streamer.models_folder import models_folder
from streamer.recognition import FAINT, open_matcher
from streamer.score_rules import score_rules

_NO_CAMERA = "rtsp://localhost/"


@dataclass(frozen=True, slots=True)
class PeersBenchmark:
    """What to measure.

    Attributes:
        pack: Kirdi's model pack. OpenCV gets the same models, but never in their quantised form.
        people: CSV of clips and who comes into them; None = the demo's lobby.
        analyse_fps: Frames a second of the recordings that are looked at.
        folder: Where the throwaway home is made.
        threads: models.threads of the settings.
        models: Folder of model packs to use; built in the throwaway home where it is None.
    """

    pack: str
    people: Path | None
    analyse_fps: float
    folder: Path
    threads: int = 0
    models: Path | None = None

    async def run(self, progress: Callable[[str], None]) -> list[PeerFigures]:
        """Measure, in a folder that is gone afterwards.

        Args:
            progress: Told, in words, what goes on.

        Raises:
            KirdiError: The recordings cannot be used.
            MatcherError: The models cannot be had.
        """
        async with throwaway_home(self.folder, self.models) as home:
            hardware = Hardware("cpu", self.threads)
            document = settings_document("bench", (_NO_CAMERA,), self.analyse_fps, hardware)
            settings = Settings.model_validate(document)
            models = settings.models.model_copy(update={"pack": self.pack})
            settings = settings.model_copy(update={"models": models})
            folder = models_folder(home)
            pack = await asyncio.to_thread(open_pack, folder, self.pack)
            plain = await asyncio.to_thread(
                open_pack, folder, pack.manifest.pack.removesuffix(INT8)
            )
            async with open_matcher(settings, home, FAINT) as matcher:
                if self.people is None:
                    progress("composing the lobby")
                    scene = await lobby_scene(home, matcher)
                else:
                    scene = await asyncio.to_thread(recorded_scene, self.people)
                rules = await asyncio.to_thread(score_rules, pack, settings.match)
                camera: Camera = settings.cameras[0]
                kirdi = KirdiPeer(settings, camera, matcher, rules)
                rows = [await self._measure(kirdi, scene, progress)]
            others: list[Callable[[], Peer]] = [lambda: OpenCvPeer(plain), DlibPeer]
            for make in others:
                try:
                    peer = await asyncio.to_thread(make)
                except PeerUnavailableError as error:
                    progress(f"left out: {error}")
                    continue
                rows.append(await self._measure(peer, scene, progress))
            return beside_kirdi(rows)

    async def _measure(
        self, peer: Peer, scene: Scene, progress: Callable[[str], None]
    ) -> PeerFigures:
        progress(peer.name)
        await peer.enrol(scene.photos)
        frames = found = false = 0

        def counted(clip: Path) -> Iterator[Seen]:
            nonlocal frames
            for seen in frames_of(clip, self.analyse_fps):
                frames += 1
                yield seen

        cpu_began, began = time.process_time(), time.monotonic()
        for visit in scene.visits:
            came = await peer.watch(counted(visit.clip))
            found += len(came & visit.people)
            false += len(came - visit.people)
        elapsed, cpu_s = time.monotonic() - began, time.process_time() - cpu_began
        return PeerFigures(
            peer=peer.name,
            frames=frames,
            per_second=frames / elapsed,
            kirdi_ratio=1.0,
            cpu_ms=1000 * cpu_s / max(1, frames),
            visits=sum(len(visit.people) for visit in scene.visits),
            visits_found=found,
            visits_false=false,
            note=peer.note,
        )
