"""How often signing in failed, by account and by address. Asked by `web.security.sign_in`.

Counted in the database, for all processes and over restarts; of names and addresses only keyed
hashes are there.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from streamer.crypto.web_secrets import WebSecrets
from streamer.domain.account import SignInAttempt
from streamer.storage.postgres import Postgres
from streamer.storage.queries import sql


@dataclass(frozen=True, slots=True)
class _Rule:
    """So many failures cost nothing; then it waits 1 s, 2 s, 4 s … up to the longest."""

    free: int
    longest_s: float


# One account from one address; an address, where many may sit behind one; an account, from
# anywhere. The last stays short: strangers must not keep anybody out for long.
_PAIR: Final = _Rule(5, 900.0)
_ADDRESS: Final = _Rule(20, 900.0)
_ACCOUNT: Final = _Rule(20, 30.0)

_FORGOTTEN_AFTER: Final = timedelta(days=1)
_PLACE_KNOWN_FOR: Final = timedelta(days=30)


class PostgresSignInAttempts:
    """Counts before anything is evaluated, and says how long to wait."""

    def __init__(self, postgres: Postgres, site_id: str, secrets: WebSecrets) -> None:
        """Keep the collaborators."""
        self._postgres = postgres
        self._site_id = site_id
        self._secrets = secrets

    async def begin(self, account: str, address: str, now: datetime) -> SignInAttempt:
        """Count an attempt as failed; `succeeded` takes it back.

        Whether there is such an account makes no difference. What strangers did with an account
        elsewhere does not count where it has signed in before.

        """
        asked = [("address", self._secrets.subject(address), _ADDRESS)]
        asked.append(("pair", self._pair(account, address), _PAIR))
        async with self._postgres.transaction() as connection:
            known: bool = await connection.fetchval(
                sql("known_place"),
                self._site_id,
                account,
                self._secrets.subject(address),
                now - _PLACE_KNOWN_FOR,
            )
            if not known:
                asked.append(("account", self._secrets.subject(account), _ACCOUNT))
            asked.sort(key=lambda one: (one[0], one[1]))
            scopes, subjects = [one[0] for one in asked], [one[1] for one in asked]
            # Two at once must not both find the last free one.
            for scope, subject in zip(scopes, subjects, strict=True):
                await connection.execute(
                    sql("lock_for_transaction"), f"{self._site_id}/{scope}/{subject.hex()}"
                )
            until = await connection.fetchval(
                sql("blocked_sign_in"), self._site_id, scopes, subjects, now
            )
            if until is not None:
                return SignInAttempt(account, address, known, (until - now).total_seconds())
            await connection.execute(
                sql("forget_sign_in_attempts"), self._site_id, now - _FORGOTTEN_AFTER, now
            )
            await connection.execute(
                sql("count_sign_in"),
                self._site_id,
                scopes,
                subjects,
                [one[2].free for one in asked],
                [one[2].longest_s for one in asked],
                now,
            )
        return SignInAttempt(account, address, known)

    async def forget(self, now: datetime) -> None:
        """Delete counts and known places that mean nothing any more; raises DatabaseError."""
        async with self._postgres.connection() as connection:
            await connection.execute(
                sql("forget_sign_in_attempts"), self._site_id, now - _FORGOTTEN_AFTER, now
            )
            await connection.execute(
                sql("forget_old_places"), self._site_id, now - _PLACE_KNOWN_FOR
            )

    async def succeeded(self, attempt: SignInAttempt, now: datetime) -> None:
        """The attempt was right: what it was counted for is forgiven, and no more."""
        account, address = attempt.account, attempt.address
        async with self._postgres.connection() as connection:
            await connection.execute(
                sql("forgive_sign_in"),
                self._site_id,
                self._pair(account, address),
                self._secrets.subject(address),
                # Not what others did elsewhere.
                None if attempt.place_known else self._secrets.subject(account),
                now,
            )

    def _pair(self, account: str, address: str) -> bytes:
        return self._secrets.subject(f"{account}\0{address}")
