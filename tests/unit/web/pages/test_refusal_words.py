"""What cameras give as a reason, and what refusals are called, has words on pages."""

import ast
import re
from collections.abc import Iterator
from itertools import chain

from streamer.ingest.degradation import DROPPING
from streamer.ingest.protocol import FailureKind
from streamer.web.pages.delivery_words import DELIVERY_REASONS, delivery_reason
from streamer.web.pages.refusal_words import CAMERA_REASONS, REFUSALS
from tests.data import ROOT

_RAISES = re.compile(r"^(self\._error|self\._failed|OutsideError|InputError)$")
_CODE = re.compile(r'\bcode="(\w+)"')


def test_every_failure_and_flaw_of_a_camera_has_words() -> None:
    flaws = {"dark", "blurred", "covered", "moved", "keyframes only", DROPPING}
    assert set(CAMERA_REASONS) == {kind.value for kind in FailureKind} | flaws


def test_every_code_of_a_refusal_has_words_and_every_word_a_code() -> None:
    files = chain.from_iterable(
        (ROOT / "streamer" / room).rglob("*.py")
        for room in ("storage", "checkin", "patients", "cameras", "api", "jobs", "reporting")
    )
    used = {code for path in files for code in _CODE.findall(path.read_text())}
    used |= set(_CODE.findall((ROOT / "streamer" / "desk_pipeline.py").read_text()))
    # Of a report that was being made.
    used |= set(re.findall(r'_failed\("[^"]+", "(\w+)"', _read("api/reports.py")))
    # Given out of a status, or of what a camera's probe found.
    used |= set(re.findall(r'return "(\w+)", \(?\s*f?"', _manual()))
    used |= {one for one in REFUSALS if one.startswith(("kind_", "camera_"))} | {"in_english"}
    assert used == set(REFUSALS)


def test_every_reason_that_a_report_did_not_arrive_has_words() -> None:
    said = list(_reasons())
    assert len(said) > 20
    assert [one for one in said if delivery_reason(one) is None] == []
    assert {words for words in DELIVERY_REASONS if not any(words in one for one in said)} == set()


def _reasons() -> Iterator[str]:
    """What is raised where reports are sent, with `…` for what is filled in."""
    rooms = ("exchange/deliver/folder", "exchange/deliver/mail", "exchange/deliver/webhook")
    for name in (*rooms, "exchange/outside", "reporting/sending", "crypto/smime"):
        for node in ast.walk(ast.parse(_read(f"{name}.py"))):
            if isinstance(node, ast.Call) and node.args and _RAISES.search(ast.unparse(node.func)):
                reason = _text_of(node.args[-1])
                # Tokens and certificates of our own no destination has; others are passed on.
                if not re.search(r"token|cert_file|replace|^…$|: …$", reason):
                    yield reason


def _text_of(node: ast.expr) -> str:
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return "".join(str(one.value) if isinstance(one, ast.Constant) else "…" for one in parts)


def _read(name: str) -> str:
    return (ROOT / "streamer" / name).read_text()


def _manual() -> str:
    path = ROOT / "streamer" / "storage" / "manual_check_ins.py"
    return path.read_text().replace("(\n                f", "f")
