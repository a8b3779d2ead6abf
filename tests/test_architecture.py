"""Keeps the import table of docs/architecture.md true: who may import whom, and which libraries."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.data import ROOT

OURS = ("config", "matcher", "streamer")
LEAVES = ("streamer.domain", "streamer.errors", "streamer.clock", "streamer.log")
MIDDLE = (
    *LEAVES,
    "streamer.crypto",
    "matcher.face",
    "config.settings",
)

# What judges a report's days: in a process of its own too, which has to be small.
JUDGING = (*LEAVES, "streamer.reports", "streamer.storage", "config.settings")
PARTS = ("streamer.reporting.part_task", "streamer.reporting.part_work")

# The most specific key that covers a module says what of ours it may import besides itself.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "config": (),
    "matcher": (),
    "streamer.domain": ("matcher.face",),
    "streamer.errors": (),
    "streamer.clock": (),
    "streamer.log": (),
    "streamer.crypto": ("streamer.domain", "streamer.errors"),
    "streamer.simulator": ("streamer.errors", "streamer.log"),
    "streamer.child_command": (),
    "streamer.processors": (),
    "streamer.ingest": (*MIDDLE, "streamer.child_command"),
    "streamer.tracking": MIDDLE,
    "streamer.patients": MIDDLE,
    "streamer.checkin": MIDDLE,
    "streamer.storage": MIDDLE,
    "streamer.exchange": MIDDLE,
    # What a service is for is read in `config.reports`, beside the setting that says it.
    "streamer.reports": (*LEAVES, "config.settings", "config.reports"),
    "streamer.jobs": MIDDLE,
    "streamer.web": MIDDLE,
    "streamer.pipeline": (
        *LEAVES,
        "streamer.tracking",
        "streamer.checkin",
        "streamer.gallery_keeper",
        "matcher.face",
    ),
    "streamer.alarm": ("streamer.clock",),
    "streamer.gallery_keeper": (*LEAVES, "streamer.alarm", "streamer.tracking", "matcher.face"),
    "streamer.schedule_keeper": (*LEAVES, "streamer.alarm"),
    "streamer.review_keeper": (*LEAVES, "streamer.alarm", "streamer.checkin"),
    "streamer.day_follower": (*LEAVES, "streamer.alarm"),
    "streamer.desk_pipeline": (
        *LEAVES,
        "streamer.tracking",
        "streamer.pipeline",
        "matcher.face",
    ),
    "streamer.desk_control": (*LEAVES, "streamer.checkin", "streamer.control"),
    "streamer.kiosk_pipeline": (*LEAVES, "streamer.checkin", "matcher.face"),
    "streamer.code_counters": OURS,
    "streamer.site_jobs": OURS,
    "streamer.uptime_recorder": LEAVES,
    "streamer.match_recorder": LEAVES,
    "streamer.consent_keeper": LEAVES,
    "streamer.audit_keeper": LEAVES,
    "streamer.audit_start": OURS,
    "streamer.settings_record": (*LEAVES, "streamer.crypto", "config.settings"),
    "streamer.calibration_keeper": (*LEAVES, "streamer.tracking"),
    "streamer.review_control": (
        *LEAVES,
        "streamer.checkin",
        "streamer.control",
    ),
    "streamer.score_rules": (*LEAVES, "streamer.tracking", "config.settings", "matcher"),
    "streamer.acting": ("streamer.domain", "streamer.os_user", "config.settings"),
    "streamer.os_user": (),
    "streamer.site_calibration": ("streamer.tracking", "matcher"),
    "streamer.site_errors": ("streamer.domain", "streamer.tracking", "matcher"),
    "streamer.notices": ("matcher.packs.manifest", "streamer.domain"),
    "streamer.service_lock": ("streamer.errors",),
    "streamer.home_site": ("streamer.errors",),
    "streamer.service_rules": OURS,
    "streamer.windows": (*LEAVES, "config.settings"),
    "streamer.reporting": (),
    "streamer.reporting.premises": (*LEAVES, "streamer.reports", "config.settings"),
    "streamer.reporting.rare_collections": (),
    "streamer.reporting.part_task": JUDGING,
    "streamer.reporting.part_work": (*JUDGING, "streamer.reporting.part_task"),
    "streamer.reporting.frames": (*JUDGING, *PARTS),
    "streamer.reporting.helper": (
        *JUDGING,
        *PARTS,
        "streamer.reporting.frames",
        "streamer.child_command",
    ),
    "streamer.reporting.helper_process": (
        *JUDGING,
        *PARTS,
        "streamer.reporting.frames",
        "streamer.reporting.rare_collections",
        "streamer.hardening",
    ),
    "streamer.reporting.making": OURS,
    "streamer.reporting.error_accounting": (
        "streamer.domain",
        "streamer.tracking",
        "streamer.site_errors",
        "matcher",
    ),
    "streamer.reporting.notices": (
        *LEAVES,
        "streamer.reports",
        "streamer.reporting.error_accounting",
        "config.settings",
    ),
    "streamer.reporting.matcher_known": OURS,
    "streamer.reporting.runs": OURS,
    "streamer.reporting.forms": (*LEAVES, "streamer.reports", "streamer.exchange"),
    "streamer.reporting.answerable": (*LEAVES, "streamer.reports", "streamer.reporting.runs"),
    "streamer.reporting.replies": OURS,
    "streamer.reporting.parcels": OURS,
    "streamer.reporting.post": (*LEAVES, "streamer.storage", "config.settings"),
    "streamer.reporting.schedules": (
        *LEAVES,
        "streamer.jobs",
        "streamer.storage",
        "config.settings",
    ),
    "streamer.reporting.upkeep": (
        *LEAVES,
        "streamer.reporting.post",
        "streamer.reporting.runs",
        "streamer.storage",
        "config.settings",
    ),
    "streamer.reporting.keeper": LEAVES,
    "streamer.reporting.sending": (
        *LEAVES,
        "streamer.exchange",
        "streamer.jobs",
        "streamer.storage",
        "config.settings",
    ),
    "streamer.background": ("streamer.errors",),
    "streamer.hardening": ("streamer.errors",),
    "streamer.control": LEAVES,
    "streamer.cameras": (
        *LEAVES,
        "streamer.background",
        "streamer.control",
        "streamer.ingest",
        "streamer.pipeline",
        "streamer.desk_pipeline",
        "streamer.tracking",
        "matcher.face",
        "config.settings",
        "config.errors",
    ),
    "streamer.app": OURS,
    "streamer.service_parts": OURS,
    "streamer.camera_maker": OURS,
    "streamer.web_service": OURS,
    "streamer.backend": OURS,
    "streamer.stores": (
        *MIDDLE,
        "streamer.embedded",
        "streamer.patients",
        "streamer.storage",
        "streamer.windows",
    ),
    "streamer.api": OURS,
    "streamer.instruments": ("matcher", "streamer.checkin", "streamer.ingest"),
    "streamer.backup": OURS,
    "streamer.key_places": (*LEAVES, "streamer.crypto", "config.settings"),
    "streamer.models_folder": (),
    "streamer.recognition": ("config.settings", "matcher", "streamer.models_folder"),
    "streamer.loading": (),
    "streamer.__main__": ("streamer.cli", "streamer.loading"),
    "streamer.cli": OURS,
    "streamer.commands": OURS,
    "streamer.embedded": OURS,
    "streamer.bench": OURS,
    "streamer": (),
}

# Libraries that only some of our packages may touch.
ONLY_IN: dict[str, tuple[str, ...]] = {
    "onnxruntime": ("matcher", "streamer.bench"),
    "onnx": ("matcher",),
    "insightface": ("matcher",),
    "asyncpg": ("streamer.storage",),
    "alembic": ("streamer.storage",),
    "sqlalchemy": ("streamer.storage",),
    "apsw": ("streamer.storage",),
    "redis": ("streamer.storage", "streamer.bench"),
    "av": (
        "streamer.ingest",
        "streamer.simulator",
        "streamer.embedded",
        "streamer.bench",
        # What is encoded there are pictures of ours: nothing that a camera sent is decoded.
        "streamer.web.media",
    ),
    "aiortc": ("streamer.web.media", "streamer.bench"),
    # Pages, and reports that are files of HTML: both escape what they are given.
    "jinja2": ("streamer.web", "streamer.exchange"),
    "markupsafe": ("streamer.web",),
    # Days and numbers as people of a language write them, on pages and in documents.
    "babel": ("streamer.web", "streamer.exchange"),
    "xlsxwriter": ("streamer.exchange",),
    "aiosmtplib": ("streamer.exchange",),
    # The provider's answers come through Authlib's client, which is httpx's.
    "httpx": ("streamer.exchange", "streamer.web.oidc"),
    "joserfc": ("streamer.web.oidc",),
    "apscheduler": ("streamer.jobs",),
    "argon2": ("streamer.crypto",),
    "authlib": ("streamer.web.oidc",),
    "fastapi": ("streamer.web",),
    "starlette": ("streamer.web",),
    "typst": ("streamer.exchange",),
    "uvicorn": ("streamer.web",),
    "zxingcpp": ("streamer.checkin.codes.qr_picture",),
    "cryptography": ("streamer.crypto",),
    "typer": ("streamer.cli", "streamer.commands"),
    "rich": ("streamer.cli", "streamer.commands"),
}


def modules() -> Iterator[tuple[str, Path]]:
    for package in OURS:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports_of(path: Path) -> Iterator[str]:
    """Everything a file imports, as absolute dotted names, type-checking imports included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; write it out"
            assert node.module is not None
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def covers(prefix: str, name: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


def rule_for(module: str) -> str:
    return max((key for key in MAY_IMPORT if covers(key, module)), key=len)


MODULES = list(modules())


def wrong_imports(module: str, path: Path) -> Iterator[str]:
    """What a module may not import, a line each."""
    key = rule_for(module)
    allowed = (key, *MAY_IMPORT[key]) if key != "streamer" else ()
    for name in imports_of(path):
        if any(covers(package, name) for package in OURS) and not any(
            covers(one, name) for one in allowed
        ):
            yield f"{module} may not import {name}"
        library = name.split(".", 1)[0]
        if library in ONLY_IN and not any(covers(home, module) for home in ONLY_IN[library]):
            yield f"{module}: {library} not here"


# One test for all modules: one for each would take the suite longer than most of its tests.
def test_imports_keep_to_the_table() -> None:
    assert [line for module, path in MODULES for line in wrong_imports(module, path)] == []


def test_every_module_has_a_rule() -> None:
    """A new module at the top of `streamer` needs a line in the table."""
    loose = [name for name, _ in MODULES if rule_for(name) == "streamer" and name != "streamer"]
    assert loose == []


def test_files_say_what_they_are_for_and_stay_short() -> None:
    texts = {module: path.read_text(encoding="utf-8") for module, path in MODULES}
    assert len(texts) > 300
    assert [one for one, text in texts.items() if not ast.get_docstring(ast.parse(text))] == []
    assert [one for one, text in texts.items() if len(text.splitlines()) > 400] == []
