"""What a program is told to do next with a code."""

from collections.abc import Sequence
from typing import cast

import pytest
from pydantic import SecretStr

from config.settings import Settings
from streamer.api.codes import ApiCodes
from streamer.checkin.codes.claim import Answer, Claim, Redeemed
from streamer.checkin.codes.issuing import Issuing
from streamer.checkin.codes.redeeming import Redeeming
from streamer.domain.actor import Actor
from streamer.storage.attempts import PostgresAttempts
from streamer.web.models.codes import CodeShown
from tests.fakes.clock import FakeClock

NOT_ASKED = object()


class Counter:
    """Answers every claim alike."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def redeem(self, claim: Claim, actors: Sequence[Actor]) -> Redeemed:
        return Redeemed(self._answer)


@pytest.mark.parametrize("answer", Answer)
async def test_advice_is_given_where_something_else_has_to_be_done(answer: Answer) -> None:
    settings = Settings.model_validate(
        {"site": {"id": "t", "name": "T"}, "codes": {"devices": {"desk-1": "main"}}}
    )
    codes = ApiCodes(
        settings,
        cast(Issuing, NOT_ASKED),
        cast(Redeeming, Counter(answer)),
        cast(PostgresAttempts, NOT_ASKED),
        FakeClock(),
    )
    shown = CodeShown(code=SecretStr("123456"), device="desk-1")
    advice = (await codes.redeem(shown, Actor("dina"))).advice
    match answer:
        case Answer.CHOOSE:
            assert "everybody who has come" in (advice or "")
            assert "uses it up" in (advice or "")
        case Answer.AWAY:
            assert "a code or QR code of the clinic's own" in (advice or "")
        case _:
            assert advice is None
