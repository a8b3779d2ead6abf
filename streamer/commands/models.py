"""`kirdi models`: the model packs on this machine."""

import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from config.settings import Settings
from matcher.errors import ModelPackError
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
from streamer.commands.models_calibrate import calibrate
from streamer.embedded.home import kirdi_home
from streamer.errors import InputError

app = typer.Typer(help="The models that find and compare faces.", no_args_is_help=True)
app.command()(calibrate)
MAX_LICENCE = 200
PackArgument = Annotated[str, typer.Argument(help="The pack's name.")]
InUseArgument = Annotated[str, typer.Argument(help="The pack's name; else the one in use.")]
AcceptOption = Annotated[
    bool,
    typer.Option("--accept-non-commercial", help="I may use it: my use is not commercial."),
]
_LIST = ("pack", "in_use", "state", "pack_id", "licence", "commercial", "accepted", "weak_for")
_MOST_NAMED = 20


@app.command("list")
def list_(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the packs: which is in use, which are ready, their terms and known weaknesses."""
    from matcher.packs.store import list_packs

    in_use = _in_use(_settings_if_any(config))
    rows = [
        asdict(pack) | {"in_use": pack.pack == in_use, "weak_for": list(pack.weak_for)}
        for pack in list_packs(_folder())
    ]
    if not as_json:
        rows = [
            row | {"in_use": "*" if row["in_use"] else "", "weak_for": ", ".join(row["weak_for"])}
            for row in rows
        ]
    print_rows(Rows((*_LIST, "size"), rows), as_json, "No packs.")


@app.command()
def pull(
    pack: PackArgument,
    accept_non_commercial: AcceptOption = False,
    given: Annotated[
        Path | None,
        typer.Option("--from", help="The published file, or a folder with them: no network."),
    ] = None,
    mirror: Annotated[
        str | None, typer.Option(help="Address of a folder with the files; else models.mirror.")
    ] = None,
    sha256: Annotated[
        str, typer.Option(help="Of the file whose publisher names none; you vouch for it.")
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Even if it is fine.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Get a pack's published files, check them, and make the pack; goes on where it stopped."""
    from matcher.packs.pull import PullOrder, pull_pack

    settings = _settings_if_any(config)
    if mirror is None and settings is not None:
        mirror = settings.models.mirror
    accepted = _today() if accept_non_commercial else ""
    order = PullOrder(pack, accepted, given, mirror, sha256, force)
    pull_pack(_folder(), order, _Progress())
    _print_checks(pack, as_json)


@app.command()
def build(
    pack: Annotated[str, typer.Argument(help="The pack's name; else open.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Even if it is fine.")] = False,
    given: Annotated[
        Path | None, typer.Option("--from", help="A folder with pack.yaml: a pack of your own.")
    ] = None,
    accept_non_commercial: AcceptOption = False,
    int8: Annotated[
        bool, typer.Option("--int8", help="Also a pack of int8 models, if they pass the check.")
    ] = False,
    calibrate_on: Annotated[
        Path | None, typer.Option(help="A folder of photos of people, for --int8.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Build a pack from the files of the installed packages, or your own; keeps a fine one."""
    from matcher.packs.store import build_pack

    if given is not None:
        from matcher.packs.own_pack import build_own_pack

        made = build_own_pack(_folder(), given, _today() if accept_non_commercial else "")
        if pack not in ("", made.manifest.pack):
            warn([f"the pack calls itself {made.manifest.pack}, not {pack}"])
        pack = made.manifest.pack
    else:
        pack = pack or "open"
        if not int8:
            build_pack(_folder(), pack, force=force)
    if int8:
        _quantise(pack, calibrate_on, as_json)
    else:
        _print_checks(pack, as_json)


@app.command()
def verify(
    pack: InUseArgument = "",
    device: Annotated[
        str | None,
        typer.Option(help="cuda or cpu: compare what the models say there with the processor."),
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare every file of a pack with its manifest, or its models on a device with the CPU."""
    pack = pack or _in_use(_settings_if_any(config))
    if device is None:
        _print_checks(pack, as_json)
        return
    from matcher.packs.device_check import TOLERANCE, check_device
    from matcher.packs.store import open_pack
    from matcher.session import Hardware

    if device not in ("cpu", "cuda"):
        raise InputError(f"--device {device}: cpu or cuda")
    checks = check_device(
        open_pack(_folder(), pack), Hardware("cuda" if device == "cuda" else "cpu")
    )
    columns = ("model", "output", "deviation", "ok")
    print_rows(Rows(columns, [asdict(one) for one in checks]), as_json, "No outputs.")
    if not all(one.ok for one in checks):
        raise ModelPackError(
            f"model pack {pack}: on {device} it differs from the processor by more than "
            f"{TOLERANCE:.0%}; set models.device to cpu, and look for another driver"
        )


@app.command()
def use(pack: PackArgument, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Take a pack into use at the next start, and say who must be enrolled anew."""
    from matcher.packs.in_use import CHOSEN, choose
    from matcher.packs.store import open_pack
    from streamer.notices import licence_notice, pack_notice

    settings = _settings_if_any(config)
    named = settings.models.pack if settings is not None else CHOSEN
    if named not in (CHOSEN, pack):
        raise InputError(
            f"model pack {pack}: the settings say models.pack: {named}, which goes first; write "
            f"{pack} there, or {CHOSEN}"
        )
    manifest = open_pack(_folder(), pack).manifest
    anew = asyncio.run(_taken_into_use(settings, manifest.pack_id))
    choose(_folder(), pack)
    if as_json:
        print_json(
            [{"pack": pack, "pack_id": manifest.pack_id, "enrol_anew": anew}],
        )
    else:
        say(f"{pack} is in use from the next start of `kirdi run` on.")
        _say_who(anew)
    told = (licence_notice(manifest), pack_notice(manifest))
    warn(str(one) for one in told if one is not None)


def _say_who(anew: Sequence[str] | None) -> None:
    if anew is None:
        say("There is no database yet: whoever is enrolled with another pack must be again.")
    elif not anew:
        say("Nobody has to be enrolled anew.")
    else:
        more = f" and {len(anew) - _MOST_NAMED} more" if len(anew) > _MOST_NAMED else ""
        say(
            f"{len(anew)} patient(s) must be enrolled anew, until then they are not recognised: "
            f"{', '.join(anew[:_MOST_NAMED])}{more}"
        )


async def _taken_into_use(settings: Settings | None, pack_id: str) -> list[str] | None:
    """Whom another pack knows and this one doesn't; None where there is no database to ask.

    That the pack is changed is in the audit before it is.
    """
    home = kirdi_home(os.environ)
    if settings is None:
        return None
    if settings.database.url is None and not (home / "embedded").is_dir():
        return None
    from streamer.acting import acting
    from streamer.backend import open_backend
    from streamer.clock import SystemClock
    from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind

    async with open_backend(settings, home, SystemClock()) as backend:
        now, by = backend.clock.now(), acting(settings)
        rows = await backend.patients_list(pack_id).all(backend.page_reader, by)
        event = AuditEvent(
            AuditKind.SETTINGS_CHANGE,
            AuditAction.UPDATE,
            by.name,
            now,
            entity_type="settings",
            entity_id="models.pack",
            detail=(("pack", pack_id),),
        )
        await backend.audit_log.record([event])
    return [row.patient_ref for row in rows if row.needs_enrolment]


def _quantise(pack: str, calibrate_on: Path | None, as_json: bool) -> None:
    from matcher.packs.quantise import quantise_pack
    from matcher.packs.store import open_pack
    from streamer.commands.calibration_photos import calibration_photos

    photos = calibration_photos(calibrate_on)
    done = quantise_pack(_folder(), open_pack(_folder(), pack), photos, threads=0)
    rows = [asdict(check) for check in done.checks]
    if as_json:
        manifest = done.pack.manifest if done.pack is not None else None
        made = manifest and {
            "pack": manifest.pack,
            "pack_id": manifest.pack_id,
            "detector": manifest.detector.precision,
            "embedder": manifest.embedder.precision,
        }
        print_json([{"made": made, "speedup": done.speedup, "checks": rows}])
    else:
        columns = ("model", "figure", "value", "limit", "passed", "samples")
        print_rows(Rows(columns, rows), False, "Nothing was compared.")
        for model, times in done.speedup.items():
            say(f"{model}: {times:.2f} times as fast here")
    if done.pack is None:
        raise ModelPackError(
            f"model pack {pack}: in int8 neither model passed its check and was faster; nothing "
            "was kept"
        )
    if not as_json:
        manifest = done.pack.manifest
        say(
            f"{manifest.pack}: detector {manifest.detector.precision}, embedder "
            f"{manifest.embedder.precision}, vectors of {manifest.pack_id}"
        )


@app.command("add-liveness")
def add_liveness(
    file: Annotated[Path, typer.Argument(help="MiniFAS as ONNX, 128x128; see docs/liveness.md.")],
    licence: Annotated[str, typer.Option("--licence", help="Of the weights.")],
    as_json: JsonOption = False,
) -> None:
    """Add the model that tells a face from a picture of one; it replaces a former one.

    It is used with every pack that has none of its own, once recognition.liveness is not off.
    """
    from matcher.liveness import open_liveness
    from matcher.packs.liveness_file import add_liveness as add
    from matcher.packs.liveness_file import read_candidate
    from matcher.session import Hardware

    if not 0 < len(licence.strip()) <= MAX_LICENCE:
        raise InputError("--licence: name the licence of the weights in a few words")
    content = read_candidate(file)
    open_liveness(content, Hardware("cpu"))
    added = add(_folder(), content, licence.strip())
    columns = ("kind", "licence", "sha256", "size")
    print_rows(Rows(columns, [asdict(added)]), as_json, "Nothing was added.")


def _print_checks(pack: str, as_json: bool) -> None:
    from matcher.packs.store import verify_pack

    checks = verify_pack(_folder(), pack)
    rows = [asdict(check) for check in checks]
    print_rows(Rows(("name", "ok", "problem"), rows), as_json, "The pack has no files.")
    bad = [check for check in checks if not check.ok]
    if bad:
        remedy = bad[0].problem.rsplit("run: ", 1)[-1]
        raise ModelPackError(
            f"model pack {pack}: {len(bad)} of {len(checks)} files are not what they must be; "
            f"run `{remedy}`"
        )


class _Progress:
    """A line on standard error that is written over; in a pipe, one line per tenth."""

    def __init__(self) -> None:
        self._tenth = -1

    def __call__(self, name: str, there: int, size: int | None) -> None:
        whole = f" of {size / 1e6:.1f}" if size else ""
        text = f"{name}: {there / 1e6:.1f}{whole} MB"
        tenth = there * 10 // size if size else there // 10_000_000
        done = there == size
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{text}" + ("\n" if done else ""))
        elif tenth != self._tenth:
            sys.stderr.write(text + "\n")
        self._tenth = tenth


def _settings_if_any(config: Path | None) -> Settings | None:
    """The settings, where there are any: packs can be made before there are.

    Raises:
        ConfigError: A file was named and isn't there, or it is wrong.
    """
    from config.load import DEFAULT_FILE

    named = config is not None or bool(os.environ.get("KIRDI_CONFIG"))
    return read_settings(config) if named or DEFAULT_FILE.is_file() else None


def _in_use(settings: Settings | None) -> str:
    from matcher.packs.in_use import CHOSEN, resolved

    return resolved(_folder(), settings.models.pack if settings is not None else CHOSEN)


def _today() -> str:
    from streamer.clock import SystemClock

    return SystemClock().now().date().isoformat()


def _folder() -> Path:
    from streamer.models_folder import models_folder

    return models_folder(kirdi_home(os.environ))
