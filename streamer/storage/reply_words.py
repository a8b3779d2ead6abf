"""What an answer to a report says, sealed under its patient's key. Used by the stores of both."""

import json
from typing import Final
from uuid import UUID

import asyncpg

from streamer.crypto.vault import Purpose, SealedFor, Vault
from streamer.storage.postgres import Connection
from streamer.storage.queries import sql

ERASED: Final = "(erased)"
"""Stands where words were; their patient was erased."""


class ReplyWords:
    """Seals and opens the words of one answer."""

    def __init__(self, vault: Vault, patient_id: UUID, reply_id: UUID) -> None:
        """Keep the place: nowhere else what is sealed for it can be opened."""
        self._vault = vault
        self._answer = SealedFor(patient_id, Purpose.REPLY, pack_id=str(reply_id))
        self._note = SealedFor(patient_id, Purpose.REPLY_NOTE, pack_id=str(reply_id))

    def seal(self, key: bytes, reason: str, document_ref: str | None) -> bytes:
        """Seal what the practitioner says; raises VaultError."""
        said = json.dumps({"reason": reason, "document_ref": document_ref}, ensure_ascii=False)
        return self._vault.seal(key, self._answer, said.encode())

    def open(self, key: bytes, sealed: bytes | None) -> tuple[str, str | None]:
        """Return reason and document; raises VaultError."""
        if sealed is None:
            return ERASED, None
        said = json.loads(self._vault.unseal(key, self._answer, sealed))
        return said["reason"], said["document_ref"]

    def seal_note(self, key: bytes, note: str) -> bytes:
        """Seal what the other person says; raises VaultError."""
        return self._vault.seal(key, self._note, note.encode())

    def open_note(self, key: bytes, sealed: bytes) -> str:
        """Return it; raises VaultError."""
        return self._vault.unseal(key, self._note, sealed).decode()


async def reseal_replies(
    connection: Connection, vault: Vault, patient: asyncpg.Record, key: bytes
) -> None:
    """Seal a patient's answers anew, whose key is being replaced.

    Args:
        connection: In the transaction that does it, with the patient locked.
        vault: Whose keys.
        patient: With the key that goes.
        key: The one that comes, wrapped.

    Raises:
        DatabaseError: Nothing was written.
        VaultError: One does not open; nothing was written.
    """
    patient_id, former = patient["patient_id"], patient["wrapped_key"]
    for row in await connection.fetch(sql("lock_replies"), patient_id):
        words = ReplyWords(vault, patient_id, row["reply_id"])
        answer, note = row["sealed_answer"], row["sealed_note"]
        await connection.execute(
            sql("reseal_reply"),
            row["reply_id"],
            None if answer is None else words.seal(key, *words.open(former, answer)),
            None if note is None else words.seal_note(key, words.open_note(former, note)),
        )
