"""What cameras give as a reason, and what refusals are called, has words on pages."""

import re
from itertools import chain

from streamer.ingest.degradation import DROPPING
from streamer.ingest.protocol import FailureKind
from streamer.web.pages.refusal_words import CAMERA_REASONS, REFUSALS
from tests.data import ROOT

_CODE = re.compile(r'\bcode="(\w+)"')


def test_every_failure_and_flaw_of_a_camera_has_words() -> None:
    flaws = {"dark", "blurred", "covered", "moved", "keyframes only", DROPPING}
    assert set(CAMERA_REASONS) == {kind.value for kind in FailureKind} | flaws


def test_every_code_of_a_refusal_has_words_and_every_word_a_code() -> None:
    files = chain.from_iterable(
        (ROOT / "streamer" / room).rglob("*.py")
        for room in ("storage", "checkin", "patients", "cameras", "api")
    )
    used = {code for path in files for code in _CODE.findall(path.read_text())}
    used |= set(_CODE.findall((ROOT / "streamer" / "desk_pipeline.py").read_text()))
    # Given out of a status, or of what a camera's probe found.
    used |= set(re.findall(r'return "(\w+)", \(?f?"', _manual()))
    used |= {one for one in REFUSALS if one.startswith(("kind_", "camera_"))} | {"in_english"}
    assert used == set(REFUSALS)


def _manual() -> str:
    path = ROOT / "streamer" / "storage" / "manual_check_ins.py"
    return path.read_text().replace("(\n                f", "f")
