"""insightface's SCRFD and ArcFace, run by insightface's own classes on sessions of ours.

Imported only when a pack of that family is opened: the package brings a good deal with it.
"""

import io
from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from insightface.model_zoo.arcface_onnx import ArcFaceONNX
from insightface.model_zoo.scrfd import SCRFD

from matcher.batching import BUCKETS
from matcher.chip import ChipLayout
from matcher.detection import Detection, detections
from matcher.embedder import Embedder
from matcher.errors import MatcherError, ModelPackError
from matcher.face import Image, Vector
from matcher.prepared import Prepared
from matcher.session import Port, Session, Shape, Tensor

_WARM_SHAPES = ((480, 640), (384, 640))
_SCRFD_OUTPUTS = (9, 15)
"""Those with landmarks, of three and of five strides."""


class ScrfdDetector:
    """SCRFD on one session; its published graphs take one picture at a time.

    SCRFD: Guo et al., "Sample and Computation Redistribution for Efficient Face Detection" (2021).
    """

    def __init__(
        self, session: Session, *, max_side: int, min_score: float, max_overlap: float = 0.4
    ) -> None:
        """Wrap a session.

        Raises:
            ModelPackError: The graph is no SCRFD with landmarks.
        """
        if len(session.outputs) not in _SCRFD_OUTPUTS:
            raise ModelPackError(
                f"{session.name}: {len(session.outputs)} outputs; an SCRFD graph with landmarks "
                "has 9 or 15; pull the pack anew"
            )
        self._session = session
        self._max_side = max_side
        self._min_score = min_score
        self._max_overlap = max_overlap
        # Left to itself it would open a session of its own for every size of picture.
        self._scrfd = SCRFD(session=_Runner(session), static_shape_sessions=False)

    @property
    def max_batch(self) -> int:
        """One."""
        return 1

    @property
    def runs(self) -> Mapping[Shape, int]:
        """How often the network ran so far, by the shape of its input."""
        return self._session.runs

    def warm_up(self) -> None:
        """Run the usual picture shapes once; blocking."""
        for height, width in _WARM_SHAPES:
            self.find([self.prepare(np.zeros((height, width, 3), np.uint8))])

    def prepare(self, image: Image) -> Prepared:
        """A reduced, padded copy of the picture; never enlarged.

        Raises:
            MatcherError: It is no uint8 (h, w, 3) array with pixels in it.
        """
        return Prepared.of(image, self._max_side)

    def find(self, pictures: Sequence[Prepared]) -> list[tuple[Detection, ...]]:
        """Detections per picture, in its full-resolution pixels, best first; blocking.

        Raises:
            MatcherError: Inference failed.
        """
        return [self._find(picture) for picture in pictures]

    def _find(self, picture: Prepared) -> tuple[Detection, ...]:
        height, width = picture.pixels.shape[:2]
        try:
            boxes, landmarks = self._scrfd.detect(
                cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2BGR),
                input_size=(width, height),
                det_thresh=self._min_score,
            )
        except (ValueError, IndexError, cv2.error) as error:
            raise MatcherError(
                f"{self._session.name}: its outputs are not SCRFD's ({error}); pull the pack anew"
            ) from error
        faces = detections(boxes[:, :4], landmarks, boxes[:, 4], self._max_overlap)
        return tuple(face.scaled(1 / picture.scale_x, 1 / picture.scale_y) for face in faces)


class ArcFaceEmbedder(Embedder):
    """ArcFace on one session; insightface's class knows how each graph wants its pixels.

    ArcFace: Deng et al., "ArcFace: Additive Angular Margin Loss for Deep Face Recognition" (2019).
    """

    def __init__(
        self,
        session: Session,
        model: bytes,
        pack_id: str,
        *,
        chip: ChipLayout,
        unit_norm: bool,
        buckets: Sequence[int] = BUCKETS,
    ) -> None:
        """Wrap a session and the bytes it was made from, whose first nodes tell the scaling.

        Raises:
            ModelPackError: The graph is no ArcFace of that chip's size.
        """
        super().__init__(session, pack_id, chip=chip, unit_norm=unit_norm, buckets=buckets)
        sides = tuple(session.inputs[0].shape[2:])
        if len(session.outputs) != 1 or sides != (chip.side_px, chip.side_px):
            raise ModelPackError(
                f"{session.name}: an ArcFace graph takes (n, 3, {chip.side_px}, {chip.side_px}) "
                f"and has one output, not {session.inputs[0].shape} and {len(session.outputs)}; "
                "pull the pack anew"
            )
        self._arcface = ArcFaceONNX(model_file=io.BytesIO(model), session=_Runner(session))

    def _forward(self, chips: Image) -> Vector:
        # insightface wants BGR, as OpenCV reads pictures.
        vectors = self._arcface.get_feat([chip[:, :, ::-1] for chip in chips])
        return np.asarray(vectors, np.float32)


class _Runner:
    """Our session as insightface calls one."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get_inputs(self) -> tuple[Port, ...]:
        return self._session.inputs

    def get_outputs(self) -> tuple[Port, ...]:
        return self._session.outputs

    def run(self, names: Sequence[str], inputs: Mapping[str, Tensor]) -> list[Vector]:
        out = self._session.run(inputs)
        return [out[name] for name in names]
