"""A few hundred inputs of the fuzz command, and that its judgement can be trusted."""

import asyncio
import random
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.fuzz.campaign import Campaign
from tests.fuzz.corpus import Corpus
from tests.fuzz.episode import Episode, Kind
from tests.fuzz.episode_maker import EpisodeMaker
from tests.fuzz.mutation import mutate, mutate_text
from tests.fuzz.own_parsers import OwnParser, own_parsers
from tests.fuzz.replay import replay
from tests.fuzz.verdict import Verdict

SEED = 7
Change = Callable[[bytes, Sequence[bytes], random.Random], bytes]


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return Corpus.load()


@pytest.mark.long
async def test_damaged_streams_hurt_nothing_but_their_own_connection(tmp_path: Path) -> None:
    async with asyncio.timeout(150):
        verdict = await Campaign(300, SEED, tmp_path, batch=10).run()
    assert verdict.faults == [], verdict.row
    assert verdict.inputs.total() >= 300
    assert all(verdict.inputs[kind] for kind in ("rtsp", "sdp", "rtp", "stream"))
    assert verdict.datagrams > 0
    # Some got as far as the decoder.
    assert verdict.pictures > 0
    assert len(verdict.back_s) >= 5


async def test_a_decoder_that_dies_and_a_service_that_dies_are_found(tmp_path: Path) -> None:
    campaign = Campaign(100_000, SEED, tmp_path)
    running = asyncio.create_task(campaign.run())
    async with asyncio.timeout(60):
        while campaign.sent.total() < 20:  # noqa: ASYNC110 - other processes set no asyncio events
            await asyncio.sleep(0.05)
        service = psutil.Process(campaign.service_pid)
        # Some of them play a sound camera at this moment, or have just ended.
        for decoder in service.children():
            with suppress(psutil.NoSuchProcess):
                decoder.send_signal(signal.SIGSEGV)
        await asyncio.sleep(2)
        service.kill()
        verdict = await running
    assert verdict.deaths["SIGSEGV"] >= 1
    assert "ended with -9" in verdict.crash
    assert verdict.faults
    assert any("SIGSEGV" in line for line in verdict.kept)
    assert any("in play when" in line for line in verdict.kept)


def test_our_own_parsers_raise_only_what_they_say(corpus: Corpus) -> None:
    for parser in own_parsers(corpus):
        assert parser.fuzz(1000, SEED) > 0


def test_a_parser_that_raises_something_else_is_found(corpus: Corpus) -> None:
    parser = OwnParser("brittle", lambda data: data[20], [bytes(21)], is_text=False)
    with pytest.raises(IndexError) as caught:
        parser.fuzz(1000, SEED)
    assert "brittle was given" in caught.value.__notes__[0]


@pytest.mark.parametrize("kind", list(Kind))
def test_a_seed_makes_the_same_episode_again(corpus: Corpus, kind: Kind, tmp_path: Path) -> None:
    first = EpisodeMaker(corpus, SEED).make(3, kind)
    assert first == EpisodeMaker(corpus, SEED).make(3, kind)
    assert (first != EpisodeMaker(corpus, SEED + 1).make(3, kind)) or kind is Kind.SOUND
    assert (first.inputs > 0) == (kind is not Kind.SOUND)
    first.write(tmp_path / "kept.json", "for a reason")
    assert Episode.read(tmp_path / "kept.json") == first


@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_a_kept_episode_can_be_played_again(
    corpus: Corpus, transport: str, tmp_path: Path
) -> None:
    path = tmp_path / "kept.json"
    sound = EpisodeMaker(corpus, SEED).make(1, Kind.SOUND)
    replace(sound, transport=transport).write(path, "")
    told = await replay(path)
    assert told.startswith("ended")
    assert not told.endswith(" 0 frames decoded")


@pytest.mark.parametrize("change", [mutate, mutate_text])
def test_mutations_change_nearly_everything_they_are_given(change: Change) -> None:
    chance = random.Random(SEED)
    data = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 0\r\n\r\n"
    others = [b"Session: 1", b""]
    changed = [change(data, others, chance) for _ in range(200)]
    assert sum(one != data for one in changed) > 150
    assert len(set(changed)) > 100


@pytest.mark.parametrize(
    ("finding", "words"),
    [
        (Verdict(crash="the service ended with -11"), "-11"),
        (Verdict(back_s=[1.0, 6.0]), "longer than 5 s"),
        (Verdict(back_s=[]), "come back"),
        (Verdict(back_s=[1.0], growth_mb=40.0), "grew by 40"),
        (Verdict(back_s=[1.0], healthy_share=0.5), "50%"),
        (Verdict(back_s=[1.0], descriptors=(20, 90)), "descriptors"),
        (Verdict(back_s=[1.0], left_over=2), "left behind"),
    ],
)
def test_every_broken_bound_is_a_fault(finding: Verdict, words: str) -> None:
    assert any(words in fault for fault in finding.faults)
    assert not Verdict(back_s=[1.0], healthy_share=1.0).faults
