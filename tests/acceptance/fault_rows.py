"""The fault matrix: what each fault of a camera must lead to."""

from dataclasses import dataclass
from typing import Literal

from streamer.domain.camera_state import CameraStatus
from streamer.simulator.faults.access import Refuse, SessionLimit, WrongPassword
from streamer.simulator.faults.answers import GarbageSdp, Redirect, SlowAnswer, Trickle
from streamer.simulator.faults.delivery import Cut, Jitter, Loss, MidFrame, Stall, StopSending
from streamer.simulator.faults.fault import Fault
from streamer.simulator.faults.picture import H265, Blurred, Covered, Dark, Mjpeg, Moved, Resize
from streamer.simulator.faults.timing import LateKeyframe, Timestamps

STREAMING, DEGRADED = CameraStatus.STREAMING, CameraStatus.DEGRADED
STALLED, DOWN = CameraStatus.STALLED, CameraStatus.DOWN
REFUSED_S = 75.0
"""A camera that refuses a session or a password is asked once a minute."""


@dataclass(frozen=True, slots=True)
class FaultRow:
    """One fault.

    Attributes:
        name: Of the camera that has it.
        status: What the camera must be seen to be, for a reason that `reason` matches. Where that
            is streaming it must go on, or begin again at once.
        reboots: The camera goes away first and comes back with the fault; else it strikes while
            the camera is playing.
        back_s: So long after the end of the fault it streams again.
        settles_s: So long the camera is sound before the fault.
        takes_s: So long the fault may last before it is seen, on top of the time-outs.
        quick: Belongs to the short form.
    """

    name: str
    fault: Fault
    status: CameraStatus
    reason: str = ""
    reboots: bool = False
    back_s: float = 20.0
    settles_s: float = 0.0
    takes_s: float = 0.0
    transport: Literal["tcp", "udp"] = "tcp"
    quick: bool = False


ACCESS = (
    FaultRow("refuse", Refuse(), DOWN, "^unreachable", quick=True),
    FaultRow("password", WrongPassword(), DOWN, "^unauthorized", True, REFUSED_S),
    FaultRow("sessions", SessionLimit(1, linger=600), DOWN, "^busy", True, REFUSED_S),
    # Nobody listens at the other place: neither may anything be sent there.
    FaultRow("redirect", Redirect("rtsp://127.0.0.2:9/x"), DOWN, "^redirected", True, quick=True),
    FaultRow("redirect-play", Redirect("rtsp://127.0.0.2:9/x", "PLAY"), DOWN, "^redirected", True),
    FaultRow("sdp-noise", GarbageSdp("noise"), DOWN, "^(no_video|other)", True, quick=True),
    FaultRow("sdp-empty", GarbageSdp("empty"), DOWN, "^(no_video|other)", True),
    FaultRow("sdp-no-video", GarbageSdp("no-video"), DOWN, "^no_video", True),
    FaultRow("sdp-unknown", GarbageSdp("unknown"), DOWN, "^(codec|no_video)|video", True),
    FaultRow("sdp-cut", GarbageSdp("cut"), STREAMING, "", True),
    FaultRow("slow", SlowAnswer(3600), DOWN, "^unreachable", True, quick=True),
    FaultRow("trickle", Trickle(0.5), DOWN, "^unreachable", True),
)

DELIVERY = (
    FaultRow("stall", Stall(), STALLED, "^stalled", True, quick=True),
    FaultRow("stall-udp", Stall(), STALLED, "^stalled", True, transport="udp"),
    FaultRow("stop", StopSending(1), STALLED, "^stalled", quick=True),
    FaultRow("stop-udp", StopSending(1), STALLED, "^stalled", transport="udp"),
    FaultRow("cut", Cut(1), DOWN, "^ended", quick=True),
    FaultRow("mid-frame", MidFrame(1), DOWN, "^ended", quick=True),
    # Video that arrives may take a minute to begin.
    FaultRow("late-keyframe", LateKeyframe(600), STALLED, "^stalled", True, takes_s=60.0),
    FaultRow("loss", Loss(5), STREAMING),
    FaultRow("loss-udp", Loss(5), STREAMING, transport="udp"),
    FaultRow("jitter", Jitter(200), STREAMING),
    FaultRow("jitter-udp", Jitter(200), STREAMING, transport="udp"),
)

TIMES = (
    FaultRow("constant", Timestamps("constant"), STREAMING),
    FaultRow("missing", Timestamps("missing"), STREAMING, "", True),
    FaultRow("backwards", Timestamps("backwards"), STREAMING),
    FaultRow("jump", Timestamps("jump"), STREAMING, quick=True),
    FaultRow("wrap", Timestamps("wrap"), STREAMING),
)

PICTURE = (
    FaultRow("h265", H265(), STREAMING, "", True),
    FaultRow("mjpeg", Mjpeg(), STREAMING, "", True),
    FaultRow("resize", Resize(2), STREAMING),
    FaultRow("dark", Dark(), DEGRADED, "dark"),
    FaultRow("covered", Covered(), DEGRADED, "covered"),
    FaultRow("blurred", Blurred(), DEGRADED, "blurred"),
    # A minute makes a reference, and people who stand before the camera must not change it.
    FaultRow("moved", Moved(), DEGRADED, "moved", back_s=60.0, settles_s=75.0, takes_s=60.0),
)
