"""Packs a revision as it is sent: with a link to the console, or with its files.

Used by `sending`. What leaves is on record before it does.
"""

import asyncio
from typing import Final

from streamer.backend import Backend
from streamer.domain.actor import SERVICE
from streamer.domain.consent import Language
from streamer.domain.report.delivery import ClaimedDelivery
from streamer.domain.report.parcel import Parcel, ReportFile
from streamer.domain.report.revision import Revision
from streamer.errors import InputError
from streamer.reporting.forms import FORMS, pulled
from streamer.reporting.runs import ReportRuns

_MEDIA_TYPES: Final = {
    "html": "text/html",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
    "json": "application/json",
}
_GROUP: Final = 8


class ReportParcels:
    """Of one site."""

    def __init__(self, backend: Backend, runs: ReportRuns) -> None:
        """Keep the collaborators."""
        self._backend = backend
        self._runs = runs

    async def parcel(self, claim: ClaimedDelivery, *, link: bool) -> Parcel:
        """Read a revision and pack it.

        Raises:
            InputError: There is no such form.
            AuditError: What is kept was changed; it is sent nowhere.
            DatabaseError: It is away.
        """
        wanted, settings = claim.wanted, self._backend.settings
        revision = await self._runs.revision(wanted.report_id, wanted.number)
        entry, text = revision.entry, revision.digest.hex()
        parcel = Parcel(
            delivery_id=claim.delivery_id,
            report_id=entry.report_id,
            number=entry.number,
            period=entry.period,
            state=entry.state,
            site_id=settings.site.id,
            site_name=settings.site.name,
            language=wanted.language,
            digest=" ".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP)),
            made_at=entry.made_at.astimezone(settings.site.zone),
            link=f"{settings.web.public_url}/reports/{entry.report_id}" if link else None,
        )
        if link:
            return parcel
        sent = (("to", wanted.destination), ("forms", ",".join(wanted.forms)))
        await self._runs.record(revision, SERVICE, "deliver", sent)
        files = [
            await self._file(revision, form, wanted.language, parcel.name) for form in wanted.forms
        ]
        return parcel.with_files(files)

    async def _file(self, revision: Revision, form: str, language: str, name: str) -> ReportFile:
        write = FORMS.get(form)
        if write is None:
            raise InputError(f"form {form}: is none of {', '.join(FORMS)}")
        days = pulled(self._runs.rows(revision), asyncio.get_running_loop())
        pieces = write(revision, days, Language(language))
        content = await asyncio.to_thread(lambda: b"".join(pieces))
        return ReportFile(f"{name}.{form}", _MEDIA_TYPES[form], content)
