"""Who was erased at their wish, by a keyed hash of the clinic's reference: enough to know it again.

The clinic's system goes on sending the patient. `patients_import` and `appointments_import` leave
such rows out, until an import says that the patient is to be taken in again. See docs/design/0021.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from streamer.crypto.keyed_hash import KeyedHash
from streamer.errors import InputError
from streamer.storage.postgres import Connection
from streamer.storage.queries import sql

_TYPE: Final = "erased-reference"


class ErasedReferences:
    """Of one site; every method raises DatabaseError."""

    def __init__(self, keyed_hash: KeyedHash, site_id: str) -> None:
        """Keep the collaborators."""
        self._keyed_hash = keyed_hash
        self._site_id = site_id

    async def among(self, connection: Connection, refs: Collection[str]) -> frozenset[str]:
        """Which of these references were erased?"""
        if not await connection.fetchval(sql("any_erased"), self._site_id):
            return frozenset()
        hashes = {self._of(ref): ref for ref in refs}
        rows = await connection.fetch(sql("erased_among"), self._site_id, list(hashes))
        return frozenset(hashes[row["ref_hash"]] for row in rows)

    async def remember(self, connection: Connection, ref: str, now: datetime) -> None:
        """Note that this one was."""
        await connection.execute(sql("remember_erased"), self._site_id, self._of(ref), now)

    async def readmit(
        self, connection: Connection, refs: Collection[str], present: Collection[str]
    ) -> None:
        """Forget that these were.

        Args:
            connection: In the import's transaction.
            refs: Whom it is to take in again.
            present: Whom it names at all.

        Raises:
            InputError: One is not in the file, or was not erased; nothing was written.
        """
        erased = await self.among(connection, refs)
        for ref in sorted(refs):
            if ref not in erased or ref not in present:
                raise InputError(
                    f"patient {ref}: was not erased, or is not among those who are imported; do "
                    "not name it as one to be taken in again",
                    command="leave --readmit out",
                )
        await connection.execute(
            sql("forget_erased"), self._site_id, [self._of(ref) for ref in refs]
        )

    def _of(self, ref: str) -> bytes:
        # Beyond what the hash itself folds, two references differ as they are written.
        return self._keyed_hash.of(f"{_TYPE}/{ref}", "")
