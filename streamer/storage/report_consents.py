"""Who had agreed when to be recognised, in a period. Used by `report_patients`.

Read once: asked of the database for each day anew, this took longer than all else about patients.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from streamer.storage.local_day import LocalDay
from streamer.storage.postgres import Connection
from streamer.storage.queries import sql

_TIMEOUT_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class ReportConsents:
    """Of one period; patients by the bytes of their ids.

    Attributes:
        throughout: Whose consent was in force from its beginning to its end, and has a template.
        times: When others' were: since and until.
        refused: Since when somebody had refused, or withdrawn.
        code_only: Too much like another patient to be recognised.
    """

    throughout: Collection[bytes]
    times: Mapping[bytes, tuple[tuple[datetime, datetime], ...]]
    refused: Mapping[bytes, datetime]
    code_only: Collection[bytes]

    @classmethod
    async def read(
        cls, connection: Connection, site_id: str, span: tuple[datetime, datetime]
    ) -> "ReportConsents":
        """Read those of a site that matter within [start, end)."""
        fetch = connection.fetch
        throughout: set[bytes] = set()
        times: dict[bytes, tuple[tuple[datetime, datetime], ...]] = {}
        for patient_id, since, until in await fetch(
            sql("report_consents"), site_id, *span, timeout=_TIMEOUT_S
        ):
            if since is None:
                throughout.add(patient_id.bytes)
            else:
                times[patient_id.bytes] = (*times.get(patient_id.bytes, ()), (since, until))
        refused = await fetch(sql("report_refusals"), site_id, span[1], timeout=_TIMEOUT_S)
        alike = await fetch(sql("report_code_only"), site_id, timeout=_TIMEOUT_S)
        return cls(
            throughout,
            times,
            {patient_id.bytes: since for patient_id, since in refused},
            {row[0].bytes for row in alike},
        )

    def enrolled(self, patient: bytes, day: LocalDay) -> bool:
        """Was a consent in force the whole day long?"""
        if patient in self.throughout:
            return True
        times = self.times.get(patient)
        if times is None:
            return False
        return any(since <= day.start and day.end <= until for since, until in times)

    def had_refused(self, patient: bytes, day: LocalDay) -> bool:
        """Had they refused, or withdrawn, by the end of a day?"""
        since = self.refused.get(patient)
        return since is not None and since < day.end
