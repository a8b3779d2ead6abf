"""Eight patients, eight ways through one day: each ends as it should, and in no other way."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import pytest

from tests.acceptance.kirdi import Kirdi, appointment, person_with_guardian, write_csv
from tests.acceptance.people import decode, unseen_clips
from tests.acceptance.test_codes import film

Enrol = Callable[[str], None]
DESK = ("--device", "desk-1", "--by", "dina")


@pytest.mark.long
@pytest.mark.timeout(420)
def test_eight_patients_eight_outcomes(kirdi: Kirdi, enrol: Enrol, tmp_path: Path) -> None:
    """A by face, B at the desk and withdrawn later, C too early and then a walk-in, D by a code,
    E by a QR code shown to a camera, K by the code of guardian G.
    """
    kirdi.extra = {"codes": {"devices": {"desk-1": "main"}}}
    now, picture = datetime.now(UTC), tmp_path / "code.png"
    # From the beginning on, since every command shares its servers.
    with kirdi.service() as service:
        service.wait_until_logged('"service ready"', seconds=60)
        import_patients(kirdi)
        book(kirdi, *(appointment(f"a-{ref}", ref, now + minutes(10)) for ref in "ABDEK"))
        book(kirdi, appointment("a-C-early", "C", now + timedelta(hours=3)))
        for person in "ABC":
            enrol(person)
        kirdi.ok("codes", "issue", "E", "--qr", picture, "--by", "asel")
        code = cv2.imread(str(picture))
        assert code is not None
        # A holds E's code before the kiosk: the code counts there, the face does not.
        film(tmp_path / "kiosk.mp4", decode(unseen_clips("A")[0]), code)
        with (
            kirdi.camera(*(unseen_clips(person)[0] for person in "ABC"), loop=True) as lobby,
            kirdi.camera(unseen_clips("B")[0], loop=True) as desk,
            kirdi.camera(tmp_path / "kiosk.mp4", loop=True) as kiosk,
        ):
            kirdi.cameras = [
                {"id": "lobby-1", "url": lobby, "enabled": False},
                {"id": "desk-1", "url": desk, "kind": "desk"},
                {"id": "kiosk-1", "url": kiosk, "kind": "kiosk"},
            ]
            kirdi.ok("reload")
            service.wait_until_logged('"camera": "desk-1", "status": "streaming"')
            (match,) = kirdi.ok("desk", "compare", "B", "--camera", "desk-1", "--by", "asel")
            assert match["outcome"] == "matched"
            # B has been here, and wants no more of it. A later visit is expected all the same.
            (ended,) = kirdi.ok("consents", "withdraw", "B", "--by", "asel")
            assert ended["receipt"]["templates"] == 1
            book(kirdi, appointment("a-B-later", "B", now + minutes(20)))

            (issued,) = kirdi.ok("codes", "issue", "D", "--by", "asel")
            (redeemed,) = kirdi.ok("codes", "redeem", issued["code"], *DESK)
            assert redeemed["answer"] == "arrived"
            (issued,) = kirdi.ok("codes", "issue", "G", "--by", "asel")
            (redeemed,) = kirdi.ok("codes", "redeem", issued["code"], *DESK, "--for", "a-K")
            assert [one["evidence"] for one in redeemed["arrivals"]] == ["guardian"]
            service.wait_until_logged('"code shown"', seconds=60)

            # Now the lobby: A, B and C pass, again and again.
            kirdi.ok("cameras", "enable", "lobby-1")
            service.wait_for(lambda: kirdi.statuses()["a-A"] == "arrived", 60)
            service.wait_until_logged('"reason": "early"', seconds=60)
            passed = service.log.count('"decision"')
            service.wait_until_logged('"decision"', seconds=90, times=passed + 2)
            kirdi.ok("cameras", "disable", "lobby-1")

            # C is told to come in now, after the camera has seen them; nobody is before it now.
            walk_in = appointment("a-C-walk-in", "C", now + minutes(15))
            book(kirdi, walk_in | {"walk_in": "true"})
            service.wait_for(lambda: kirdi.statuses()["a-C-walk-in"] == "arrived", 30)

    assert kirdi.statuses() == {
        "a-A": "arrived",
        "a-B": "arrived",
        "a-B-later": "booked",
        "a-C-early": "booked",
        "a-C-walk-in": "arrived",
        "a-D": "arrived",
        "a-E": "arrived",
        "a-K": "arrived",
    }
    rows = {row["appointment_ref"]: row for row in kirdi.check_ins()}
    assert {ref: (row["method"], row["evidence"], row["camera"]) for ref, row in rows.items()} == {
        "a-A": ("face", "face", "lobby-1"),
        "a-B": ("desk", "face", "desk-1"),
        "a-C-walk-in": ("face", "face", "lobby-1"),
        "a-D": ("code", "desk_code", None),
        "a-E": ("qr", "desk_code", "kiosk-1"),
        "a-K": ("code", "guardian", None),
    }
    seen = {(row["appointment_ref"], row["flag"]) for row in kirdi.ok("presences", "list")}
    assert ("a-C-early", "early") in seen
    assert not any(ref in ("a-B", "a-B-later") for ref, _ in seen), "B was recognised"


def import_patients(kirdi: Kirdi) -> None:
    file = kirdi.folder / "patients.csv"
    guardians = {"A": "", "B": "", "C": "", "D": "", "E": "", "G": "", "K": "G"}
    write_csv(file, [person_with_guardian(*one) for one in guardians.items()])
    kirdi.ok("patients", "import", file)


def book(kirdi: Kirdi, *rows: dict[str, str]) -> None:
    file = kirdi.folder / "booked.csv"
    write_csv(file, rows)
    kirdi.ok("appointments", "import", file)


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)
