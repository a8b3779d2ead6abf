"""`kirdi cameras`: the cameras of the running service."""

import os
import sys
from dataclasses import asdict
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streamer.cameras.unknown_camera import unknown_camera
from streamer.commands.by_option import ByOption
from streamer.commands.invocation import (
    ConfigOption,
    JsonOption,
    Rows,
    print_json,
    print_rows,
    read_settings,
    say,
    warn,
)
from streamer.commands.viewing import CameraId, accept_view, in_words, view_test
from streamer.embedded.home import kirdi_home
from streamer.errors import InputError, KirdiError

if TYPE_CHECKING:
    from config.settings import Camera
    from streamer.control.messages import Reply
    from streamer.domain.camera_report import CameraReport

_FILES = frozenset({"url_file", "view_url_file", "ca_file"})

app = typer.Typer(help="Look at and change the cameras of the service.", no_args_is_help=True)

_PUBLIC = (
    "--set: it holds a password, which a command line shows to everyone; "
    "write the URL into a file, and give view_url_file=FILE (or url_file=FILE)"
)

LISTED = (
    *("camera_id", "enabled", "from", "building", "entrance", "address", "view_address"),
    *("fps", "lane"),
)
PROBED = ("stream", "codec", "width", "height", "fps", "gop_s", "has_b_frames", "bit_rate")
STATES = (
    *("camera_id", "state", "since", "reason", "decoded/s", "analysed/s", "dropped/s"),
    *("restarts", "recognition", "decoding", "viewing", "remarks"),
)


@app.command("list")
def list_(as_json: JsonOption = False) -> None:
    """List the service's cameras as they are set."""
    rows = [_listed(one) for one in _ask("status").cameras]
    print_rows(Rows(LISTED, rows), as_json, "The service has no cameras.")


@app.command()
def status(
    camera_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Of one camera only.")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what each camera is doing, since when and why, and how fast."""
    reports = _ask("status").cameras
    if camera_id is not None:
        known = [one.state.camera_id for one in reports]
        reports = tuple(one for one in reports if one.state.camera_id == camera_id)
        if not reports:
            raise unknown_camera(camera_id, known)
    if as_json:
        print_json([_whole(one) for one in reports])
        return
    zone = read_settings(config).site.zone
    rows = [_state(one, zone) for one in reports]
    print_rows(Rows(STATES, rows), as_json=False, empty="The service has no cameras.")


@app.command()
def add(
    camera_id: CameraId,
    url: Annotated[
        str | None,
        typer.Argument(help="rtsp://…; - reads it from standard input; none with url_file."),
    ] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Any key of a camera; value as in YAML."),
    ] = None,
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Add a camera to the running service; it is kept over restarts, in KIRDI_HOME/cameras.yaml.

    An address with a password is read from standard input, or from a file (url_file,
    view_url_file), only: command lines are public.
    """
    import yaml

    from streamer.ingest.camera_url import secrets_of

    values = dict(_value(one) for one in sets or ())
    if url == "-":
        url = sys.stdin.readline().strip()
    elif url is not None and secrets_of(url):
        raise InputError(
            "camera URL: it holds a password, which a command line shows to everyone; "
            "give - and the URL on standard input"
        )
    elif url is None and "url_file" not in values:
        raise InputError("camera URL: none; give it, or - and type it, or --set url_file=FILE")
    if url is not None:
        values["url"] = url
    _changed(_ask("add", camera_id, yaml.safe_dump(values), by), as_json)


@app.command()
def remove(camera_id: CameraId, by: ByOption = "", as_json: JsonOption = False) -> None:
    """Remove a camera that was added; one of the settings file is removed there."""
    _changed(_ask("remove", camera_id, by=by), as_json)


@app.command()
def enable(camera_id: CameraId, by: ByOption = "", as_json: JsonOption = False) -> None:
    """Switch a camera on, whatever the settings file says."""
    _changed(_ask("enable", camera_id, by=by), as_json)


@app.command()
def disable(camera_id: CameraId, by: ByOption = "", as_json: JsonOption = False) -> None:
    """Switch a camera off until it is enabled again; it is not connected to meanwhile."""
    _changed(_ask("disable", camera_id, by=by), as_json)


app.command("view-test")(view_test)
app.command("accept-view")(accept_view)


@app.command()
def probe(camera_id: CameraId, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Look at a camera: its stream for faces, and the one for viewing.

    Says what keeps browsers from showing the second as it is. Wants no running service. Every
    stream is looked at, whatever the one before says; the first that fails decides the exit code.
    """
    from streamer.cameras.overlay_file import OverlayFile

    settings = OverlayFile(kirdi_home(os.environ)).read().over(read_settings(config))
    camera = next((one for one in settings.cameras if one.id == camera_id), None)
    if camera is None:
        raise InputError(
            f"camera {camera_id}: there is none, neither in the settings nor added; "
            "see `kirdi config` and `kirdi cameras list`"
        )
    rows: list[dict[str, object]] = []
    failures: list[tuple[str, KirdiError]] = []
    hints: tuple[str, ...] = ()
    for stream, url in zip(("faces", "viewing"), camera.urls, strict=False):
        try:
            # The last stream there is will be the one that is looked at.
            row, hints = _probed(camera, url.get_secret_value(), shown=url is camera.urls[-1])
        except KirdiError as error:
            row, hints = {"error": str(error)}, ()
            failures.append((stream, error))
        rows.append({"stream": stream, **row})
    if as_json:
        print_json(rows)
    else:
        seen = [row for row in rows if "error" not in row]
        print_rows(Rows(PROBED, seen), as_json=False, empty="No stream could be looked at.")
        # Whether browsers can show a stream that could not be looked at is not known.
        if "error" not in rows[-1]:
            said = "\n".join(f"for viewing: {hint}" for hint in hints)
            say(said or "Browsers can show it as it is.")
    warn(f"stream for {stream}: {later}" for stream, later in failures[1:])
    if failures:
        stream, first = failures[0]
        failed = KirdiError(f"stream for {stream}: {first}")
        failed.exit_code = first.exit_code
        raise failed


def _probed(
    camera: "Camera", url: str, *, shown: bool
) -> tuple[dict[str, object], tuple[str, ...]]:
    """What one of its streams sends, and what keeps browsers from showing it; raises KirdiError."""
    from streamer.ingest.probe import probe as probe_stream
    from streamer.ingest.viewing import hindrances

    seen = probe_stream(
        url,
        camera.transport,
        camera.connect_timeout_s,
        ca_file=camera.ca_file,
        insecure_tls=camera.insecure_tls,
    )
    hints = tuple(str(one) for one in hindrances(seen)) if shown else ()
    return {**asdict(seen), "viewing": hints}, hints


def reload(by: ByOption = "", as_json: JsonOption = False) -> None:
    """Have the running service read its settings anew, and take over what changed of its cameras.

    Wrong settings change nothing.
    """
    reply = _ask("reload", by=by)
    _changed(reply, as_json)
    if reply.needs_restart and not as_json:
        say("Changed too, and taken over at the next start only: " + ", ".join(reply.needs_restart))


def _ask(verb: str, camera_id: str = "", values: str = "", by: str = "") -> "Reply":
    from streamer.control.client import ask
    from streamer.control.messages import Request, Verb

    return ask(kirdi_home(os.environ), Request(Verb(verb), camera_id, values, by=by))


def _value(one: str) -> tuple[str, object]:
    """A key and its value from `--set`; raises InputError, without repeating a secret."""
    import yaml

    from streamer.ingest.camera_url import secrets_of

    # First of all: what is wrong otherwise is said with what was given.
    if secrets_of(one):
        raise InputError(_PUBLIC)
    key, equals, text = one.partition("=")
    if not equals or key in ("id", "url"):
        raise InputError(f"--set {key}: write KEY=VALUE, with a camera's key other than its id")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        raise InputError(f"--set {key}: its value is no YAML") from None
    # YAML has spellings of its own for any character of a password.
    if secrets_of(text) or secrets_of(str(value)):
        raise InputError(_PUBLIC)
    if key in _FILES and isinstance(value, str):
        # The service reads it, and has another working directory.
        value = str(Path(value).absolute())
    return key, value


def _changed(reply: "Reply", as_json: bool) -> None:
    done = {"added": reply.added, "changed": reply.changed, "removed": reply.removed}
    if as_json:
        told = {"needs_restart": reply.needs_restart, "warnings": reply.warnings}
        print_json([done | told])
        return
    warn(reply.warnings)
    lists = [f"{what}: {', '.join(ids)}" for what, ids in done.items() if ids]
    say("; ".join(lists).capitalize() if lists else "No camera has changed.")


def _whole(report: "CameraReport") -> dict[str, object]:
    """Everything, flat: the state's own fields beside the rest."""
    values = asdict(report)
    state: dict[str, object] = values.pop("state")
    return state | values


def _listed(report: "CameraReport") -> dict[str, object]:
    return {
        "camera_id": report.state.camera_id,
        "enabled": "no" if report.state.status == "disabled" else "yes",
        "from": report.source,
        "building": report.building,
        "entrance": report.entrance,
        "address": report.address,
        "view_address": report.view_address,
        "fps": f"{report.analyse_fps:g}",
        "lane": _lane(report),
    }


def _state(report: "CameraReport", zone: tzinfo) -> dict[str, object]:
    state = report.state
    since = state.since.astimezone(zone)
    today = since.date() == datetime.now(zone).date()
    return {
        "camera_id": state.camera_id,
        "state": state.status,
        "since": f"{since:%H:%M:%S}" if today else f"{since:%Y-%m-%d %H:%M}",
        "reason": state.reason,
        "decoded/s": f"{report.decoded_fps:.1f}",
        "analysed/s": f"{report.analysed_fps:.1f}",
        "dropped/s": f"{report.dropped_fps:.1f}",
        "restarts": state.restarts,
        "recognition": f"{report.mode}, {_lane(report)}",
        "decoding": state.decoding,
        "viewing": in_words(report.viewing),
        "remarks": "; ".join(state.remarks),
    }


def _lane(report: "CameraReport") -> str:
    if report.mode == "desk":
        return "nobody is searched for"
    return f"polygon of {len(report.lane)} points" if report.lane else "whole picture"
