"""Cameras added by command lie over those of the settings, and survive a restart."""

import errno
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from config.errors import ConfigError
from config.settings import Camera, Settings, Site
from streamer.cameras.overlay import CameraOverlay
from streamer.cameras.overlay_file import OverlayFile
from streamer.errors import InputError, KirdiError

URL = "rtsp://viewer:geheim@10.0.0.5/1"
SETTINGS = Settings(site=Site(id="s", name="S"), cameras=(Camera(id="lobby", url=SecretStr(URL)),))


def camera(name: str, **more: object) -> Camera:
    return Camera.model_validate({"id": name, "url": URL, **more})


def test_added_cameras_come_after_and_switches_hold_for_all() -> None:
    overlay = CameraOverlay().with_camera(camera("side")).switched("lobby", on=False)
    cameras = overlay.over(SETTINGS).cameras
    assert [(one.id, one.enabled) for one in cameras] == [("lobby", False), ("side", True)]
    again = overlay.switched("lobby", on=True).switched("side", on=False)
    assert [one.enabled for one in again.over(SETTINGS).cameras] == [True, False]


def test_the_settings_file_goes_first() -> None:
    overlay = CameraOverlay().with_camera(camera("lobby", analyse_fps=1))
    assert overlay.over(SETTINGS).cameras == SETTINGS.cameras


def test_a_camera_that_does_not_fit_the_site_is_refused() -> None:
    with pytest.raises(ConfigError, match="'roof'"):
        CameraOverlay().with_camera(camera("side", building="roof")).over(SETTINGS)


def test_only_what_was_added_can_be_removed() -> None:
    overlay = CameraOverlay().with_camera(camera("side")).switched("side", on=False)
    assert overlay.without("side").pruned(SETTINGS) == CameraOverlay()
    with pytest.raises(InputError, match="kirdi reload"):
        overlay.without("lobby")


def test_a_switch_goes_with_its_camera_and_no_sooner() -> None:
    shadowed = CameraOverlay().with_camera(camera("lobby")).switched("lobby", on=False)
    assert shadowed.shadowed(SETTINGS) == ("lobby",)
    kept = shadowed.without("lobby").pruned(SETTINGS)
    assert kept == CameraOverlay().switched("lobby", on=False)
    assert kept.pruned(SETTINGS.model_copy(update={"cameras": ()})) == CameraOverlay()


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    file = OverlayFile(tmp_path)
    assert file.read() == CameraOverlay()
    secret = tmp_path / "url"
    secret.write_text(URL)
    overlay = (
        CameraOverlay()
        .with_camera(camera("side", analyse_fps=3, lane=[[0, 0], [1, 0], [1, 1]]))
        .with_camera(Camera.model_validate({"id": "door", "url_file": str(secret)}))
        .switched("lobby", on=False)
    )
    file.write(overlay)
    file.write(overlay)
    assert file.read().over(SETTINGS).cameras == overlay.over(SETTINGS).cameras
    assert stat.S_IMODE((tmp_path / "cameras.yaml").stat().st_mode) == 0o600
    assert (tmp_path / "cameras.yaml").read_text().count("geheim") == 1


@pytest.mark.parametrize(
    "text",
    [
        "added: [",
        "- 1",
        "added: [{id: side, url: 'http://viewer:geheim@h/'}]",
        "added: [{id: side, url: 'rtsp://viewer:geheim@h/', fps: geheim}]",
        "enabled: {lobby: geheim}",
        "geheim: 1",
        "\x00",
    ],
)
def test_a_damaged_file_is_said_without_its_secrets(tmp_path: Path, text: str) -> None:
    (tmp_path / "cameras.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"cameras\.yaml") as caught:
        OverlayFile(tmp_path).read()
    assert "geheim" not in str(caught.value).replace("geheim: Extra", "")


def test_a_file_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    file = OverlayFile(tmp_path / "absent")
    with pytest.raises(KirdiError, match="nothing was changed"):
        file.write(CameraOverlay())


def test_a_full_disk_leaves_the_old_file_and_no_half_of_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = OverlayFile(tmp_path)
    before = CameraOverlay().switched("lobby", on=False)
    file.write(before)

    def full(_: int) -> None:
        assert "geheim" in (tmp_path / "cameras.new").read_text()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(KirdiError, match="nothing was changed"):
        file.write(before.with_camera(camera("side")))
    assert [one.name for one in tmp_path.iterdir()] == ["cameras.yaml"]
    assert file.read() == before
