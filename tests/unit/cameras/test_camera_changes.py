"""What a new settings file changes, by camera and by key."""

from pydantic import SecretStr

from config.settings import Camera, Match, Settings, Site
from streamer.cameras.camera_changes import CameraChanges, changed_keys


def camera(name: str, url: str = "rtsp://10.0.0.5/1", **more: object) -> Camera:
    return Camera.model_validate({"id": name, "url": SecretStr(url), **more})


def test_the_same_cameras_in_another_order_are_no_change() -> None:
    a, b = camera("a"), camera("b")
    assert CameraChanges.between([a, b], [camera("b"), camera("a", enabled=True)]).touched == ()


def test_every_key_counts_the_password_too() -> None:
    old = [
        *(camera("a"), camera("b"), camera("c", "rtsp://u:one@h/")),
        *(camera("gone"), camera("d"), camera("e")),
    ]
    new = [
        camera("a", enabled=False),
        camera("b", lane=[[0, 0], [1, 0], [1, 1]]),
        camera("c", "rtsp://u:two@h/"),
        camera("new"),
        camera("d", kind="desk"),
        camera("e"),
    ]
    changes = CameraChanges.between(old, new)
    assert changes == CameraChanges(("new",), ("a", "b", "c", "d"), ("gone",))
    assert changes.touched == ("gone", "a", "b", "c", "d", "new")


def test_keys_outside_the_cameras_are_named() -> None:
    old = Settings(site=Site(id="s", name="S"))
    new = Settings(
        site=Site(id="s", name="T"), match=Match(accept_fpir=0.002), cameras=(camera("a"),)
    )
    assert changed_keys(old, new) == ("site.name", "match.accept_fpir")
    assert changed_keys(old, old) == ()
