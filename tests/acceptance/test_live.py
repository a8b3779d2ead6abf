"""Live video of the real service, for a client that is not ours; all of it is on record."""

import asyncio

import pytest

from tests.acceptance.kirdi import Kirdi
from tests.acceptance.people import unseen_clips
from tests.integration.live.watcher import watching


@pytest.mark.long
def test_cameras_are_watched_clear_and_blurred_and_both_are_on_record(kirdi: Kirdi) -> None:
    kirdi.extra = {"web": {"port": 0}}
    kirdi.ok("users", "add", "dana", "--role", "reviewer", "--cameras", "lobby-1", "--no-password")
    kirdi.ok("users", "add", "olzhas", "--role", "operator", "--cameras", "all", "--no-password")
    scopes = "cameras:view,cameras:faces"
    tokens = {
        name: kirdi.ok("tokens", "create", name, "--scope", given)[0]["token"]
        for name, given in (("dana", scopes), ("olzhas", "cameras:view"))
    }
    with kirdi.camera(unseen_clips("A")[0], loop=True) as url:
        kirdi.cameras = [{"id": "lobby-1", "url": url, "lane": [[0, 0], [1, 0], [1, 1]]}]
        with kirdi.service() as service:
            service.wait_until_logged('"status": "streaming"')
            address = kirdi.ok("status")[0]["url"]
            shown = {name: asyncio.run(frames_of(address, token)) for name, token in tokens.items()}
    assert shown["dana"] >= 10
    assert shown["olzhas"] >= 3
    events = kirdi.ok("audit", "list", "--kind", "live-view")
    told = {(one["actor"], one["reason"]) for one in events}
    assert {("dana", "opened"), ("dana", "closed"), ("olzhas", "opened")} <= told
    assert {one["entity_id"] for one in events} == {"lobby-1"}
    for token in tokens.values():
        assert token not in service.log


async def frames_of(address: str, token: str) -> int:
    """How many pictures a client has decoded when it says goodbye."""
    async with watching(address, token, "lobby-1") as watcher:
        await watcher.until(lambda: len(watcher.frames) >= 10 or is_slow(watcher.frames), 40)
        await watcher.leave()
        return len(watcher.frames)


def is_slow(frames: list[dict[str, object]]) -> bool:
    """The blurred view moves at the analysis's pace."""
    return len(frames) >= 3 and float(str(frames[-1]["at"])) - float(str(frames[0]["at"])) > 3
