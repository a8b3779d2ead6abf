"""Which accounts of a restored backup may sign in. Called by `restoring` before anybody can.

Who left, lost a role or changed a password since the backup has all of it again. Nobody knows who,
so all are disabled but those that whoever restores has named.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from streamer.domain.actor import Actor
from streamer.storage.accounts import PostgresAccounts


@dataclass(frozen=True, slots=True)
class RestoredAccounts:
    """By name.

    Attributes:
        disabled: May not sign in; those that might not before the backup are among them.
        kept: May, with the password and the roles they had then.
        unknown: Were to be kept, and there are none of these names.
    """

    disabled: tuple[str, ...]
    kept: tuple[str, ...]
    unknown: tuple[str, ...]


async def disable_accounts(
    accounts: PostgresAccounts, keep: Collection[str], by: Actor, now: datetime
) -> RestoredAccounts:
    """Disable all but some, each with its event in the audit. Doing it twice changes nothing.

    Args:
        accounts: Of the restored database.
        keep: Names; small letters or not.
        by: Who restores.
        now: Aware.

    Raises:
        DatabaseError: Some may be disabled; do it again.
    """
    wanted = {name.strip().lower() for name in keep}
    disabled, kept = [], []
    for account in await accounts.listed():
        if account.name in wanted and account.disabled_at is None:
            kept.append(account.name)
            continue
        if account.disabled_at is None:
            await accounts.disable(account.name, by, now)
        disabled.append(account.name)
    unknown = wanted - set(kept) - set(disabled)
    return RestoredAccounts(tuple(disabled), tuple(kept), tuple(sorted(unknown)))
