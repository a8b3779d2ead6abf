"""How a pack is made: names, sources and the code that converts them."""

from collections.abc import Callable
from dataclasses import dataclass

from matcher.packs.download import Download
from matcher.packs.manifest import Licence
from matcher.packs.models import DetectorModel, EmbedderModel, LivenessModel
from matcher.packs.score_scale import ScoreScale
from matcher.packs.source import Source


@dataclass(frozen=True, slots=True)
class Ingredient:
    """One file of a pack.

    Attributes:
        name: The file's name in the pack.
        source: What it is made from.
        convert: From the source's bytes to the file's.
    """

    name: str
    source: Source | Download
    convert: Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Recipe:
    """A pack that can be made here.

    Attributes:
        pack: Name of the pack and of its folder.
        pack_id: Goes with every embedding; changes whenever vectors would become incomparable.
        version: Changes whenever the files would differ; an older pack is then built anew.
        detector: What finds faces.
        embedder: What compares them.
        scores: Which distances and scores mean what.
        licence: The narrowest of its files' terms.
        ingredients: Its files.
        liveness: What tells a face from a picture of one.
        weak_for: Groups of people it is known to be worse for.
        weak_reason: How that is known.
    """

    pack: str
    pack_id: str
    version: int
    detector: DetectorModel
    embedder: EmbedderModel
    scores: ScoreScale
    licence: Licence
    ingredients: tuple[Ingredient, ...]
    liveness: LivenessModel | None = None
    weak_for: tuple[str, ...] = ()
    weak_reason: str = ""

    @property
    def downloads(self) -> tuple[Download, ...]:
        """The published files it is made from, each once; empty if all come with packages."""
        found = [item.source for item in self.ingredients if isinstance(item.source, Download)]
        return tuple({one.url: one for one in found}.values())

    @property
    def remedy(self) -> str:
        """What makes it anew."""
        return f"run: kirdi models {'pull' if self.downloads else 'build'} {self.pack}"
