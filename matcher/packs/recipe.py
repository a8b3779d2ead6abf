"""How a pack is made: names, sources and the code that converts them."""

from collections.abc import Callable
from dataclasses import dataclass

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
    source: Source
    convert: Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Recipe:
    """A pack that can be built here.

    Attributes:
        pack: Name of the pack and of its folder.
        pack_id: Goes with every embedding; changes whenever vectors would differ.
        version: Changes whenever the files would differ; an older pack is then built anew.
        embedding_dimension: Length of a vector.
        chip_px: Side of the aligned face, pixels.
        ingredients: Its files.
    """

    pack: str
    pack_id: str
    version: int
    embedding_dimension: int
    chip_px: int
    ingredients: tuple[Ingredient, ...]
