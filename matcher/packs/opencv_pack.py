"""The pack `opencv`: YuNet and SFace, the OpenCV Zoo's published files, permissively licensed.

SFace: Zhong et al., "SFace: Sigmoid-Constrained Hypersphere Loss for Robust Face Recognition"
(2022).
"""

from matcher.chip import ARCFACE_CHIP
from matcher.packs.download import Download
from matcher.packs.input_format import SFACE_INPUT, YUNET_INPUT
from matcher.packs.manifest import Licence
from matcher.packs.models import DetectorModel, EmbedderModel
from matcher.packs.pack import DETECTOR, EMBEDDER
from matcher.packs.recipe import Ingredient, Recipe
from matcher.packs.score_scale import ScoreScale
from matcher.yunet import OUTPUTS

# The files are kept by Git LFS, which names them by their sha256.
_ZOO = "https://media.githubusercontent.com/media/opencv/opencv_zoo/main/models"


def build_yunet(source: bytes) -> bytes:
    """YuNet's published file as the pack's detector: of any size and batch.

    Raises:
        ModelPackError: It is another file.
    """
    from matcher.packs.uint8_graph import uint8_graph

    outputs = {name: name for name in OUTPUTS}
    return uint8_graph(source, "YuNet", "image", YUNET_INPUT, outputs)


def build_sface(source: bytes) -> bytes:
    """SFace's published file as the pack's embedder.

    Raises:
        ModelPackError: It is another file.
    """
    from matcher.packs.uint8_graph import uint8_graph

    side = ARCFACE_CHIP.side_px
    return uint8_graph(source, "SFace", "chip", SFACE_INPUT, {"fc1": "embedding"}, side)


OPENCV_PACK = Recipe(
    pack="opencv",
    pack_id="opencv-1",
    version=1,
    detector=DetectorModel("yunet", DETECTOR, YUNET_INPUT),
    embedder=EmbedderModel(
        "uint8_graph", EMBEDDER, SFACE_INPUT, 128, unit_norm=True, chip=ARCFACE_CHIP
    ),
    scores=ScoreScale(
        max_distance=0.9,
        min_margin=0.05,
        frame_distance=1.05,
        other_person_distance=1.05,
        same_person_distance=1.128,
        measured_on="nothing here: 1.128 is OpenCV's threshold for a pair of photos, the others "
        "are guesses below it",
    ),
    licence=Licence("MIT, Apache-2.0", commercial=True),
    ingredients=(
        Ingredient(
            DETECTOR,
            Download(
                url=f"{_ZOO}/face_detection_yunet/face_detection_yunet_2023mar.onnx",
                sha256="8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
                size=232589,
                licence="MIT",
            ),
            build_yunet,
        ),
        Ingredient(
            EMBEDDER,
            Download(
                url=f"{_ZOO}/face_recognition_sface/face_recognition_sface_2021dec.onnx",
                sha256="0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79",
                size=38696353,
                licence="Apache-2.0",
            ),
            build_sface,
        ),
    ),
)
