"""What programs and pages are told names no option and no command of the command line.

Errors, reasons, remarks and notices all pass the API. What helps at the command line alone is an
error's `command`, or stays in `commands`.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from streamer.errors import InputError, KirdiError
from streamer.web.errors import problem_of
from tests.data import ROOT

# Where nobody but the command line is spoken to, or somebody who starts the service.
ELSEWHERE = {
    *("commands", "bench", "embedded", "simulator", "backup", "cli.py"),
    # Of the database's and the key's state: to the client it is one sentence, whatever the error.
    "storage/database_errors.py",
    "storage/restoring.py",
    "storage/schema.py",
    "storage/site_logins.py",
    "storage/roles.py",
    "storage/erasure_register.py",
    "storage/key_rotation.py",
    "storage/key_status.py",
    "storage/keys.py",
    "storage/migrations",
    "crypto/key_handover.py",
    "crypto/key_ring.py",
    # At the start, or through the control socket.
    "control/client.py",
    "recognition.py",
    "score_rules.py",
}
# A comment in a file, and a connection's name in PostgreSQL.
NO_TEXTS = ("# Written by `kirdi cameras`", "kirdi changes")
COMMAND_LINE = re.compile(r"(?<![\w-])--[a-z][a-z-]+|\bkirdi [a-z]+|`kirdi")


def sources() -> Iterator[Path]:
    streamer = ROOT / "streamer"
    for path in sorted(streamer.rglob("*.py")):
        name = path.relative_to(streamer).as_posix()
        if not any(name == one or name.startswith(f"{one}/") for one in ELSEWHERE):
            yield path


def texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every string that is no docstring, no SQL's name and not what `command` says."""
    left_out: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            left_out.add(id(node.value))
        if isinstance(node, ast.Call):
            hints = [one.value for one in node.keywords if one.arg == "command"]
            if isinstance(node.func, ast.Name) and node.func.id == "Notice":
                hints += node.args[1:]
            left_out |= {id(inner) for hint in hints for inner in ast.walk(hint)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or id(node) in left_out:
            continue
        if isinstance(node.value, str):
            yield node.lineno, node.value


def test_no_text_names_the_command_line() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in sources()
        for line, text in texts(ast.parse(path.read_text(encoding="utf-8")))
        if COMMAND_LINE.search(text) and not text.startswith(NO_TEXTS)
    ]
    assert found == []


def test_the_search_finds_one() -> None:
    code = "raise InputError(f'--at {x}: is not today', command='by --at')"
    (found,) = [text for _, text in texts(ast.parse(code)) if COMMAND_LINE.search(text)]
    assert found == "--at "


def test_what_helps_at_the_command_line_is_told_there_only() -> None:
    error = InputError("account x: there is none", command="see `kirdi users list`")
    assert str(error) == "account x: there is none; see `kirdi users list`"
    assert problem_of(error).detail == "account x: there is none"
    assert problem_of(KirdiError("busy")).detail == str(KirdiError("busy")) == "busy"
