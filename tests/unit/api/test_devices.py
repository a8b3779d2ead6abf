"""Which devices may be registered."""

import pytest

from config.settings import Camera, Codes, Settings, Site
from streamer.api.devices import new_device, pairing_address
from streamer.domain.device import DeviceKind
from streamer.errors import InputError

SETTINGS = Settings(
    site=Site(id="s1", name="Test", time_zone="Asia/Almaty", buildings=("main", "north")),
    codes=Codes(devices={"desk-1": "main"}),
    cameras=(Camera(id="lobby-1", url="rtsp://10.0.0.5/1"),),
)


def test_it_stands_in_a_building_of_the_site() -> None:
    first = new_device(SETTINGS, "kiosk-7", DeviceKind.KIOSK, None, 180)
    assert (first.building, first.days) == ("main", 180)
    assert new_device(SETTINGS, "k", DeviceKind.BOARD, "north", 1).building == "north"
    with pytest.raises(InputError, match=r"building south: .*main, north"):
        new_device(SETTINGS, "kiosk-7", DeviceKind.KIOSK, "south", 180)


@pytest.mark.parametrize("name", ["", "Kiosk", "kiosk 7", "-7", "a" * 64, "кіру", "<b>"])
def test_its_name_is_plain(name: str) -> None:
    with pytest.raises(InputError, match="a name is made of"):
        new_device(SETTINGS, name, DeviceKind.KIOSK, None, 180)


@pytest.mark.parametrize("name", ["desk-1", "lobby-1"])
def test_its_name_is_nobody_elses(name: str) -> None:
    with pytest.raises(InputError, match="has this name"):
        new_device(SETTINGS, name, DeviceKind.KIOSK, None, 180)


def test_the_code_is_sent_to_no_server() -> None:
    assert pairing_address("https://a.example", "ab-cd") == "https://a.example/kiosk/pair#ab-cd"
