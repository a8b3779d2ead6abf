"""What becomes of the places of keys in a rotation. Used by `kirdi vault rotate`. Blocks."""

from datetime import datetime
from pathlib import Path

from streamer.crypto.key import KeyEncryptionKey
from streamer.crypto.key_source import KeySources
from streamer.crypto.keyfile import KeyFile
from streamer.errors import VaultError

_NOTE = """\
{file} is the key-encryption key {key_id}, retired on {day}.

Nothing in the database is encrypted under it any more. Backups made before that day are: whoever
restores one of them needs this key. Keep it as safely as the present one until the last of these
backups has been deleted. Then destroy it (shred -u), and its copies elsewhere.
"""


def new_key(sources: KeySources, given: Path | None, *, make: bool) -> KeyEncryptionKey:
    """Return the key that will be next; it lies in its place then.

    Args:
        sources: The installation's places.
        given: A file with the new key, to be copied there.
        make: Make one where there is none.

    Raises:
        VaultError: There is none, or one is there already and another is given.
    """
    place = sources.next
    if given is not None:
        key = KeyFile(given).read()
        if not isinstance(place, KeyFile):
            raise VaultError(f"{place.name}: is where the new key comes from; leave the file out")
        if not place.exists():
            return place.keep(key)
        if place.read() != key:
            raise VaultError(
                f"{place.name}: holds another new key already; move it away, or leave the file out"
            )
        return key
    if place.exists() or not isinstance(place, KeyFile):
        return place.read()
    if not make:
        raise VaultError(
            f"{sources.primary.name}: Kirdi makes no keys there; make a new one in your vault and "
            "name it by keys.next_environment or keys.next_command, or give a file of 32 random "
            "bytes by --new-key-file"
        )
    return place.create()


def hand_over(sources: KeySources, key: KeyEncryptionKey, now: datetime) -> tuple[str, ...]:
    """Put the new key where the former one was, and keep the former one under another name.

    Harmless twice. What cannot be done here is for a person to do.

    Args:
        sources: The installation's places.
        key: The current one.
        now: On which day the former one is retired.

    Returns:
        What was done, or is to be done, a sentence each.
    """
    primary, coming = sources.primary, sources.next
    if not isinstance(primary, KeyFile):
        try:
            if primary.read() == key:
                return _leftover(coming, key)
        except VaultError:
            pass
        return (
            f"Put key {key.key_id()} where {primary.name} has it from, in place of the former one, "
            f"then run this once more. Until then {coming.name} must stay.",
        )
    former = primary.read() if primary.exists() else None
    if former == key:
        return _leftover(coming, key)
    said: tuple[str, ...] = ()
    if former is not None:
        day, key_id = f"{now:%Y-%m-%d}", former.key_id()
        retired = primary.path.with_name(f"{primary.path.name}.retired-{day}-{key_id}")
        note = _NOTE.format(file=retired.name, key_id=key_id, day=day)
        try:
            primary.replace(key, retired)
            retired.with_name(f"{retired.name}.txt").write_text(note, encoding="utf-8")
        except (VaultError, OSError) as error:
            return (f"{error}. Until then {coming.name} must stay.",)
        said = (f"The former key is kept as {retired}; backups of before need it.",)
    else:
        primary.keep(key)
    return (*said, f"{primary.name}: holds the new key. Back it up.", *_leftover(coming, key))


def _leftover(coming: object, key: KeyEncryptionKey) -> tuple[str, ...]:
    """The new key has taken its place: a second copy of it is one too many."""
    if isinstance(coming, KeyFile) and coming.exists() and coming.read() == key:
        coming.remove()
    return ()
