"""A national code that its service knows once: what is asked of its holder can be answered."""

import pytest

from streamer.checkin.codes.claim import Claim
from streamer.checkin.codes.national_document import NationalDocument
from streamer.domain.claim import Device, PersonShown
from streamer.domain.person import Person
from tests.fakes.clock import FakeClock

TABLET, OTHER = Device("tablet-1", "main"), Device("tablet-2", "main")
ANNA = Person("iin", "900101300017")
CODE = Claim("egov:7", TABLET)
ANSWER = Claim("egov:7 ", TABLET, chosen=("A-2", "A-3"))


class Once:
    """Knows every code once."""

    there = True

    def __init__(self) -> None:
        self.codes = {"egov:7"}

    def reads(self, text: str) -> bool:
        return text.startswith("egov:")

    async def whose(self, code: str) -> Person | None:
        known = code in self.codes
        self.codes.discard(code)
        return ANNA if known else None


async def asked(way: NationalDocument) -> None:
    shown = await way.shown(CODE)
    assert shown == PersonShown(ANNA)
    assert shown is not None
    way.asked(CODE, shown)


@pytest.mark.parametrize("answer", [ANSWER, Claim("egov:7", TABLET, disputed=True)])
async def test_an_answer_needs_no_code_anew_and_counts_once(answer: Claim) -> None:
    way = NationalDocument(Once(), FakeClock())
    await asked(way)
    assert await way.shown(answer) == PersonShown(ANNA)
    assert await way.shown(answer) is None


@pytest.mark.parametrize(
    "other",
    [CODE, Claim("egov:8", TABLET, chosen=("A-2",)), Claim("egov:7", OTHER, chosen=("all",))],
)
async def test_nothing_else_is_that_answer(other: Claim) -> None:
    way = NationalDocument(Once(), FakeClock())
    await asked(way)
    assert await way.shown(other) is None


async def test_nobody_is_remembered_who_was_asked_nothing_or_long_ago() -> None:
    clock = FakeClock()
    way = NationalDocument(Once(), clock)
    assert await way.shown(CODE) == PersonShown(ANNA)
    assert await way.shown(ANSWER) is None
    way = NationalDocument(Once(), clock)
    await asked(way)
    clock.advance(121)
    assert await way.shown(ANSWER) is None


async def test_few_are_remembered_at_once() -> None:
    way = NationalDocument(Once(), FakeClock())
    await asked(way)
    for number in range(100):
        way.asked(Claim(f"egov:{100 + number}", TABLET), PersonShown(ANNA))
    assert await way.shown(ANSWER) is None
    assert await way.shown(Claim("egov:199", TABLET, chosen=("all",))) == PersonShown(ANNA)
