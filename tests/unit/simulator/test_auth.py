from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.errors import InputError
from streamer.simulator.auth import Authenticator, Verdict
from streamer.simulator.credentials import Credentials
from streamer.simulator.digest import DigestAnswer
from streamer.simulator.rtsp import Request, RequestReader
from tests.fuzz_seeds import fuzz_seeds

USER = Credentials("viewer", "s:é cret")
URI = "rtsp://127.0.0.1:8554/stream"


def request(authorization: str | None, uri: str = URI) -> Request:
    headers = () if authorization is None else (("authorization", authorization),)
    return Request("DESCRIBE", uri, "1", headers)


def basic(text: str) -> str:
    return "Basic " + b64encode(text.encode()).decode()


def digest(
    authenticator: Authenticator,
    user: Credentials = USER,
    uri: str = URI,
    method: str = "DESCRIBE",
    extra: str = "",
) -> str:
    challenge = DigestAnswer.parse(
        authenticator.challenges(stale=False)[0].removeprefix("Digest ")
        + f', username="{user.username}", uri="{uri}", response=""{extra}'
    )
    assert challenge is not None
    response = challenge.expected(user.username, user.password, method)
    return (
        f'Digest username="{user.username}", realm="{challenge.realm}", '
        f'nonce="{challenge.nonce}", uri="{uri}", response="{response}"{extra}'
    )


def test_without_credentials_everyone_is_welcome() -> None:
    assert Authenticator(None).check(request(None)) is Verdict.GRANTED


def test_without_an_answer_it_asks_for_digest_before_basic() -> None:
    authenticator = Authenticator(USER)
    assert authenticator.check(request(None)) is Verdict.MISSING
    first, second = authenticator.challenges(stale=False)
    assert first.startswith("Digest realm=")
    assert second.startswith("Basic realm=")


@pytest.mark.parametrize(
    ("authorization", "verdict"),
    [
        (basic("viewer:s:é cret"), Verdict.GRANTED),
        (basic("viewer:s:é cret").replace("Basic", "bAsIc"), Verdict.GRANTED),
        (basic("viewer:wrong"), Verdict.WRONG),
        (basic("somebody:s:é cret"), Verdict.WRONG),
        (basic(""), Verdict.WRONG),
        ("Basic ???", Verdict.WRONG),
        ("Basic é", Verdict.WRONG),
        ("Bearer abc", Verdict.WRONG),
        ("", Verdict.WRONG),
        ("Digest", Verdict.WRONG),
        ('Digest username="viewer"', Verdict.WRONG),
    ],
)
def test_basic_and_nonsense(authorization: str, verdict: Verdict) -> None:
    assert Authenticator(USER).check(request(authorization)) is verdict


def test_a_right_digest_is_granted() -> None:
    authenticator = Authenticator(USER)
    assert authenticator.check(request(digest(authenticator))) is Verdict.GRANTED
    with_qop = digest(authenticator, extra=', qop=auth, nc=00000001, cnonce="abc"')
    assert authenticator.check(request(with_qop)) is Verdict.GRANTED


def test_a_digest_may_sign_the_path_only() -> None:
    authenticator = Authenticator(USER)
    assert authenticator.check(request(digest(authenticator, uri="/stream"))) is Verdict.GRANTED


@pytest.mark.parametrize(
    "authorization",
    [
        digest(Authenticator(USER), user=Credentials("viewer", "wrong")),
        digest(Authenticator(USER), user=Credentials("other", "s:é cret")),
        digest(Authenticator(USER), uri="rtsp://127.0.0.1:8554/other"),
        digest(Authenticator(USER), uri="stream"),
        digest(Authenticator(USER), method="PLAY"),
        digest(Authenticator(USER), extra=", algorithm=SHA-256"),
    ],
)
def test_a_wrong_digest_is_refused(authorization: str) -> None:
    assert Authenticator(USER).check(request(authorization)) is Verdict.WRONG


def test_another_connections_nonce_is_stale_only_with_the_right_password() -> None:
    authenticator = Authenticator(USER)
    kept = digest(Authenticator(USER))
    assert authenticator.check(request(kept)) is Verdict.STALE
    assert authenticator.challenges(stale=True)[0].endswith("stale=true")


def test_a_name_in_another_alphabet_is_read_from_the_wire() -> None:
    user = Credentials("Әлия", "құпия")
    authenticator = Authenticator(user)
    wire = f"DESCRIBE {URI} RTSP/1.0\r\nCSeq: 1\r\nAuthorization: {digest(authenticator, user)}"
    (message,) = RequestReader().feed(wire.encode() + b"\r\n\r\n")
    assert isinstance(message, Request)
    assert authenticator.check(message) is Verdict.GRANTED


def test_the_example_of_rfc_2617() -> None:
    answer = DigestAnswer.parse(
        'username="Mufasa", realm="testrealm@host.com", '
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/dir/index.html", qop=auth, '
        'nc=00000001, cnonce="0a4f113b", response="6629fae49393a05397450978507c4ef1", '
        'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    assert answer is not None
    assert answer.expected("Mufasa", "Circle Of Life", "GET") == answer.response


@given(st.text(max_size=200))
def test_no_text_crashes_the_check(text: str) -> None:
    authenticator = Authenticator(USER)
    for value in (text, f"Digest {text}", f"Basic {text}", f'Digest username="{text}'):
        assert authenticator.check(request(value)) is not Verdict.GRANTED


def test_no_fuzz_seed_crashes_the_check() -> None:
    for seed in (*fuzz_seeds("Authenticate"), *fuzz_seeds("Authorization")):
        value = seed.decode("utf-8", "surrogateescape")
        assert Authenticator(USER).check(request(value)) is not Verdict.GRANTED


def test_credentials_are_parsed_and_not_shown() -> None:
    parsed = Credentials.parse("viewer:pass:word")
    assert (parsed.username, parsed.password) == ("viewer", "pass:word")
    assert "pass" not in repr(parsed)


@pytest.mark.parametrize("text", ["viewer", ":password", 'a"b:c', "a:b\n"])
def test_what_is_no_pair_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="NAME:PASSWORD"):
        Credentials.parse(text)
