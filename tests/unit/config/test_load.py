"""The settings say what is wrong in one line, and never what is secret."""

from pathlib import Path

import pytest
import yaml

from config.errors import ConfigError
from config.load import EXAMPLE_FILE, load_settings, settings_file
from config.settings import Settings

SITE = "site: {id: s-1, name: Clinic}\n"
CAMERA = "cameras: [{id: a, url: 'rtsp://viewer:hunter2@10.0.0.5/1'}]\n"


def write(folder: Path, text: str) -> Path:
    file = folder / "kirdi.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_example_is_valid_and_has_every_key() -> None:
    settings = load_settings(EXAMPLE_FILE, {})
    values = yaml.safe_load(EXAMPLE_FILE.read_text(encoding="utf-8"))
    for name, section in Settings.model_fields.items():
        if name in ("report_schedules", "destinations"):
            # Reports are sent nowhere until somebody says so.
            assert values[name] == []
            continue
        given = values[name][0] if name == "cameras" else values[name]
        model = getattr(settings, name)
        model = model[0] if name == "cameras" else model
        assert set(given) >= set(type(model).model_fields) - {"site"}, (name, section)


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, SITE + "match: {accept_fpir: 0.002, review_fpir: 0.02}\n")
    settings = load_settings(
        file, {"KIRDI_MATCH__ACCEPT_FPIR": "0.003", "KIRDI_SITE__BUILDINGS": '["main", "annex"]'}
    )
    assert (settings.match.accept_fpir, settings.match.review_fpir) == (0.003, 0.02)
    assert settings.site.buildings == ("main", "annex")


@pytest.mark.parametrize(
    ("text", "environ", "words"),
    [
        ("site: {id: s, nmae: x}", {}, ["unknown key site.nmae", "did you mean site.name?"]),
        (SITE + "mach: {}", {}, ["unknown key mach", "did you mean match?"]),
        (SITE, {"KIRDI_DATABSE__URL": "x"}, ["KIRDI_DATABSE__URL", "KIRDI_DATABASE__URL?"]),
        (SITE, {"KIRDI_CAMERAS": "nonsense"}, ["KIRDI_CAMERAS", "JSON"]),
        ("a: [", {}, ["not valid YAML", "line"]),
        ("a: 1\na: 2", {}, ["line 2", "'a'", "twice"]),
        ("- 1", {}, ["holds no keys"]),
        ("", {}, ["site: Field required"]),
        (SITE + CAMERA.replace("rtsp:", "http:"), {}, ["cameras.0.url", "rtsp://"]),
        (SITE + CAMERA.replace("10.0.0.5", "10.0.0.5:x"), {}, ["cameras.0.url", "port"]),
        (SITE + CAMERA.replace("{id", "{lane: [[0, 0], [1, 1]], id"), {}, ["three points"]),
        (SITE + CAMERA.replace("{id", "{building: roof, id"), {}, ["'roof'", "site.buildings"]),
        (SITE + "recognition: {mode: lobby}", {}, ["legal_basis_ref"]),
        (SITE + "database: {url: 'mysql://u:hunter2@h/d'}", {}, ["postgresql://"]),
        (SITE + "database: {url: 'postgresql://h', url_file: x}", {}, ["not both"]),
        (SITE + "database: {url_file: /nowhere/x}", {}, ["/nowhere/x"]),
        (SITE.replace("}", ", time_zone: Mars/Base}"), {}, ["Mars/Base", "IANA"]),
        (SITE.replace("}", ", opening_hours: {mon: 8-20}}"), {}, ["HH:MM"]),
        (SITE + "arrival: {opens_before_min: 0, closes_after_min: 0}", {}, ["arrival", "both 0"]),
        (SITE + "match: {accept_fpir: hunter2}", {}, ["match.accept_fpir", "number"]),
        (SITE + "match: {accept_fpir: 0.05}", {}, ["review_fpir", "accept_fpir"]),
        (SITE + "match: {max_distance: 0.3}", {}, ["match.max_distance: the model pack", "remove"]),
        (SITE, {"KIRDI_MATCH__MIN_MARGIN": "0.1"}, ["KIRDI_MATCH__MIN_MARGIN: the model pack"]),
    ],
)
def test_what_is_wrong_is_said(
    tmp_path: Path, text: str, environ: dict[str, str], words: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(write(tmp_path, text), environ)
    message = str(caught.value)
    assert all(word in message for word in words), message
    assert "hunter2" not in message
    assert "\n" not in message


def test_a_camera_id_used_twice_is_refused(tmp_path: Path) -> None:
    camera = "{id: a, url: 'rtsp://10.0.0.5/1'}"
    with pytest.raises(ConfigError, match="'a' is used twice"):
        load_settings(write(tmp_path, SITE + f"cameras: [{camera}, {camera}]"), {})


def test_secrets_come_from_files_and_are_not_printed(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("rtsp://viewer:hunter2@10.0.0.5/1\n")
    settings = load_settings(
        write(tmp_path, SITE + f"cameras: [{{id: a, url_file: {secret}}}]"), {}
    )
    assert settings.cameras[0].url.get_secret_value() == "rtsp://viewer:hunter2@10.0.0.5/1"
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in settings.model_dump_json()


def test_the_second_stream_s_address_is_a_secret_too(tmp_path: Path) -> None:
    secret = tmp_path / "view"
    secret.write_text("rtsp://viewer:hunter2@10.0.0.5/2\n", encoding="utf-8")
    camera = f"cameras: [{{id: a, url: 'rtsp://10.0.0.5/1', view_url_file: {secret}}}]"
    (one,) = load_settings(write(tmp_path, SITE + camera), {}).cameras
    assert [url.get_secret_value() for url in one.urls] == [
        "rtsp://10.0.0.5/1",
        "rtsp://viewer:hunter2@10.0.0.5/2",
    ]
    assert "hunter2" not in repr(one)


def test_settings_cannot_be_changed() -> None:
    settings = load_settings(EXAMPLE_FILE, {})
    with pytest.raises(ValueError, match="frozen"):
        settings.match.accept_fpir = 0.9  # type: ignore[misc]


def test_which_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path, SITE)
    other = tmp_path / "other.yaml"
    other.write_text(SITE)
    monkeypatch.chdir(tmp_path)
    assert settings_file(other, {"KIRDI_CONFIG": str(file)}) == other
    assert settings_file(None, {"KIRDI_CONFIG": str(other)}) == other
    assert settings_file(None, {}) == Path("kirdi.yaml")
    file.unlink()
    with pytest.raises(ConfigError, match=r"kirdi\.example\.yaml"):
        settings_file(None, {})
    with pytest.raises(ConfigError, match="KIRDI_CONFIG"):
        settings_file(None, {"KIRDI_CONFIG": "/nowhere.yaml"})


@pytest.mark.parametrize(("written", "mode"), [("off", "off"), ("'off'", "off"), ("review",) * 2])
def test_a_bare_off_is_a_word(tmp_path: Path, written: str, mode: str) -> None:
    """YAML reads it as false."""
    file = tmp_path / "kirdi.yaml"
    file.write_text(f"site: {{id: s-1, name: S}}\nrecognition: {{liveness: {written}}}\n")
    assert load_settings(file, {}).recognition.liveness == mode


def test_a_name_for_no_building_is_refused(tmp_path: Path) -> None:
    named = "site: {id: s-1, name: Clinic, building_names: {annex: {ru: Флигель}}}\n"
    with pytest.raises(ConfigError, match="'annex' is none of buildings"):
        load_settings(write(tmp_path, named), {})
