"""Hosts, origins, forwarded addresses, rates, paths to come back to: all of it pure."""

from ipaddress import ip_network

import pytest
from starlette.datastructures import Headers

from config.settings import Web
from streamer.web.rules import WebRules
from streamer.web.security.cross_site import from_elsewhere, host_is_ours, token_fits
from streamer.web.security.forwarded import client_of, within
from streamer.web.security.local_path import local_path
from streamer.web.security.rate_limits import RateLimit, neighbourhood

HERE = WebRules.of(Web())
PUBLIC = WebRules.of(Web(public_url="https://kirdi.clinic.example"))
PROXIES = (ip_network("10.0.0.0/24"), ip_network("fd00::/64"))


@pytest.mark.parametrize(
    ("host", "rules", "ours"),
    [
        ("127.0.0.1:8443", HERE, True),
        ("localhost", HERE, True),
        ("[::1]:8443", HERE, True),
        ("LOCALHOST:1", HERE, True),
        ("", HERE, False),
        ("kirdi.clinic.example", HERE, False),
        ("127.0.0.1.evil.example", HERE, False),
        ("evil.example:127.0.0.1", HERE, False),
        ("[::1].evil.example", HERE, False),
        ("Kirdi.Clinic.Example", PUBLIC, True),
        ("kirdi.clinic.example:444", PUBLIC, False),
        ("evil.example", PUBLIC, False),
    ],
)
def test_a_host_is_ours_by_name(host: str, rules: WebRules, ours: bool) -> None:
    assert host_is_ours(host, rules) is ours


@pytest.mark.parametrize(
    ("headers", "elsewhere"),
    [
        ({}, False),
        ({"origin": "http://127.0.0.1:8443"}, False),
        ({"origin": "https://127.0.0.1:8443"}, True),
        ({"origin": "http://127.0.0.1:9999"}, True),
        ({"origin": "http://evil.example"}, True),
        ({"origin": "null"}, True),
        ({"origin": ""}, True),
        ({"sec-fetch-site": "same-origin"}, False),
        ({"sec-fetch-site": "cross-site"}, True),
        ({"sec-fetch-site": "same-site"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"origin": "https://kirdi.clinic.example"}, True),
    ],
)
def test_other_sites_pages_are_told_apart(headers: dict[str, str], elsewhere: bool) -> None:
    asked = Headers({"host": "127.0.0.1:8443"} | headers)
    assert from_elsewhere(asked, "http", HERE) is elsewhere


def test_behind_a_proxy_the_origin_is_the_public_one() -> None:
    asked = Headers({"host": "kirdi.clinic.example", "origin": "https://kirdi.clinic.example"})
    # Even where the proxy forgets to say that it was asked over TLS.
    assert not from_elsewhere(asked, "http", PUBLIC)


def test_a_session_s_token_must_be_whole() -> None:
    assert token_fits(Headers({"x-csrf-token": "abc"}), "abc")
    assert not token_fits(Headers({"x-csrf-token": "ab"}), "abc")
    assert not token_fits(Headers({"x-csrf-token": "kl\xfcch"}), "abc")
    assert not token_fits(Headers({}), "abc")


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ([], "10.0.0.7"),
        (["192.0.2.1"], "192.0.2.1"),
        # What the client itself wrote stands before what the proxy wrote.
        (["198.51.100.9, 192.0.2.1"], "192.0.2.1"),
        (["198.51.100.9", "192.0.2.1, 10.0.0.8"], "192.0.2.1"),
        (["10.0.0.8, 10.0.0.9"], "10.0.0.8"),
        (["192.0.2.1:4711"], "192.0.2.1"),
        (["[2001:db8::1]:4711"], "2001:db8::1"),
        (["2001:db8::1"], "2001:db8::1"),
        (["nonsense"], "10.0.0.7"),
        (["192.0.2.1, nonsense"], "10.0.0.7"),
        (["192.0.2.1, nonsense, 10.0.0.8"], "10.0.0.8"),
    ],
)
def test_the_client_is_the_last_that_is_no_proxy(forwarded: list[str], client: str) -> None:
    assert client_of(forwarded, "10.0.0.7", PROXIES) == client


def test_networks_know_mapped_addresses() -> None:
    assert within("::ffff:10.0.0.7", PROXIES)
    assert not within("10.0.1.7", PROXIES)
    assert not within("unix:", PROXIES)


def test_a_bucket_holds_a_burst_and_fills_again() -> None:
    limit = RateLimit(per_second=2, burst=3)
    assert [limit.take("a", 0.0) for _ in range(4)] == [None, None, None, 0.5]
    assert limit.take("b", 0.0) is None
    assert limit.take("a", 0.5) is None
    assert limit.take("a", 0.5) == 0.5


def test_a_guess_may_cost_more_than_there_is() -> None:
    limit = RateLimit(per_second=1, burst=10)
    limit.charge("a", 0.0, 25)
    assert limit.take("a", 0.0) == 11.0
    # A clock that goes back gives nothing.
    assert limit.take("a", -100.0) is not None


def test_buckets_are_bounded() -> None:
    limit = RateLimit(1, 1, most=3)
    for number in range(100):
        limit.take(str(number), 0.0)
    assert len(limit) == 3


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("testclient", "unknown"),
    ],
)
def test_a_place_is_an_address_or_an_ipv6_network(address: str, place: str) -> None:
    assert neighbourhood(address) == place


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        ("/", "/"),
        ("/console/day?date=2026-11-23#x", "/console/day?date=2026-11-23#x"),
        ("", "/"),
        ("console", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("/\r\nSet-Cookie: a=b", "/"),
        ("/\u2044/evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/" + "a" * 600, "/"),
    ],
)
def test_nobody_is_sent_elsewhere_after_signing_in(wanted: str, path: str) -> None:
    assert local_path(wanted) == path
