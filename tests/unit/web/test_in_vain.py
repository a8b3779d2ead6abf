"""Who asks in vain is put on record, and slowed before that could fill a disk."""

from typing import Annotated

import httpx

from streamer.domain.asked_for import AskedFor
from streamer.domain.role import Role
from streamer.web.application import create_application
from streamer.web.permissions import Permission
from streamer.web.ports import WebParts
from streamer.web.principal import Principal
from streamer.web.problem import forbidden, no_patient, not_found
from streamer.web.require import require
from streamer.web.router import router
from tests.fakes.clock import FakeClock
from tests.fakes.entrance import FakeDenials, entrance
from tests.fakes.identities import FakeIdentities
from tests.integration.storage.clinic import NOW

Reader = Annotated[Principal, require(Permission.PATIENTS_READ)]


class Door:
    """A server with three doors, all of them shut."""

    def __init__(self) -> None:
        self.clock = FakeClock(NOW)
        identities = FakeIdentities()
        way_in = entrance(identities)
        assert isinstance(way_in.denials, FakeDenials)
        self.denials = way_in.denials
        shut = router("/shut", "test")

        @shut.get("/people/{ref}")
        async def person(ref: str, _who: Reader) -> None:
            raise no_patient(ref)

        @shut.get("/things/{ref}")
        async def thing(ref: str, _who: Reader) -> None:
            raise not_found("thing")

        @shut.get("/own")
        async def own(_who: Reader) -> None:
            raise forbidden("these are somebody else's")

        application = create_application(WebParts("s1", self.clock, way_in))
        application.include_router(shut)
        self._transport = httpx.ASGITransport(application)
        self._token = identities.add(Role.PRACTITIONER, account="doctor")

    async def get(self, path: str) -> int:
        headers = {"Authorization": f"Bearer {self._token}"}
        async with httpx.AsyncClient(transport=self._transport, base_url="http://127.0.0.1") as one:
            return (await one.get(path, headers=headers)).status_code


async def test_a_patient_asked_for_in_vain_is_on_record_and_a_thing_is_not() -> None:
    door = Door()
    assert await door.get("/shut/people/P-2") == 404
    assert door.denials.missed_by == [("doctor", AskedFor("Patient", "P-2"))]
    assert await door.get("/shut/things/7") == 404
    assert len(door.denials.missed_by) == 1
    # What a route itself refuses is on record like what its demand refuses.
    assert await door.get("/shut/own") == 403
    assert door.denials.denied_to == [("doctor", "GET /shut/own")]


async def test_whoever_asks_in_vain_too_often_is_told_no_more() -> None:
    door = Door()
    answers = []
    for number in range(90):
        answers.append(await door.get(f"/shut/people/P-{number}"))
        door.clock.advance(0.1)
    assert set(answers) == {404, 429}
    # Nothing is told that is not on record.
    assert len(door.denials.missed_by) == answers.count(404) < 70
    door.clock.advance(60.0)
    assert await door.get("/shut/own") == 403
