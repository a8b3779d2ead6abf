"""The right of reply: whose, about what, until when, who decides, and what is left of an answer."""

import asyncio
import zlib
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from streamer.backend import Backend
from streamer.bench.reports.made_site import REPORTS
from streamer.domain.account import NewAccount
from streamer.domain.actor import SERVICE, Actor
from streamer.domain.consent import ConsentPurpose, EndReason
from streamer.domain.page import Slice
from streamer.domain.report.reply import Reply, ReplyState
from streamer.domain.report.revision import ReportState, Revision
from streamer.domain.report.row import ReportRow, RowKind
from streamer.domain.role import Role
from streamer.domain.verdict import VerdictKind
from streamer.errors import InputError, NotYoursError
from streamer.reporting.replies import ReportReplies, same_person
from streamer.reporting.runs import ReportRuns
from streamer.site_jobs import report_post, report_upkeep
from streamer.storage.queries import sql
from streamer.storage.reply_words import ERASED
from tests.integration.storage.clinic import NOW, SITE, Clinic
from tests.integration.storage.reported import WEEK, report_settings, reported, rows_of, unverified
from tests.integration.web.clinic_backend import clinic_backend

HEAD = Actor("botagoz")
DAY_S = 86_400.0
CONSENT = UUID(int=5)
WORDS = "Ms Qozha came by the ambulance ramp"


@dataclass
class Reported:
    """A report that was made, and a row of it that may be answered."""

    clinic: Clinic
    backend: Backend
    runs: ReportRuns
    replies: ReportReplies
    revision: Revision
    row: ReportRow

    @property
    def doctor(self) -> Actor:
        return Actor("aigul", (self.row.practitioner_ref,))

    async def answer(self, row: ReportRow | None = None, by: Actor | None = None) -> Reply:
        row = row or self.row
        report_id = self.revision.entry.report_id
        return await self.replies.add(
            report_id, row.kind, row.ref, WORDS, "protocol 7", by or self.doctor
        )

    async def accept(self, reply: Reply, by: Actor = HEAD) -> tuple[Reply, Revision | None]:
        return await self.replies.decide(reply.reply_id, ReplyState.ACCEPTED, "seen", by)


@pytest.fixture
async def report(clinic: Clinic, tmp_path: Path) -> Reported:
    backend = await reported(clinic, tmp_path)
    runs = ReportRuns(backend)
    revision = await runs.make(WEEK, HEAD)
    row = next(one for one in await unverified(runs, revision) if one.kind is RowKind.APPOINTMENT)
    replies = ReportReplies(backend, runs, report_post(backend))
    return Reported(clinic, backend, runs, replies, revision, row)


async def test_an_accepted_answer_explains_the_visit_at_once(report: Reported) -> None:
    reply = await report.answer()
    assert (reply.state, reply.written_by) == (ReplyState.WAITING, "aigul")
    # Until somebody has accepted it nothing is explained.
    assert (await report.runs.make(WEEK, HEAD)).entry.number == 1
    accepted, revision = await report.accept(reply)
    assert (accepted.state, accepted.note, accepted.decided_by) == (
        ReplyState.ACCEPTED,
        "seen",
        "botagoz",
    )
    assert (accepted.reason, accepted.document_ref) == (WORDS, "protocol 7")
    assert revision is not None
    assert revision.entry.number == 2
    assert revision.report.total.visits.explained == 1
    before = report.revision.report.total.visits
    assert revision.report.total.visits.unverified == before.unverified
    assert any("explained" in name for name in revision.changes)
    explained = [row for row in await rows_of(report.runs, revision) if row.explained]
    assert (report.row.kind, report.row.ref) in {(row.kind, row.ref) for row in explained}
    # The one before says what it said.
    first = await report.runs.revision(revision.entry.report_id, 1)
    assert first.report.total.visits.explained == 0


async def test_a_practitioner_answers_for_nobody_else(report: Reported) -> None:
    other = next(
        row
        for row in await rows_of(report.runs, report.revision)
        if row.practitioner_ref != report.row.practitioner_ref
    )
    for by in (Actor("aigul"), Actor("aigul", (other.practitioner_ref,)), HEAD):
        with pytest.raises(NotYoursError, match="no visit of yours"):
            await report.answer(by=by)
    with pytest.raises(NotYoursError, match="no visit of yours"):
        await report.answer(replace(report.row, ref="A-unknown"))
    assert await report.clinic.count("report_replies") == 0


async def test_what_has_evidence_needs_no_answer(report: Reported) -> None:
    rows = await rows_of(report.runs, report.revision)
    verified = next(row for row in rows if row.verdict is VerdictKind.VERIFIED and not row.findings)
    with pytest.raises(InputError, match="nothing to answer"):
        await report.answer(verified, Actor("aigul", (verified.practitioner_ref,)))


async def test_what_a_rule_found_is_answered_and_stays_at_risk(
    report: Reported, tmp_path: Path
) -> None:
    strict = report_settings(reports=REPORTS.model_dump() | {"per_day": 1})
    clinic = report.clinic
    backend = clinic_backend(clinic.database, strict, clinic.schedules(), clinic.clock, tmp_path)
    report.runs, report.backend = ReportRuns(backend), backend
    report.replies = ReportReplies(backend, report.runs, report_post(backend))
    former, report.revision = report.revision, await report.runs.make(WEEK, HEAD)
    # The report says which limit it rests on, and that it is another one.
    said = {"setting": "reports.per_day", "value": "1"}
    assert ("setting_not_default", said) in report.revision.report.notices
    assert report.revision.changes["settings.reports.per_day"] == (0, 1)
    assert "settings.reports.fits" not in report.revision.changes
    assert former.digest != report.revision.digest
    report.row = next(
        row
        for row in await rows_of(report.runs, report.revision)
        if row.certain and row.verdict is VerdictKind.VERIFIED
    )
    listed = await report.replies.answerable(report.doctor, report.doctor.practitioner_refs)
    assert report.row in [one.row for one in listed]
    _, revision = await report.accept(await report.answer())
    assert revision is not None
    row = next(
        row
        for row in await rows_of(report.runs, revision)
        if (row.kind, row.ref) == (report.row.kind, report.row.ref)
    )
    assert row == replace(report.row, explained=True)
    assert not revision.changes
    listed = await report.replies.answerable(report.doctor, report.doctor.practitioner_refs)
    assert report.row.ref not in [one.row.ref for one in listed if one.row.kind is RowKind.CLAIM]


async def test_who_wrote_it_or_bills_it_does_not_decide(report: Reported) -> None:
    reply = await report.answer()
    sara = NewAccount("sara", (Role.PRACTITIONER,), report.doctor.practitioner_refs)
    await report.backend.accounts.add(sara, SERVICE, NOW)
    for by in (
        report.doctor,
        Actor("Aigul"),
        Actor("botagoz (through aigul)"),
        Actor("another", report.doctor.practitioner_refs),
        # Whoever bills it by their account, at a terminal where nobody knows that.
        Actor("Sara (through root)", at_terminal=True),
    ):
        with pytest.raises(NotYoursError, match="another person"):
            await report.accept(reply, by)
    assert not await report.backend.replies.explained(WEEK)


def test_the_same_person() -> None:
    assert same_person("aigul", "AIGUL")
    assert same_person("aigul (through root)", "aigul")
    assert same_person("aigul", "head (through aigul)")
    assert not same_person("aigul (through root)", "head (through root)")
    assert not same_person("aigul", "botagoz")


async def test_one_answer_at_a_time_and_a_better_one_after_a_rejection(report: Reported) -> None:
    reply = await report.answer()
    with pytest.raises(InputError, match="not rejected already"):
        await report.answer()
    with pytest.raises(InputError, match="needs a note"):
        await report.replies.decide(reply.reply_id, ReplyState.REJECTED, " ", HEAD)
    rejected, revision = await report.replies.decide(
        reply.reply_id, ReplyState.REJECTED, "which document?", HEAD
    )
    assert (rejected.state, rejected.note, revision) == (
        ReplyState.REJECTED,
        "which document?",
        None,
    )
    with pytest.raises(InputError, match="decided already"):
        await report.accept(reply)
    second = await report.answer()
    both = await asyncio.gather(
        report.accept(second),
        report.replies.decide(second.reply_id, ReplyState.REJECTED, "no", Actor("nina")),
        return_exceptions=True,
    )
    assert sum(isinstance(one, InputError) for one in both) == 1


async def test_a_final_period_is_answered_no_more(report: Reported) -> None:
    late = await report.answer()
    report.clinic.clock.advance(14 * DAY_S)
    assert report.clinic.clock.now() >= report.revision.entry.final_on
    with pytest.raises(InputError, match="final since"):
        await report.answer()
    with pytest.raises(InputError, match="final since"):
        await report.accept(late)
    assert await report_upkeep(report.backend).finish(asyncio.Event()) == 1
    final = await report.runs.newest_of(WEEK)
    assert final is not None
    assert (final.entry.number, final.entry.state) == (2, ReportState.FINAL)
    assert await report_upkeep(report.backend).finish(asyncio.Event()) == 0
    # A clock that is set back opens nothing.
    report.clinic.clock.advance(-14 * DAY_S)
    with pytest.raises(InputError, match="final since"):
        await report.answer()


async def test_words_are_sealed_and_every_step_is_on_record(report: Reported) -> None:
    reply = await report.answer()
    await report.accept(reply)
    row = await report.clinic.row("SELECT sealed_answer, sealed_note FROM report_replies")
    assert b"Qozha" not in row[0]
    assert b"seen" not in row[1]
    listed = await report.backend.replies.listed(
        report.doctor, NOW, Slice(5), practitioner_refs=report.doctor.practitioner_refs
    )
    assert [one.reason for one in listed.items] == [WORDS]
    none = await report.backend.replies.listed(HEAD, NOW, Slice(5), practitioner_refs=("D-0",))
    assert not none.items
    async with report.clinic.as_owner() as connection:
        events = await connection.fetch(
            "SELECT kind, actor, body ->> 'reason' AS reason, body::text AS body FROM audit_events "
            "WHERE body ->> 'entity_type' = 'report-reply' ORDER BY recorded_at, sequence"
        )
    assert sorted((one["actor"], one["reason"] or one["kind"]) for one in events) == [
        ("aigul", "answered"),
        ("aigul", "patient-read"),
        ("botagoz", "accepted"),
    ]
    assert all("Qozha" not in one["body"] for one in events)


async def _ref_of(report: Reported) -> str:
    """The clinic's reference of the patient whose visit is answered for."""
    statement = "SELECT patient_ref FROM patients WHERE patient_id = $1"
    (ref,) = await report.clinic.row(statement, UUID(report.row.patient_id))
    return str(ref)


async def test_answers_are_read_page_by_page(report: Reported) -> None:
    await report.answer()
    async with report.clinic.as_owner() as connection:
        # Two more of each of two earlier moments.
        await connection.execute(
            "INSERT INTO report_replies (reply_id, site_id, report_id, kind, ref, patient_id,"
            " practitioner_ref, visit_at, sealed_answer, written_by, written_at, state)"
            " SELECT gen_random_uuid(), site_id, report_id, kind, ref || n, patient_id,"
            " practitioner_ref, visit_at, NULL, written_by,"
            " written_at - interval '1 hour' * (n % 2 + 1), 'waiting'"
            " FROM report_replies, generate_series(1, 4) AS n"
        )
    for state, oldest_first in ((None, False), (ReplyState.WAITING, True)):
        found: list[Reply] = []
        after: tuple[str, ...] | None = ()
        while after is not None:
            page = await report.backend.replies.listed(HEAD, NOW, Slice(2, after), state=state)
            assert 0 < len(page.items) <= 2
            found += page.items
            after = page.after
        assert len({one.reply_id for one in found}) == 5
        times = [one.written_at for one in found]
        assert times == sorted(times, reverse=not oldest_first)
    with pytest.raises(InputError, match="cursor"):
        await report.backend.replies.listed(HEAD, NOW, Slice(2, ("x", "y")))


async def test_what_is_kept_of_a_report_names_no_patient(report: Reported) -> None:
    """It is never changed, so whoever is erased could not be taken out."""
    refs = await report.clinic.row("SELECT array_agg(patient_ref) FROM patients")
    kept = await report.clinic.row("SELECT array_agg(rows) FROM report_days")
    lines = b"".join(zlib.decompress(one) for one in kept[0])
    (header,) = await report.clinic.row("SELECT header FROM report_revisions")
    assert len(refs[0]) > 1
    assert report.row.patient_id.encode() in lines
    for ref in refs[0]:
        assert f'"{ref}"'.encode() not in lines
        assert f'"{ref}"'.encode() not in zlib.decompress(header)


async def test_an_erased_patient_leaves_no_word(report: Reported) -> None:
    reply = await report.answer()
    await report.accept(reply)
    erasure = report.backend.patient_erasure
    erased = await erasure.erase(await _ref_of(report), "asked", Actor("dpo"), NOW)
    assert erased.deleted["answers"] == 1
    assert "report_replies" in {one.kind for one in erased.kept}
    (left,) = (await report.backend.replies.listed(HEAD, NOW, Slice(5))).items
    assert (left.reason, left.document_ref, left.note) == (ERASED, None, None)
    # The visit stays explained.
    assert await report.backend.replies.explained(WEEK)
    with pytest.raises(InputError, match="is unknown"):
        await report.replies.decide(uuid4(), ReplyState.ACCEPTED, None, HEAD)


async def test_a_key_that_is_replaced_takes_the_words_along(report: Reported) -> None:
    """Templates of earlier versions were sealed under the patient's key: with them it goes."""
    await report.accept(await report.answer())
    clinic, ref = report.clinic, await _ref_of(report)
    await clinic.execute("DELETE FROM consents")
    await clinic.execute(
        "INSERT INTO consents (consent_id, patient_id, purpose, status, document_ref, given_at) "
        "SELECT $1, patient_id, 'check-in', 'active', 'C', $2 FROM patients WHERE patient_ref = $3",
        CONSENT,
        NOW,
        ref,
    )
    await clinic.execute(
        "INSERT INTO templates SELECT $1, patient_id, $1, 'open', '\\x00', 2, $2 FROM patients "
        "WHERE patient_ref = $3",
        CONSENT,
        NOW,
        ref,
    )
    before = await clinic.row("SELECT wrapped_key FROM patients WHERE patient_ref = $1", ref)
    async with clinic.database.postgres.transaction() as connection:
        patient = await connection.fetchrow(sql("patient_for_enrolment"), SITE.id, ref)
        assert patient is not None
        purposes = (ConsentPurpose.CHECK_IN,)
        await clinic.eraser().end(connection, patient, purposes, EndReason.WITHDRAWN, "nina", NOW)
    after = await clinic.row("SELECT wrapped_key FROM patients WHERE patient_ref = $1", ref)
    assert after != before
    (left,) = (await report.backend.replies.listed(HEAD, NOW, Slice(5))).items
    assert (left.reason, left.note) == (WORDS, "seen")


async def test_a_reason_is_one_that_can_be_read(report: Reported) -> None:
    async def add(reason: str, document: str | None = None) -> Reply:
        entry, row = report.revision.entry, report.row
        return await report.replies.add(
            entry.report_id, row.kind, row.ref, reason, document, report.doctor
        )

    for reason in ("", "  a ", "x" * 2_001):
        with pytest.raises(InputError, match="characters"):
            await add(reason)
    # What a terminal would obey, and what came of bytes that are no UTF-8.
    for bad in ("came\x00by", "came \x1b[31mby", "came \udcffby"):
        for words in ((bad, None), (WORDS, bad)):
            with pytest.raises(InputError, match="no text"):
                await add(*words)
    # As people paste it.
    assert (await add("came\u00a0by the\nambu\u00adlance ramp")).reason.startswith("came by the")
