"""The container files keep to the rules of docs/deployment.md; no Docker engine is needed."""

import json
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.load import load_settings
from config.settings import Settings
from tests.data import ROOT

COMPOSE = ROOT / "docker-compose.gpu.yml"
CPU = ROOT / "docker" / "cpu.yml"
TLS = ROOT / "docker" / "tls.yml"
PROXY = ROOT / "docker" / "proxy.yml"
DOCKERFILE = ROOT / "docker" / "Dockerfile"
SERVICES = ("kirdi", "migrate", "postgres", "redis")
LONG_RUNNING = ("kirdi", "postgres", "redis")
Service = dict[str, Any]


class _ComposeLoader(yaml.SafeLoader):
    """YAML as Compose writes it: `!reset` takes a key away."""


_ComposeLoader.add_constructor("!reset", lambda _loader, _node: None)


def compose(file: Path = COMPOSE) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load(file.read_text(encoding="utf-8"), Loader=_ComposeLoader)
    return loaded


def service(name: str) -> Service:
    found: Service = compose()["services"][name]
    return found


def test_the_file_holds_these_services_and_no_others() -> None:
    assert set(compose()["services"]) == set(SERVICES)


@pytest.mark.parametrize("name", SERVICES)
def test_nobody_is_root_and_nobody_has_rights(name: str) -> None:
    one = service(name)
    user, group = one["user"].split(":")
    assert int(user) > 0
    assert int(group) > 0
    assert one["read_only"] is True
    assert one["cap_drop"] == ["ALL"]
    assert "cap_add" not in one
    assert "privileged" not in one
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert one["ulimits"] == {"core": 0}


@pytest.mark.parametrize("name", SERVICES)
def test_what_may_be_written_is_a_volume_or_bounded_memory(name: str) -> None:
    one = service(name)
    for mount in one["tmpfs"]:
        assert re.search(r":size=\d+m,", mount), mount
        assert all(word in mount for word in ("noexec", "nosuid", "nodev")), mount
    for volume in one["volumes"]:
        source = volume.split(":")[0]
        assert source in compose()["volumes"] or volume.endswith(":ro"), volume


@pytest.mark.parametrize("name", SERVICES)
def test_everything_is_bounded(name: str) -> None:
    one = service(name)
    assert set(one["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert set(one["logging"]["options"]) == {"max-size", "max-file"}
    assert one["stop_grace_period"]
    assert one["restart"] == ("no" if name == "migrate" else "unless-stopped")


@pytest.mark.parametrize("name", SERVICES)
def test_no_port_is_published_and_the_host_is_not_shared(name: str) -> None:
    one = service(name)
    for key in ("ports", "network_mode", "pid", "ipc", "devices", "env_file"):
        assert key not in one
    assert "docker.sock" not in json.dumps(one)


def test_databases_are_reached_from_inside_only() -> None:
    assert compose()["networks"]["data"] == {"internal": True}
    assert service("postgres")["networks"] == service("redis")["networks"] == ["data"]


@pytest.mark.parametrize("name", SERVICES)
def test_secrets_are_files(name: str) -> None:
    one = service(name)
    for key, value in one["environment"].items() if "environment" in one else ():
        secret = re.search(r"PASSWORD|URL|SECRET|KEY|TOKEN", key)
        assert not secret or str(value).startswith("/run/secrets/"), key
    declared = compose()["secrets"]
    for secret in one["secrets"]:
        assert (secret if isinstance(secret, str) else secret["source"]) in declared
    assert "://" not in json.dumps(one)
    assert all(set(value) == {"file"} for value in declared.values())


def test_secrets_reach_neither_the_history_nor_the_builder() -> None:
    assert "/secrets/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    assert not {"!secrets", "!kirdi.yaml", "!.git", "!tests"} & set(ignored)


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_each_service_says_whether_it_is_well(name: str) -> None:
    check = service(name)["healthcheck"]
    assert check["test"][0] in ("CMD", "CMD-SHELL")
    assert {"interval", "timeout", "retries", "start_period"} <= set(check)


def test_the_service_waits_for_the_schema_and_its_servers() -> None:
    waits = {name: how["condition"] for name, how in service("kirdi")["depends_on"].items()}
    assert waits == {
        "migrate": "service_completed_successfully",
        "postgres": "service_healthy",
        "redis": "service_healthy",
    }
    assert service("migrate")["command"] == ["db", "migrate"]


def test_images_are_of_one_major_version() -> None:
    assert re.fullmatch(r"postgres:\d+", service("postgres")["image"])
    assert re.fullmatch(r"redis:\d+", service("redis")["image"])


def test_the_gpu_is_reserved_and_insisted_on() -> None:
    kirdi = service("kirdi")
    (device,) = kirdi["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}
    assert kirdi["environment"]["KIRDI_MODELS__DEVICE"] == "cuda"
    assert kirdi["build"]["target"] == "gpu"
    over = compose(CPU)["services"]
    assert over["kirdi"]["deploy"]["resources"] == {"reservations": None}
    assert {one["build"]["target"] for one in over.values()} == {"cpu"}
    assert over["kirdi"]["environment"] == {"KIRDI_MODELS__DEVICE": "cpu"}


def test_data_outlives_the_containers() -> None:
    assert "postgres:/var/lib/postgresql" in service("postgres")["volumes"]
    assert "redis:/data" in service("redis")["volumes"]
    assert "kirdi:/var/lib/kirdi" in service("kirdi")["volumes"]
    command = service("redis")["command"]
    assert command[command.index("--appendonly") + 1] == "yes"
    assert "requirepass" not in json.dumps(command)


def test_kirdi_understands_the_settings_it_is_given(tmp_path: Path) -> None:
    """The variables of the file, with secrets as files, make the settings they are meant to."""
    file = tmp_path / "kirdi.yaml"
    camera = tmp_path / "camera_lobby_1"
    camera.write_text("rtsp://viewer:hunter2@10.0.0.5/1\n", encoding="utf-8")
    file.write_text(
        f"site: {{id: s-1, name: Clinic}}\ncameras: [{{id: lobby-1, url_file: {camera}}}]\n",
        encoding="utf-8",
    )
    for name in ("database_url", "retention_url", "auditor_url"):
        (tmp_path / name).write_text("postgresql://kirdi:x@postgres:5432/kirdi\n")
    (tmp_path / "redis_url").write_text("redis://:x@redis:6379/0\n")
    environment = {
        key: str(value).replace("/run/secrets", str(tmp_path))
        for key, value in service("kirdi")["environment"].items()
    }
    settings = load_settings(file, environment)
    assert settings.database.url is not None
    assert settings.redis.url is not None
    assert settings.models.device == "cuda"


def opened(file: Path, tmp_path: Path) -> Settings:
    """The settings of the service with a file that opens the API's port."""
    settings = tmp_path / "kirdi.yaml"
    settings.write_text("site: {id: s-1, name: Clinic}\n", encoding="utf-8")
    given = compose(file)["services"]["kirdi"]["environment"]
    name = re.compile(r"\$\{KIRDI_PUBLIC_URL:\?[^}]+\}")
    environment = {
        key: name.sub("https://kirdi.clinic.example", value) for key, value in given.items()
    }
    assert set(environment.values()) != set(given.values())
    return load_settings(settings, environment)


def test_the_api_is_reached_by_tls_with_the_clinics_certificate(tmp_path: Path) -> None:
    web, one = opened(TLS, tmp_path).web, compose(TLS)["services"]["kirdi"]
    assert web.encrypted
    assert (web.host, web.public_url) == ("0.0.0.0", "https://kirdi.clinic.example")
    assert one["ports"] == [f"${{KIRDI_BIND:-0.0.0.0}}:${{KIRDI_PORT:-443}}:{web.port}"]
    (mount,) = one["volumes"]
    assert mount.endswith(":/run/tls:ro")
    assert {str(web.certificate.parent), str(web.private_key.parent)} == {"/run/tls"}  # type: ignore[union-attr]


def test_a_proxy_in_front_is_the_only_way_in(tmp_path: Path) -> None:
    web, services = opened(PROXY, tmp_path).web, compose(PROXY)["services"]
    kirdi, proxy = services["kirdi"], services["proxy"]
    assert not web.encrypted
    assert "ports" not in kirdi
    (address,) = web.trusted_proxies
    assert address == f"{proxy['networks']['web']['ipv4_address']}/32"
    # An override's networks take the place of nothing: those of the first file stay.
    assert set(service("kirdi")["networks"]) < set(kirdi["networks"])
    assert int(proxy["user"].split(":")[0]) > 0
    assert (proxy["read_only"], proxy["cap_drop"]) == (True, ["ALL"])
    assert set(proxy["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert all(one.endswith(":ro") for one in proxy["volumes"])
    assert re.fullmatch(r"nginxinc/nginx-unprivileged:\d+\.\d+", proxy["image"])
    text = (ROOT / "docker" / "proxy" / "kirdi.conf").read_text(encoding="utf-8")
    assert f"proxy_pass http://kirdi:{web.port};" in text
    # Added to instead of set, a client could say who it is.
    assert "X-Forwarded-For   $remote_addr;" in text


@pytest.mark.parametrize(
    "files",
    [(COMPOSE,), (COMPOSE, CPU), (COMPOSE, TLS), (COMPOSE, PROXY)],
    ids=["gpu", "cpu", "tls", "proxy"],
)
def test_docker_compose_accepts_the_files(files: tuple[Path, ...]) -> None:
    docker = shutil.which("docker-compose")
    command = [docker] if docker else [shutil.which("docker") or "docker", "compose"]
    try:
        subprocess.run([*command, "version"], capture_output=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        pytest.skip("docker compose is not installed")
    options = [word for file in files for word in ("-f", str(file))]
    done = subprocess.run(
        [*command, *options, "config"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"KIRDI_PUBLIC_URL": "https://kirdi.clinic.example"},
    )
    assert done.returncode == 0, done.stderr
    whole = yaml.safe_load(done.stdout)
    assert set(whole["services"]) - {"proxy"} == set(SERVICES)
    assert set(whole["services"]["kirdi"]["networks"]) >= {"data", "cameras"}
    resources = whole["services"]["kirdi"]["deploy"]["resources"]
    assert ("reservations" in resources) == (CPU not in files)


def instructions() -> list[tuple[str, str]]:
    """Each instruction of the Dockerfile on one line, comments left out."""
    text = DOCKERFILE.read_text(encoding="utf-8")
    text = "".join(line for line in text.splitlines(True) if not line.startswith("#"))
    lines = [line.strip() for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    pairs = [line.partition(" ")[::2] for line in lines]
    return [(word, " ".join(rest.split())) for word, rest in pairs]


def stage(name: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    inside = False
    for word, rest in instructions():
        if word == "FROM":
            inside = rest.endswith(f" AS {name}")
        elif inside:
            found.append((word, rest))
    return found


def _pinned(rest: str) -> bool:
    image = rest.split(" AS ")[0]
    stages = [text.split(" AS ")[1] for word, text in instructions() if word == "FROM"]
    return image in stages or re.fullmatch(r"python:3\.\d+-slim-[a-z]+", image) is not None


# What an instruction must be like, wherever it stands.
RULES: list[tuple[str, str, Callable[[str], bool]]] = [
    ("FROM", "is pinned and named", lambda rest: _pinned(rest) and " AS " in rest),
    ("ADD", "is not used", lambda rest: False),
    ("ARG", "is not used", lambda rest: False),
    ("ENV", "holds no secret", lambda rest: not re.search(r"(?i)pass|secret|token|key", rest)),
    ("RUN", "needs no administrator's tool", lambda rest: "sudo" not in rest),
    ("RUN", "fetches nothing by itself", lambda rest: not re.search(r"curl|wget|://", rest)),
    ("RUN", "adds no system package", lambda rest: not re.search(r"\bapt(-get)?\b", rest)),
    (
        "RUN",
        "installs by hash only",
        lambda rest: " -r " not in rest or ("--require-hashes" in rest and "--no-deps" in rest),
    ),
    ("CMD", "is a list", lambda rest: rest.startswith("[")),
    ("ENTRYPOINT", "is a list", lambda rest: rest.startswith("[")),
    ("HEALTHCHECK", "is a list", lambda rest: 'CMD ["kirdi", "health"]' in rest),
    ("EXPOSE", "is not used", lambda rest: False),
]


@pytest.mark.parametrize(("word", "what", "holds"), RULES, ids=[f"{r[0]} {r[1]}" for r in RULES])
def test_the_dockerfile_keeps_to(word: str, what: str, holds: Callable[[str], bool]) -> None:
    for found, rest in instructions():
        if found == word:
            assert holds(rest), f"{word} {what}: {rest}"


@pytest.mark.parametrize("target", ["cpu", "gpu"])
def test_an_image_holds_its_locked_set_and_ends_as_kirdis_user(target: str) -> None:
    runs = " ".join(rest for word, rest in stage(f"{target}-packages") if word == "RUN")
    assert f"-r /src/requirements/{target}.txt" in runs
    assert f"check_installed.py {target}" in runs
    assert stage(target)[-1] == ("USER", "10001:10001")
    assert service("kirdi")["user"] == "10001:10001"


def test_the_image_reports_to_nobody_and_carries_the_licences() -> None:
    runtime = stage("runtime")
    assert any(word == "ENV" and "ORT_DISABLE_TELEMETRY=1" in rest for word, rest in runtime)
    assert ("COPY", "LICENSE docker/WEIGHTS.md /usr/share/doc/kirdi/") in runtime


def test_the_builder_is_given_everything_that_is_copied() -> None:
    allowed = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    for word, rest in instructions():
        if word == "COPY" and not rest.startswith("--from="):
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists(), source
                assert source.split("/")[0] in allowed, source


def test_the_cuda_libraries_are_pinned_by_hash() -> None:
    text = (ROOT / "docker" / "cuda.txt").read_text(encoding="utf-8")
    blocks = re.split(r"^(?=[^\s#])", text, flags=re.MULTILINE)[1:]
    assert {block.split("==")[0] for block in blocks} >= {"nvidia-cudnn-cu13", "nvidia-cublas"}
    for block in blocks:
        assert re.match(r"nvidia-[a-z0-9-]+==[\d.]+ \\\n", block), block
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block
    assert "://" not in text


def make_secrets(folder: Path, *cameras: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "scripts" / "make_secrets", *cameras],
        env={"PATH": os.environ["PATH"], "KIRDI_SECRETS": str(folder)},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="files can be given away by root only")


@needs_root
def test_every_secret_of_the_file_is_made_for_its_reader_alone(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    url = "rtsp://viewer:hunter2@10.0.0.5/1"
    done = make_secrets(folder, "lobby_1", stdin=url + "\n")
    assert done.returncode == 0, done.stderr
    assert "hunter2" not in done.stdout + done.stderr
    wanted = {Path(one["file"]).name for one in compose()["secrets"].values()}
    assert {path.name for path in folder.iterdir()} == wanted
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for name in SERVICES:
        reader = int(service(name)["user"].split(":")[0])
        for secret in service(name)["secrets"]:
            source = secret if isinstance(secret, str) else secret["source"]
            file = folder / Path(compose()["secrets"][source]["file"]).name
            assert file.stat().st_uid == reader, source
            assert stat.S_IMODE(file.stat().st_mode) == 0o400, source
    assert (folder / "camera_lobby_1").read_text() == url + "\n"
    assert len((folder / "key").read_bytes()) == 32
    password = (folder / "kirdi_password").read_text()
    assert len(password) == 48
    assert (folder / "database_url").read_text() == (
        f"postgresql://kirdi:{password}@postgres:5432/kirdi\n"
    )


@needs_root
def test_a_second_time_changes_nothing_and_half_a_pair_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    assert make_secrets(folder).returncode == 0
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert make_secrets(folder).returncode == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    (folder / "redis_url").unlink()
    done = make_secrets(folder)
    assert done.returncode == 1
    assert "redis_url one is missing" in done.stderr


@needs_root
@pytest.mark.parametrize(
    ("camera", "stdin", "code"), [("lobby_1", "10.0.0.5\n", 1), ("lobby_1", "", 1), ("../x", "", 2)]
)
def test_a_wrong_camera_is_refused(tmp_path: Path, camera: str, stdin: str, code: int) -> None:
    done = make_secrets(tmp_path / "secrets", camera, stdin=stdin)
    assert done.returncode == code
    assert not list(tmp_path.glob("secrets/camera_*"))
    assert not list(tmp_path.glob("secrets/.new.*"))
