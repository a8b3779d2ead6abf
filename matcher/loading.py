"""Makes a pack's detector and embedder: each kind's code, on sessions of the device asked for.

Called by `Matcher.open`, by `kirdi models verify` and when a pack is quantised.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from matcher.batching import BUCKETS
from matcher.detection import decode_centerface
from matcher.detector import Detector
from matcher.embedder import Embedder
from matcher.errors import DeviceError, MatcherError, ModelPackError
from matcher.face_detector import FaceDetector
from matcher.face_embedder import FaceEmbedder
from matcher.packs.models import DetectorModel, EmbedderModel
from matcher.packs.pack import Pack
from matcher.session import Hardware, Session
from matcher.yunet import OUTPUTS as YUNET_OUTPUTS
from matcher.yunet import decode_yunet

_CENTERFACE_OUTPUTS = ("heatmap", "size", "offset", "landmarks")


@dataclass(frozen=True, slots=True)
class Models:
    """A pack's models, loaded and warm, and the device both really got."""

    detector: FaceDetector
    embedder: FaceEmbedder
    device: Literal["cpu", "cuda"]


def open_models(
    pack: Pack, hardware: Hardware, *, max_side: int = 640, min_score: float = 0.5
) -> Models:
    """Load both models and run each once in every batch size; blocking, seconds.

    Args:
        pack: An opened pack.
        hardware: Device and threads.
        max_side: Longest side of the analysed picture, pixels.
        min_score: Fainter detections are not reported.

    Raises:
        DeviceError: CUDA was asked for and cannot be had.
        ModelPackError: A file is damaged, cannot be loaded, or is not what the manifest says.
    """
    manifest = pack.manifest
    found = pack.read(manifest.detector.file)
    finding = Session.open(found, f"{pack.pack_id}/{manifest.detector.file}", hardware)
    compared = pack.read(manifest.embedder.file)
    comparing = Session.open(compared, f"{pack.pack_id}/{manifest.embedder.file}", hardware)
    try:
        detector = make_detector(manifest.detector, finding, max_side, min_score)
        embedder = make_embedder(manifest.embedder, comparing, compared, pack.pack_id)
        detector.warm_up()
        embedder.warm_up()
    except (ModelPackError, DeviceError):
        raise
    except MatcherError as error:
        raise ModelPackError(
            f"model pack {manifest.pack}: it loads but does not run ({error})"
        ) from error
    both = finding.device == comparing.device == "cuda"
    return Models(detector, embedder, "cuda" if both else "cpu")


def make_detector(
    model: DetectorModel, session: Session, max_side: int, min_score: float
) -> FaceDetector:
    """The detector of that kind on a session.

    Raises:
        ModelPackError: The graph is not of that kind.
    """
    if model.kind == "scrfd":
        from matcher.insightface_models import ScrfdDetector

        return ScrfdDetector(session, max_side=max_side, min_score=min_score)
    yunet = model.kind == "yunet"
    _expect(session, "image", YUNET_OUTPUTS if yunet else _CENTERFACE_OUTPUTS)
    decode = decode_yunet if yunet else decode_centerface
    return Detector(session, decode=decode, max_side=max_side, min_score=min_score)


def make_embedder(
    model: EmbedderModel, session: Session, content: bytes, pack_id: str
) -> FaceEmbedder:
    """The embedder of that kind on a session made from `content`.

    Raises:
        ModelPackError: The graph is not of that kind or gives vectors of another length.
    """
    # Some published graphs take one chip at a time.
    buckets = (1,) if session.inputs[0].shape[:1] == (1,) else BUCKETS
    length = session.outputs[0].shape[-1] if session.outputs[0].shape else None
    if isinstance(length, int) and length != model.dimension:
        raise ModelPackError(
            f"{session.name}: it gives vectors of {length}, its manifest says {model.dimension}"
        )
    if model.kind == "arcface":
        from matcher.insightface_models import ArcFaceEmbedder

        return ArcFaceEmbedder(
            session,
            content,
            pack_id,
            chip=model.chip,
            unit_norm=model.unit_norm,
            buckets=buckets,
        )
    _expect(session, "chip", ("embedding",))
    return Embedder(session, pack_id, chip=model.chip, unit_norm=model.unit_norm, buckets=buckets)


def _expect(session: Session, taken: str, given: Iterable[str]) -> None:
    """Refuse a graph of other inputs and outputs.

    Raises:
        ModelPackError: Says what it has and what it should have.
    """
    inputs = [(port.name, port.type, len(port.shape)) for port in session.inputs]
    outputs = {port.name for port in session.outputs}
    if inputs != [(taken, "tensor(uint8)", 4)] or outputs != set(given):
        raise ModelPackError(
            f"{session.name}: a graph of other inputs and outputs than it should have: takes "
            f"{', '.join(f'{name} {kind}' for name, kind, _ in inputs) or 'nothing'}, gives "
            f"{', '.join(sorted(outputs))}; run: kirdi models build --force"
        )
