"""`kirdi cameras view-test` and `accept-view`: what people see, and where cameras look."""

import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from streamer.commands.invocation import JsonOption, Rows, print_json, print_rows, say
from streamer.domain.viewability import Viewability
from streamer.embedded.home import kirdi_home
from streamer.errors import CameraError, KirdiError

if TYPE_CHECKING:
    from streamer.domain.view_state import ViewState

CameraId = Annotated[str, typer.Argument(metavar="ID", help="The camera's id.")]

VIEWED = (
    *("stream", "codec", "width", "height", "fps", "bit_rate", "packets", "first_packet_s"),
    *("keyframe_interval_s", "dropped", "connections"),
)


def view_test(
    camera_id: CameraId,
    seconds: Annotated[
        float, typer.Option("--for", metavar="SECONDS", help="How long to look, at most 20.")
    ] = 5.0,
    as_json: JsonOption = False,
) -> None:
    """Look at a camera through the running service, as a viewer would; nothing is kept or shown.

    Says whether browsers can show the stream as it is, how soon the first picture comes, how often
    keyframes do, and what is lost.
    """
    from streamer.control.client import ask
    from streamer.control.messages import Request, Verb

    asked = Request(Verb.VIEW_TEST, camera_id, seconds=seconds)
    tested = ask(kirdi_home(os.environ), asked).view_test
    if tested is None:
        raise KirdiError("service: it did not look; start it again after an update")
    if as_json:
        print_json([asdict(tested)])
    else:
        print_rows(Rows(VIEWED, [asdict(tested)]), as_json=False, empty="")
        if tested.timed_by_arrival:
            say("The camera sends no usable times: pictures are shown as they arrive.")
        if tested.viewability is not None:
            say(f"For browsers: {tested.viewability}.")
    if tested.first_packet_s is None:
        raise CameraError(
            f"camera {camera_id}: nothing to look at came in {tested.seconds:g} s"
            f" ({tested.reason or 'no keyframe'}); see `kirdi cameras status`"
        )


def accept_view(camera_id: CameraId, as_json: JsonOption = False) -> None:
    """Take where a camera looks now for right: after it was turned, or moved, on purpose."""
    from streamer.control.client import ask
    from streamer.control.messages import Request, Verb

    ask(kirdi_home(os.environ), Request(Verb.ACCEPT_VIEW, camera_id))
    if as_json:
        print_json([{"camera_id": camera_id, "accepted": True}])
    else:
        say("Where it looks in the next minute is what it will be held against.")


def in_words(view: "ViewState | None") -> str:
    """For example `sub-stream 640x360 h264, 12 fps, viewers 1`; what is not known is left out."""
    if view is None:
        return ""
    known = f" {view.width}x{view.height} {view.codec}" if view.codec else ""
    parts = [view.stream + known]
    if view.fps:
        parts.append(f"{view.fps:.0f} fps")
    parts.append(f"viewers {view.viewers}")
    if view.viewability not in (None, Viewability.AS_IS):
        parts.append(str(view.viewability))
    if view.reason:
        parts.append(view.reason)
    return ", ".join(parts)
