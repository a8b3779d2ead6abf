from streamer.crypto.key import KeyEncryptionKey
from streamer.crypto.site_secrets import INHERITED, SiteSecrets


def test_what_was_inherited_stays_and_the_rest_is_derived() -> None:
    first = KeyEncryptionKey(bytes(range(32)))
    secrets = SiteSecrets(b"r" * 32, {use: first.derive(use) for use in INHERITED})
    assert [secrets.derive(use) for use in INHERITED] == [first.derive(use) for use in INHERITED]
    assert secrets.derive("kirdi/web-session/v1") != first.derive("kirdi/web-session/v1")
    assert len(secrets.derive("kirdi/web-session/v1")) == 32
    assert secrets.derive("one") != secrets.derive("two")
    assert "r" * 8 not in repr(secrets)


def test_the_first_keys_wrapping_key_is_not_among_what_is_kept() -> None:
    """Else whoever has the new key could open backups of before."""
    assert not any("wrap" in use for use in INHERITED)
