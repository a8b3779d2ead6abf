"""Answers to reports through the API: whose, who decides, and what nobody else is told."""

import html
import re
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from streamer.domain.actor import SERVICE, Actor
from streamer.domain.report.delivery import WantedDelivery
from streamer.domain.report.row import ReportRow
from streamer.domain.role import Role
from streamer.reporting.runs import ReportRuns
from tests.integration.storage.clinic import ZONE
from tests.integration.storage.reported import WEEK, fill_week, rows_of, unverified
from tests.integration.web.house import House

WORDS = "Ms Qozha came by the ambulance ramp"
LOST = "destination archive: folder <x>: cannot be written (No such file or directory)"


@dataclass
class Answered:
    """A report, rows of two practitioners, and who may what."""

    house: House
    path: str
    mine: ReportRow
    others: ReportRow
    doctor: httpx.AsyncClient
    head: httpx.AsyncClient

    def answer(self, row: ReportRow) -> dict[str, str]:
        return {"kind": row.kind.value, "ref": row.ref, "reason": WORDS, "document_ref": "p. 7"}


@pytest.fixture
async def answered(house: House) -> Answered:
    await fill_week(house.clinic)
    runs = ReportRuns(house.api.backend)
    revision = await runs.make(WEEK, Actor("nina"))
    mine = (await unverified(runs, revision))[0]
    others = next(
        row
        for row in await rows_of(runs, revision)
        if row.practitioner_ref != mine.practitioner_ref
    )
    refs = (mine.practitioner_ref,)
    return Answered(
        house,
        f"/reports/{revision.entry.report_id}/replies",
        mine,
        others,
        await house.as_role(Role.PRACTITIONER, account="aigul", practitioner_refs=refs),
        await house.as_role(Role.HEAD, account="botagoz"),
    )


async def test_an_answer_is_given_accepted_and_counted(answered: Answered) -> None:
    made = await answered.doctor.post(answered.path, json=answered.answer(answered.mine))
    assert made.status_code == 201, made.text
    reply = made.json()
    assert (reply["state"], reply["written_by"], reply["revision"]) == ("waiting", "aigul", None)
    path = f"{answered.path}/{reply['reply_id']}"
    accepted = await answered.head.post(f"{path}/accept", json={"note": "seen\nboth pages"})
    assert accepted.status_code == 200, accepted.text
    assert (accepted.json()["state"], accepted.json()["revision"]) == ("accepted", 2)
    listed = (await answered.head.get(answered.path)).json()["items"]
    assert [(one["reason"], one["note"]) for one in listed] == [(WORDS, "seen both pages")]
    late = await answered.head.post(f"{path}/reject", json={"note": "no, after all"})
    assert late.status_code == 422


async def test_a_request_that_is_repeated_answers_once(answered: Answered) -> None:
    key = {"Idempotency-Key": "7"}
    sent = answered.answer(answered.mine)
    first = await answered.doctor.post(answered.path, json=sent, headers=key)
    again = await answered.doctor.post(answered.path, json=sent, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    path = f"{answered.path}/{first.json()['reply_id']}/accept"
    for _ in range(2):
        accepted = await answered.head.post(path, json={}, headers={"Idempotency-Key": "8"})
        assert (accepted.status_code, accepted.json()["revision"]) == (200, 2)


async def test_others_visits_are_nothing_to_know(answered: Answered) -> None:
    unknown = answered.answer(answered.mine) | {"ref": "A-unknown"}
    texts = set()
    for sent in (answered.answer(answered.others), unknown):
        refused = await answered.doctor.post(answered.path, json=sent)
        assert refused.status_code == 404
        texts.add(refused.text)
    assert len(texts) == 1
    nobodys = await answered.house.as_role(Role.PRACTITIONER, account="sara")
    sent = answered.answer(answered.mine)
    assert (await nobodys.post(answered.path, json=sent)).status_code == 404
    await answered.doctor.post(answered.path, json=sent)
    assert (await nobodys.get(answered.path)).json()["items"] == []
    assert len((await answered.doctor.get(answered.path)).json()["items"]) == 1


async def test_nobody_decides_about_themselves(answered: Answered) -> None:
    sent = answered.answer(answered.mine)
    reply = (await answered.doctor.post(answered.path, json=sent)).json()["reply_id"]
    path = f"{answered.path}/{reply}/accept"
    assert (await answered.doctor.post(path, json={})).status_code == 403
    both = await answered.house.as_role(
        Role.HEAD,
        Role.PRACTITIONER,
        account="chief",
        practitioner_refs=(answered.mine.practitioner_ref,),
    )
    refused = await both.post(path, json={})
    assert refused.status_code == 403
    assert "another person" in refused.json()["detail"]
    elsewhere = f"/reports/{UUID(int=3)}/replies/{reply}/accept"
    assert (await answered.head.post(elsewhere, json={})).status_code == 404
    unknown = f"{answered.path}/{UUID(int=3)}/accept"
    assert (await answered.head.post(unknown, json={})).status_code == 404


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.INSURER, Role.AUDITOR, Role.ADMIN])
async def test_who_has_no_part_in_it(answered: Answered, role: Role) -> None:
    client = await answered.house.as_role(role, account="other")
    assert (await client.get(answered.path)).status_code == 403
    sent = answered.answer(answered.mine)
    assert (await client.post(answered.path, json=sent)).status_code == 403


async def test_what_is_no_answer(answered: Answered) -> None:
    sent = answered.answer(answered.mine)
    for wrong in ({"reason": "  a "}, {"reason": "x" * 2001}, {"kind": "visit"}, {"more": "1"}):
        refused = await answered.doctor.post(answered.path, json=sent | wrong)
        assert refused.status_code == 422, wrong


async def page(client: httpx.AsyncClient, answered: Answered, path: str) -> str:
    russian = {"Accept": "text/html", "Accept-Language": "ru"}
    answer = await client.get(f"{answered.house.api.url}{path}", headers=russian)
    assert answer.status_code == 200, answer.text
    assert " style=" not in answer.text
    return answer.text


async def test_the_page_has_ones_own_visits_and_what_waits(answered: Answered) -> None:
    doctor, head, mine = answered.doctor, answered.head, answered.mine
    one_of_mine = f'data-ref="{mine.ref}"'
    before = await page(doctor, answered, "/reports/mine")
    assert one_of_mine in before
    assert "Отвечать" not in before
    # Why each may be answered.
    assert "пациент замечен не был" in before
    refs = set(re.findall(r'data-ref="([^"]+)"', before))
    rows = (
        await doctor.get(
            f"{answered.path.removesuffix('/replies')}/rows?limit=200&day="
            f"{mine.at.date()}&verdict=unverified"
        )
    ).json()["items"]
    assert {row["ref"] for row in rows} <= refs
    assert answered.others.ref not in refs
    assert 'class="decide"' not in before
    # An answer has no place for another one, and waits for the head.
    reply = (await doctor.post(answered.path, json=answered.answer(mine))).json()["reply_id"]
    after = await page(doctor, answered, "/reports/mine")
    assert one_of_mine not in after
    assert WORDS in after
    decide = f'data-path="{answered.path.lstrip("/")}/{reply}"'
    waits = await page(head, answered, "/reports/mine")
    assert decide in waits
    assert WORDS in waits
    assert "data-ref" not in waits
    (evidence,) = re.findall(r'href="(/reports/[^"]+/rows[^"]+)"', waits)
    assert mine.ref in await page(head, answered, html.unescape(evidence))
    # Rejected: the practitioner reads why, and may answer again.
    sent = {"note": "<b>which document?</b>"}
    assert (await head.post(f"{answered.path}/{reply}/reject", json=sent)).status_code == 200
    again = await page(doctor, answered, "/reports/mine")
    assert one_of_mine in again
    assert again.count("&lt;b&gt;which document?") == 2
    assert decide not in await page(head, answered, "/reports/mine")
    second = (await doctor.post(answered.path, json=answered.answer(mine))).json()["reply_id"]
    assert (await head.post(f"{answered.path}/{second}/accept", json={})).status_code == 200
    assert one_of_mine not in await page(doctor, answered, "/reports/mine")


async def test_a_final_report_asks_nobody(answered: Answered) -> None:
    answer = answered.answer(answered.mine)
    await answered.doctor.post(answered.path, json=answer)
    answered.house.clinic.clock.advance(15 * 86_400.0)
    doctor = await answered.house.as_role(
        Role.PRACTITIONER, account="later", practitioner_refs=(answered.mine.practitioner_ref,)
    )
    assert "data-ref" not in await page(doctor, answered, "/reports/mine")
    head = await answered.house.as_role(Role.HEAD, account="dana")
    waits = await page(head, answered, "/reports/mine")
    assert WORDS in waits
    assert 'class="decide"' not in waits


async def test_whose_page_it_is(answered: Answered) -> None:
    nobodys = await answered.house.as_role(Role.PRACTITIONER, account="sara")
    assert "data-ref" not in await page(nobodys, answered, "/reports/mine")
    both = await answered.house.as_role(
        Role.HEAD,
        Role.PRACTITIONER,
        account="chief",
        practitioner_refs=(answered.mine.practitioner_ref,),
    )
    await answered.doctor.post(answered.path, json=answered.answer(answered.mine))
    # What they bill another person decides about.
    shown = await page(both, answered, "/reports/mine")
    assert WORDS in shown
    assert 'class="decide"' not in shown
    # A form's "any" is an empty text.
    any_row = f"{answered.path.removesuffix('/replies')}/rows?kind=&verdict=&day="
    day = answered.mine.at.astimezone(ZONE).date()
    assert answered.mine.ref in await page(answered.head, answered, f"{any_row}{day}")
    for role in (Role.INSURER, Role.AUDITOR, Role.ADMIN, Role.RECEPTION):
        client = await answered.house.as_role(role, account="other")
        refused = await client.get(f"{answered.house.api.url}/reports/mine")
        assert refused.status_code == 403


async def test_where_a_report_was_sent(answered: Answered) -> None:
    backend, clock = answered.house.api.backend, answered.house.clinic.clock
    path = answered.path.removesuffix("/replies")
    report_id = UUID(path.rpartition("/")[2])
    wanted = [
        WantedDelivery(report_id, 1, "weekly", to, ("pdf",), "kk") for to in ("archive", "head")
    ]
    await backend.report_deliveries.want(wanted, clock.now())
    claim = await backend.report_deliveries.claim(timedelta(minutes=5))
    assert claim is not None
    lost = claim.wanted.destination
    await backend.report_deliveries.failed(claim, SERVICE, clock.now(), LOST, None)
    shown = await page(answered.head, answered, path)
    assert "folder &lt;x&gt;" in shown
    assert "В папку нельзя записать" in shown
    assert "прекращено" in shown
    assert "folder" not in await page(answered.doctor, answered, path)
    admin = await answered.house.as_role(Role.ADMIN, account="admin")
    for client in (answered.head, admin):
        items = (await client.get(f"{path}/deliveries")).json()["items"]
        states = {one["destination"]: (one["state"], one["error"]) for one in items}
        assert states.pop(lost) == ("failed", LOST)
        assert list(states.values()) == [("waiting", None)]
    assert (await admin.get(f"/reports/{UUID(int=3)}/deliveries")).status_code == 404
    assert (await answered.doctor.get(f"{path}/deliveries")).status_code == 403
