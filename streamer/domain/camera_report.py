"""A camera as an operator asks about it: settings, state and rates together."""

from dataclasses import dataclass

from streamer.domain.camera_state import CameraState
from streamer.domain.view_state import ViewState


@dataclass(frozen=True, slots=True)
class CameraReport:
    """One camera of the running service.

    Attributes:
        state: With its counters.
        source: `settings` or `added`: where the camera is defined.
        address: Without credentials.
        mode: Where recognition happens: `lane`, `lobby` or `desk`; `kiosk` where none does.
        lane: Polygon in fractions of the picture; None = the whole picture.
        analyse_fps: As set; the remarks say when less is had.
        decoded_fps: Frames a second over the last ten seconds; so are the next two.
        view_address: Of the second stream, without credentials; empty where there is none.
        viewing: What those who look get; None for a camera that does not run.
    """

    state: CameraState
    source: str
    building: str
    entrance: str
    address: str
    mode: str
    lane: tuple[tuple[float, float], ...] | None
    analyse_fps: float
    decoded_fps: float
    analysed_fps: float
    dropped_fps: float
    view_address: str = ""
    viewing: ViewState | None = None
