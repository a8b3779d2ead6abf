"""WHEP against a simulated camera: what a client that is not ours sees, and what ends it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from config.settings import Live
from streamer.domain.role import Role
from tests.fakes.matcher import face_at
from tests.integration.ingest.watching import COLOURS, until, write_colours
from tests.integration.live.stage import Stage, staged
from tests.integration.live.watcher import Watcher, watching
from tests.unit.web.media.offers import CHROMIUM
from tests.video import make_video

SDP = {"Content-Type": "application/sdp"}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A camera `lobby` that shows four colours."""
    clip = tmp_path / "colours.mp4"
    write_colours(clip, seconds=4)
    async with staged(Live(viewers=4, viewers_per_camera=3, viewers_per_account=2)) as made:
        simulator = await made.simulated(clip)
        await made.streaming(lobby=simulator.urls[0])
        yield made


def shows_colours(watcher: Watcher) -> bool:
    quarters = watcher.frames[-1]["quarters"]
    wanted = (value for colour in COLOURS for value in colour)
    given = (value for pixel in quarters for value in pixel)
    return all(abs(one - other) < 40 for one, other in zip(given, wanted, strict=True))


async def test_a_client_that_is_not_ours_sees_the_camera(stage: Stage) -> None:
    token = stage.token(Role.REVIEWER, account="dana")
    async with watching(stage.url, token, "lobby") as watcher:
        answer = await watcher.answer()
        assert (answer["status"], "a=sendonly" in answer["body"]) == (201, True)
        await watcher.sees(20)
        assert shows_colours(watcher)
        # Others' viewers are nobody's.
        place = answer["location"].removeprefix("/api/v1")
        other = await stage.client(stage.token(Role.REVIEWER, account="other"))
        for method in ("GET", "DELETE"):
            assert (await other.request(method, place)).status_code == 404
        own = await stage.client(token)
        view = (await own.get(place)).json()
        assert (view["camera_id"], view["view"], view["dropped"]) == ("lobby", "clear", 0)
        assert view["rtp_timestamp"] is not None
        # Trickled candidates: of this ICE session, or none.
        kind = {"Content-Type": "application/trickle-ice-sdpfrag"}
        ufrag = "a=ice-ufrag:Zz9z\r\na=candidate:1 1 udp 9 192.0.2.9 9000 typ host\r\n"
        for headers, body, status in (
            (SDP, ufrag, 415),
            (kind, "hello", 422),
            (kind, ufrag, 422),
            (kind | {"If-Match": '"other"'}, ufrag, 412),
        ):
            got = await own.patch(place, content=body, headers=headers)
            assert got.status_code == status, got.text
        await watcher.leave()
        assert watcher.all("deleted")[0]["status"] == 200
        assert (await own.get(place)).status_code == 404
    await until(lambda: len(stage.audit.events) == 2)
    assert stage.audit.told == [("dana", "lobby", "opened"), ("dana", "lobby", "closed")]
    assert dict(stage.audit.events[1].detail)["seconds"] > 0  # type: ignore[operator]
    assert stage.views.viewers == 0


async def test_who_may_look_how(stage: Stage) -> None:
    operator = await stage.client(stage.token(Role.OPERATOR))
    path = "/cameras/lobby/whep"
    refused = await operator.post(f"{path}?view=clear", content=CHROMIUM, headers=SDP)
    assert refused.status_code == 403
    assert len(stage.denied) == 1
    opened = await operator.post(path, content=CHROMIUM, headers=SDP)
    assert opened.status_code == 201
    place = opened.headers["location"].removeprefix("/api/v1")
    assert (await operator.get(place)).json()["view"] == "blurred"
    assert opened.headers["accept-patch"] == "application/trickle-ice-sdpfrag"
    assert (await operator.options(path)).headers["accept-post"] == "application/sdp"
    stranger = await stage.client(stage.token(Role.OPERATOR, cameras=["desk-1"]))
    for answer in (
        await stranger.post(path, content=CHROMIUM, headers=SDP),
        await operator.post("/cameras/nowhere/whep", content=CHROMIUM, headers=SDP),
        await stranger.options(path),
    ):
        assert answer.status_code == 404
    await operator.delete(place)
    await until(lambda: stage.views.viewers == 0)


async def test_a_blurred_view_covers_faces_and_is_coarse_where_nobody_looks_for_them(
    tmp_path: Path,
) -> None:
    clip = tmp_path / "busy.mp4"
    make_video(clip, size=(320, 240), seconds=2, noise=True)
    async with staged() as stage:
        simulator = await stage.simulated(clip)
        await stage.streaming(lobby=simulator.urls[0])
        analysis = stage.analyses["lobby"]
        async with watching(stage.url, stage.token(Role.OPERATOR), "lobby") as watcher:
            await watcher.sees(3)
            clear = watcher.frames[-1]["detail"]
            # With its margin a face fills the left half.
            analysis.faces = (face_at(20.0, 40.0, width=130.0),)
            await watcher.until(lambda: watcher.frames[-1]["detail"] < clear / 2)
            analysis.faces = None
            await watcher.sees(5)
            assert watcher.frames[-1]["detail"] < clear / 2


async def test_malformed_and_oversized_offers_leave_nothing_behind(stage: Stage) -> None:
    client = await stage.client(stage.token(Role.REVIEWER))
    path = "/cameras/lobby/whep"
    bad = {
        "empty": (b"", 422),
        "json": (b'{"sdp": 1}', 422),
        "binary": (bytes(range(256)) * 8, 422),
        "long line": (CHROMIUM.encode() + b"a=" + b"x" * 5000, 422),
        "too long": (CHROMIUM.encode() + b"a=x:y\r\n" * 6000, 413),
        "enormous": (b"v" * 3_000_000, 413),
        "many media": (CHROMIUM.encode() + b"m=video 9 UDP/TLS/RTP/SAVPF 96\r\n" * 300, 422),
        "many candidates": (
            CHROMIUM.encode() + b"a=candidate:1 1 udp 9 10.0.0.9 9 typ host\r\n" * 300,
            422,
        ),
        "no crypto": (CHROMIUM.replace("a=fingerprint", "a=x").encode(), 422),
        "no codec": (CHROMIUM.replace("H264", "AV1").encode(), 422),
    }
    for name, (body, status) in bad.items():
        answer = await client.post(path, content=body, headers=SDP)
        assert answer.status_code == status, name
        assert answer.json()["type"].startswith("urn:kirdi:problem:"), name
    assert (await client.post(path, content=CHROMIUM)).status_code == 415
    unknown = await client.post(f"{path}?view=naked", content=CHROMIUM, headers=SDP)
    assert unknown.status_code == 422
    assert stage.views.viewers == 0
    assert stage.audit.events == []
    assert stage.cameras.viewing("lobby").viewers == 0  # type: ignore[union-attr]


async def test_limits_and_who_is_let_go(stage: Stage) -> None:
    path, places = "/cameras/lobby/whep", []
    roles = (Role.REVIEWER,)
    first = stage.token(*roles, account="first")
    clients = [await stage.client(first), await stage.client(stage.token(*roles, account="next"))]
    for client in (clients[0], clients[0], clients[1]):
        opened = await client.post(path, content=CHROMIUM, headers=SDP)
        assert opened.status_code == 201
        places.append(opened.headers["location"].removeprefix("/api/v1"))
    for client, where in ((clients[0], "at this camera"), (clients[1], "at this camera")):
        full = await client.post(path, content=CHROMIUM, headers=SDP)
        assert (full.status_code, full.json()["type"][-7:]) == (503, "viewers")
        assert where in full.json()["detail"]
        assert int(full.headers["retry-after"]) > 0
    # Trickling in vain costs nothing; others' sites' pages gain nothing, and neither does a session
    # without its token.
    session = await stage.in_a_browser(Role.REVIEWER, account="third")
    for headers in ({"Origin": "https://evil.example"}, {"X-CSRF-Token": "guessed"}):
        evil = await session.post(path, content=CHROMIUM, headers=SDP | headers)
        assert evil.status_code == 403
    # Taken away while somebody looks: the permission, then the token.
    held = stage.identities.by_token[first]
    stage.identities.by_token[first] = replace(held, cameras=frozenset())
    await until(lambda: stage.views.viewers == 1, 8)
    assert (await clients[0].get(places[0])).status_code == 404
    await until(lambda: stage.audit.told.count(("first", "lobby", "revoked")) == 2)
    # The camera is switched off: its viewer goes, and nobody new comes.
    await stage.cameras.apply([])
    await until(lambda: stage.views.viewers == 0)
    await until(lambda: stage.audit.told[-1] == ("next", "lobby", "camera"))
    assert (await clients[1].post(path, content=CHROMIUM, headers=SDP)).status_code == 404


async def test_a_browsers_viewer_ends_with_its_session(stage: Stage) -> None:
    session = await stage.in_a_browser(Role.OPERATOR, account="third")
    opened = await session.post("/cameras/lobby/whep", content=CHROMIUM, headers=SDP)
    assert opened.status_code == 201
    stage.identities.by_session.clear()
    await until(lambda: stage.views.viewers == 0, 8)
    await until(lambda: stage.audit.told[-1] == ("third", "lobby", "revoked"))


async def test_nobody_looks_unrecorded(stage: Stage) -> None:
    client = await stage.client(stage.token(Role.REVIEWER))
    stage.audit.away = True
    refused = await client.post("/cameras/lobby/whep", content=CHROMIUM, headers=SDP)
    assert (refused.status_code, refused.json()["type"][-8:]) == (503, "database")
    assert stage.views.viewers == 0
    stage.audit.away = False
    opened = await client.post("/cameras/lobby/whep", content=CHROMIUM, headers=SDP)
    place = opened.headers["location"].removeprefix("/api/v1")
    stage.audit.away = True
    assert (await client.delete(place)).status_code == 200
    await asyncio.sleep(0.1)
    stage.audit.away = False
    # Tried again until it is on record.
    await until(lambda: [one[2] for one in stage.audit.told] == ["opened", "closed"], 8)


@pytest.mark.long
@pytest.mark.parametrize("codec", ["libx265", "b-frames"])
async def test_what_browsers_cannot_show_is_encoded_once_for_all(
    tmp_path: Path, codec: str
) -> None:
    clip = tmp_path / "clip.mp4"
    if codec == "b-frames":
        make_video(clip, size=(320, 240), seconds=4, b_frames=2)
    else:
        make_video(clip, "libx265", size=(320, 240), seconds=4)
    async with staged() as stage:
        simulator = await stage.simulated(clip)
        await stage.streaming(lobby=simulator.urls[0])
        token = stage.token(Role.REVIEWER)
        async with (
            watching(stage.url, token, "lobby") as one,
            watching(stage.url, token, "lobby") as two,
        ):
            await one.sees(10)
            await two.sees(10)
            assert (two.frames[-1]["width"], two.frames[-1]["height"]) == (320, 240)


@pytest.mark.long
async def test_a_camera_that_was_away_comes_back_to_who_looks(tmp_path: Path) -> None:
    clip = tmp_path / "colours.mp4"
    write_colours(clip, seconds=4)
    async with staged(Live(silent_s=5.0)) as stage:
        simulator = await stage.simulated(clip)
        await stage.streaming(lobby=simulator.urls[0])
        token = stage.token(Role.REVIEWER)
        client = await stage.client(token)
        async with watching(stage.url, token, "lobby") as watcher:
            await watcher.sees(10)
            await simulator.stop()
            await until(lambda: not stage.streams("lobby"), 30)
            away = await client.post("/cameras/lobby/whep", content=CHROMIUM, headers=SDP)
            told = away.json()
            assert (away.status_code, told["type"][-11:]) == (409, "camera-away")
            assert told["since"]
            assert told["reason"]
            assert int(away.headers["retry-after"]) > 0
            # Longer than a viewer may be silent: it lives, and is not let go.
            await asyncio.sleep(9)
            assert stage.views.viewers == 1
            port = int(simulator.urls[0].split(":")[2].split("/")[0])
            await stage.simulated(clip, port=port)
            await watcher.sees(20, 40)
            assert shows_colours(watcher)
        # Killed without a word: it is missed soon.
        await until(lambda: stage.views.viewers == 0, 15)


@pytest.mark.long
async def test_who_is_silent_or_has_looked_long_enough_is_let_go(tmp_path: Path) -> None:
    clip = tmp_path / "colours.mp4"
    write_colours(clip, seconds=4)
    async with staged(Live(silent_s=5.0, longest_min=0.4)) as stage:
        simulator = await stage.simulated(clip)
        await stage.streaming(lobby=simulator.urls[0])
        token = stage.token(Role.REVIEWER, account="dana")
        async with (
            watching(stage.url, token, "lobby") as stalled,
            watching(stage.url, token, "lobby") as patient,
        ):
            await stalled.sees(5)
            await patient.sees(5)
            stalled.stall()
            await until(lambda: ("dana", "lobby", "silent") in stage.audit.told, 20)
            await patient.sees(5)
            await until(lambda: ("dana", "lobby", "age") in stage.audit.told, 30)
            assert stage.views.viewers == 0


@pytest.mark.long
async def test_while_the_analysis_stands_still_the_blurred_view_does(tmp_path: Path) -> None:
    clip = tmp_path / "colours.mp4"
    write_colours(clip, seconds=4)
    async with staged() as stage:
        simulator = await stage.simulated(clip)
        await stage.streaming(lobby=simulator.urls[0])
        async with watching(stage.url, stage.token(Role.OPERATOR), "lobby") as watcher:
            await watcher.sees(3)
            stage.analyses["lobby"].paused = True
            # For a while the last picture is repeated, as one in which nothing moves.
            await asyncio.sleep(6)
            seen = len(watcher.frames)
            await asyncio.sleep(2)
            assert len(watcher.frames) == seen
