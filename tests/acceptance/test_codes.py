"""Without a face, through the command line: digits, a guardian's code, a QR held to a camera."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av import VideoFrame
from av.video.stream import VideoStream

from tests.acceptance.kirdi import Kirdi, appointment, person_with_guardian, write_csv
from tests.acceptance.people import decode, unseen_clips

Enrol = Callable[[str], None]
SOON = timedelta(minutes=10)


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_qr_held_to_a_kiosk_arrives_and_no_face_does(
    kirdi: Kirdi, enrol: Enrol, tmp_path: Path
) -> None:
    """A stands before the kiosk, enrolled and expected, and holds up B's QR code.

    Beside it, at the desk and in processes of their own: a guardian's code, one too early, and
    whoever may not redeem.
    """
    import_clinic(kirdi, tmp_path)
    enrol("A")
    kirdi.extra = {"codes": {"devices": {"desk-1": "main"}}}
    picture = tmp_path / "code.png"
    (issued,) = kirdi.ok("codes", "issue", "B", "--qr", picture, "--by", "asel")
    clip = tmp_path / "kiosk.mp4"
    code = cv2.imread(str(picture))
    assert code is not None
    film(clip, decode(unseen_clips("A")[0]), code)
    desk = ("--device", "desk-1", "--by", "dina")
    with kirdi.camera(clip, loop=True) as url:
        kirdi.cameras = [{"id": "kiosk-1", "kind": "kiosk", "url": url}]
        with kirdi.service() as service:
            service.wait_until_logged('"code shown"', seconds=60)
            (guardian,) = kirdi.ok("codes", "issue", "G", "--by", "asel")
            redeem = ("codes", "redeem", guardian["code"])
            refused = kirdi(*redeem, "--device", "desk-1", "--by", "asel", "--json")
            assert (refused.code, refused.json[0]["answer"]) == (4, "refused")
            (listed,) = kirdi.ok(*redeem, *desk)
            assert listed["answer"] == "choose"
            assert [one["appointment_ref"] for one in listed["choices"]] == ["a-K1", "a-K2"]
            (arrived,) = kirdi.ok(*redeem, *desk, "--for", "a-K2")
            assert [one["evidence"] for one in arrived["arrivals"]] == ["guardian"]
            # The code was held still all the while.
            shown = service.log.count('"code shown"')
            assert shown <= 3, "the same code is tried again and again"
            assert '"decision"' not in service.log, "somebody was recognised"
        assert service.analysed()["kiosk-1"] > 20

    # Nothing runs any more but the command.
    (early,) = kirdi.ok("codes", "issue", "E", "--by", "asel")
    answer = kirdi("codes", "redeem", "-", *desk, stdin=f"{early['code']}\n")
    assert (answer.code, "too early" in answer.out) == (0, True)
    statuses = {"a-A": "booked", "a-B": "arrived", "a-K1": "booked", "a-K2": "arrived"}
    assert kirdi.statuses() == statuses | {"a-E": "booked"}
    evidence = {row["patient_ref"]: row for row in kirdi.check_ins()}
    assert (evidence["B"]["method"], evidence["B"]["camera"]) == ("qr", "kiosk-1")
    assert evidence["B"]["evidence"] == issued["grade"] == "desk_code"
    states = {row["patient_ref"]: row["state"] for row in kirdi.ok("codes", "list")}
    assert states == {"B": "redeemed", "G": "redeemed", "E": "in_force"}
    for secret in (guardian["code"], issued["code"]):
        assert secret not in service.log


def import_clinic(kirdi: Kirdi, folder: Path) -> None:
    now = datetime.now(UTC)
    guardians = {"A": "", "B": "", "G": "", "K1": "G", "K2": "G", "E": ""}
    rows = [person_with_guardian(*one) for one in guardians.items()]
    visits = [appointment(f"a-{ref}", ref, now + SOON) for ref in ("A", "B", "K1", "K2")]
    visits.append(appointment("a-E", "E", now + timedelta(hours=3)))
    for name, content in (("patients", rows), ("appointments", visits)):
        file = folder / f"{name}.csv"
        write_csv(file, content)
        kirdi.ok(name, "import", file)


def film(file: Path, person: Sequence[np.ndarray], code: np.ndarray) -> None:
    """Six seconds of a person with a QR code beside the face, at ten frames a second."""
    code = cv2.resize(code, (240, 240), interpolation=cv2.INTER_AREA)
    height, width = person[0].shape[:2]
    with av.open(str(file), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"g": "10", "bf": "0"})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = width + 260, height, "yuv420p"
        for index in range(60):
            frame = np.full((height, width + 260, 3), 128, np.uint8)
            frame[:, :width] = person[index % len(person)]
            frame[100:340, width + 10 : width + 250] = code
            shown = VideoFrame.from_ndarray(frame, format="rgb24")
            shown.pts, shown.time_base = index, Fraction(1, 10)
            container.mux(stream.encode(shown))
        container.mux(stream.encode(None))
