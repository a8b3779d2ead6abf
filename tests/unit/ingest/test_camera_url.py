import json
from base64 import b64encode
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streamer.errors import InputError
from streamer.ingest.camera_url import CameraUrl, redact, secrets_of


@pytest.mark.parametrize(
    ("url", "host", "port", "username", "password", "address"),
    [
        (
            "rtsp://viewer:secret@10.0.0.5/stream1",
            "10.0.0.5",
            554,
            "viewer",
            "secret",
            "rtsp://10.0.0.5:554/stream1",
        ),
        ("rtsp://10.0.0.5:8554", "10.0.0.5", 8554, None, None, "rtsp://10.0.0.5:8554"),
        ("RTSPS://cam.local/a?b=c", "cam.local", 322, None, None, "rtsps://cam.local:322/a?b=c"),
        ("rtsp://u:p%40s%3As@cam/a", "cam", 554, "u", "p@s:s", "rtsp://cam:554/a"),
        ("rtsp://u:p@ss:w@cam/a", "cam", 554, "u", "p@ss:w", "rtsp://cam:554/a"),
        ("rtsp://u:@cam/a", "cam", 554, "u", "", "rtsp://cam:554/a"),
        ("rtsp://u@cam/a", "cam", 554, "u", None, "rtsp://cam:554/a"),
        ("rtsp://u:p-w@[fe80::1]:9/a", "fe80::1", 9, "u", "p-w", "rtsp://[fe80::1]:9/a"),
        (
            "rtsp://cam/user=admin&password=tlJwpbo6&channel=1.sdp?real_stream",
            "cam",
            554,
            None,
            None,
            "rtsp://cam:554/user=admin&password=***&channel=1.sdp?real_stream",
        ),
    ],
)
def test_a_url_is_taken_apart(
    url: str, host: str, port: int, username: str | None, password: str | None, address: str
) -> None:
    camera = CameraUrl.parse(url)
    assert (camera.host, camera.port) == (host, port)
    assert (camera.username, camera.password) == (username, password)
    assert camera.address == address
    assert CameraUrl.parse(camera.full) == camera
    for secret in camera.secrets:
        assert secret not in f"{camera!r} {camera.address}"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "cam/stream",
        "http://u:hunter2@cam/",
        "file:///etc/hunter2",
        "rtsp://",
        "rtsp:///hunter2",
        "rtsp://u:hunter2@",
        "rtsp://u:hunter2@cam:port/",
        "rtsp://u:hunter2@cam:99999/",
        "rtsp://u:hunter2@cam:0/",
        "rtsp://u:hunter2@[::1/",
        "rtsp://u:hun#hunter2@cam/",
        "rtsp://u:hunter2@cam/a b",
        "rtsp://u:hunter2@cam/a\r\nX: y",
    ],
)
def test_what_is_no_camera_url_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(InputError, match="camera URL: ") as refusal:
        CameraUrl.parse(url)
    assert "hunter2" not in str(refusal.value)


passwords = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=3, max_size=30
)


@given(passwords)
@example("a%41b")
@example("p@ss/w#rd?")
@example("\\'\"%")
def test_a_password_is_found_in_every_spelling(password: str) -> None:
    url = f"rtsp://viewer:{quote(password, safe='')}@cam/stream"
    secrets = CameraUrl.parse(url).secrets
    assert password in secrets
    token = b64encode(f"viewer:{password}".encode()).decode()
    lower = "".join(f"%{byte:02x}" for byte in password.encode())
    for spelling in (
        password,
        quote(password, safe=""),
        quote(password),
        quote_plus(password),
        lower,
        lower.upper(),
        repr(password)[1:-1],
        repr(password.encode())[2:-1],
        json.dumps(password)[1:-1],
        token,
    ):
        text = redact(f"cannot open <<{spelling}>> now", secrets)
        assert text == "cannot open <<***>> now" or len(password) < 8
        assert f"<<{spelling}>>" not in text


def test_a_secret_within_another_leaves_no_half() -> None:
    assert redact("the abcdef and abc", ["abc", "abcdef"]) == "the *** and ***"


@pytest.mark.parametrize(
    "text",
    [
        'Authorization: Digest username="u", uri="x", response="0123456789abcdef0123456789abcdef"',
        "sent 'authorization: Basic dTpodW50ZXIy'",
        'response="0123456789abcdef0123456789abcdef" was refused',
        '{"response": "0123456789abcdef0123456789abcdef"}',
    ],
)
def test_what_proves_a_password_is_hidden_without_knowing_it(text: str) -> None:
    hidden = redact(text, ())
    assert "0123456789abcdef" not in hidden
    assert "dTpodW50" not in hidden
    assert "***" in hidden


def test_nothing_secret_changes_nothing() -> None:
    assert redact("rtsp://cam:554/a", secrets_of("rtsp://cam:554/a")) == "rtsp://cam:554/a"
    assert redact("text", ["", "absent"]) == "text"


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        ("postgresql://kirdi:hunter2@db/kirdi", "hunter2"),
        ("postgresql:///kirdi?user=a&password=hunter2", "hunter2"),
        ("rediss://:hunter2@cache:6379/0", "hunter2"),
        ("rtsp://cam/ch0?token=hunter2&x=1", "hunter2"),
        ("rtsp://u:hun/hunter2@cam/", "hun/hunter2"),
        ("rtsp://u:hun#hunter2@cam/", "hun#hunter2"),
        ("rtsp://u:x@[hunter2", "rtsp://u:x@[hunter2"),
    ],
)
def test_secrets_of_any_url_are_found(url: str, secret: str) -> None:
    assert secret in secrets_of(url)
    assert "hunter2" not in redact(f"failed: {url}", secrets_of(url))
