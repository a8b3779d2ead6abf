from ipaddress import ip_address

import pytest

from streamer.ingest.protocol import FailureKind
from streamer.ingest.relay_address import connect_camera, why_refused
from streamer.ingest.source_error import SourceError


@pytest.mark.parametrize(
    ("address", "word"),
    [
        ("10.0.0.5", None),
        ("192.168.1.64", None),
        ("127.0.0.1", None),
        ("::1", None),
        ("fd00::5", None),
        ("203.0.113.9", None),
        ("169.254.169.254", "link-local"),
        ("::ffff:169.254.169.254", "link-local"),
        ("fe80::1", "link-local"),
        ("0.0.0.0", "unspecified"),
        ("::", "unspecified"),
        ("224.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("255.255.255.255", "reserved"),
    ],
)
def test_where_a_camera_can_be(address: str, word: str | None) -> None:
    reason = why_refused(ip_address(address))
    assert reason is None if word is None else word in str(reason)


@pytest.mark.parametrize("host", ["169.254.169.254", "2852039166", "0.0.0.0", "fe80::1%lo"])
def test_a_refused_address_is_named_and_never_connected_to(host: str) -> None:
    with pytest.raises(SourceError, match="where no camera is") as refusal:
        connect_camera(host, 80, 5.0)
    assert refusal.value.failure.kind is FailureKind.OTHER


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 70, "..", "x" * 300])
def test_a_name_nobody_knows_is_unreachable(host: str) -> None:
    with pytest.raises(SourceError) as refusal:
        connect_camera(host, 80, 5.0)
    assert refusal.value.failure.kind is FailureKind.UNREACHABLE
    assert str(refusal.value)
