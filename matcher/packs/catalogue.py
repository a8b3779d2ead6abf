"""The packs this version of Kirdi knows how to make."""

from matcher.errors import ModelPackError
from matcher.packs.insightface_packs import INSIGHTFACE_PACKS
from matcher.packs.open_pack import OPEN_PACK
from matcher.packs.opencv_pack import OPENCV_PACK
from matcher.packs.recipe import Recipe
from matcher.packs.taguchi_pack import TAGUCHI_PACK

CATALOGUE = {
    recipe.pack: recipe for recipe in (OPEN_PACK, OPENCV_PACK, TAGUCHI_PACK, *INSIGHTFACE_PACKS)
}


def recipe_for(pack: str) -> Recipe:
    """How a pack is made.

    Raises:
        ModelPackError: There is no pack of that name.
    """
    recipe = CATALOGUE.get(pack)
    if recipe is None:
        raise ModelPackError(f"model pack {pack!r}: unknown; known are {', '.join(CATALOGUE)}")
    return recipe
