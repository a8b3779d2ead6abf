"""The packs `buffalo_l`, `buffalo_s` and `antelopev2`: insightface's, non-commercial use only."""

from matcher.chip import ARCFACE_CHIP
from matcher.packs.download import Download
from matcher.packs.manifest import Licence
from matcher.packs.models import DetectorModel, EmbedderModel
from matcher.packs.pack import DETECTOR, EMBEDDER
from matcher.packs.recipe import Ingredient, Recipe
from matcher.packs.score_scale import ScoreScale

_RELEASE = "https://github.com/deepinsight/insightface/releases/download/v0.7"
_TERMS = "insightface's models: non-commercial research only"


def _checked(source: bytes) -> bytes:
    """The published graph as it is: insightface's own classes run it."""
    from matcher.packs.onnx_file import read_onnx

    read_onnx(source, "insightface")
    return source


def _recipe(name: str, sha256: str, size: int, detector: str, embedder: str) -> Recipe:
    def part(member: str) -> Download:
        return Download(f"{_RELEASE}/{name}.zip", sha256, size, _TERMS, member)

    return Recipe(
        pack=name,
        pack_id=f"{name}-1",
        version=1,
        detector=DetectorModel("scrfd", DETECTOR, None),
        embedder=EmbedderModel("arcface", EMBEDDER, None, 512, unit_norm=True, chip=ARCFACE_CHIP),
        scores=ScoreScale(
            max_distance=0.95,
            min_margin=0.05,
            frame_distance=1.1,
            other_person_distance=1.1,
            same_person_distance=1.17,
            measured_on="nothing here: guesses for networks of the ArcFace family",
        ),
        licence=Licence(_TERMS, commercial=False),
        ingredients=(
            Ingredient(DETECTOR, part(detector), _checked),
            Ingredient(EMBEDDER, part(embedder), _checked),
        ),
    )


INSIGHTFACE_PACKS = (
    _recipe(
        "buffalo_l",
        "80ffe37d8a5940d59a7384c201a2a38d4741f2f3c51eef46ebb28218a7b0ca2f",
        288621354,
        "det_10g.onnx",
        "w600k_r50.onnx",
    ),
    _recipe(
        "buffalo_s",
        "d85a87f503f691807cd8bb97128bdf7a0660326cd9cd02657127fa978bab8b5e",
        127607557,
        "det_500m.onnx",
        "w600k_mbf.onnx",
    ),
    _recipe(
        "antelopev2",
        "8e182f14fc6e80b3bfa375b33eb6cff7ee05d8ef7633e738d1c89021dcf0c5c5",
        360662982,
        "scrfd_10g_bnkps.onnx",
        "glintr100.onnx",
    ),
)
