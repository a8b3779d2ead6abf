"""docs/api.md and the OpenAPI document say the same: every route and field of one is in the other.

That the examples work as written is `tests/integration/web/test_documented.py`'s.
"""

import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest

from streamer.web.application import create_application
from streamer.web.ports import WebParts
from tests.data import ROOT
from tests.fakes.clock import FakeClock
from tests.fakes.entrance import entrance
from tests.fakes.identities import FakeIdentities

PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
# What may stand in a row of an import is the page of imports'.
ROWS = (ROOT / "docs" / "imports.md").read_text(encoding="utf-8")
DOCUMENT = create_application(WebParts("s1", FakeClock(), entrance(FakeIdentities()))).openapi()
METHODS = ("get", "put", "post", "patch", "delete", "options")
# Of OAuth's answer, which no program of ours sends.
ANSWERED_BY_THE_PROVIDER = "/oidc/callback"

Routes = dict[tuple[str, str], set[str]]


def _properties(schema: dict[str, Any]) -> Iterator[str]:
    if "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for group in ("anyOf", "oneOf", "allOf"):
        for one in schema.get(group, ()):
            yield from _properties(one)
    for name, one in schema.get("properties", {}).items():
        yield name
        yield from _properties(one)
    if isinstance(schema.get("items"), dict):
        yield from _properties(schema["items"])


def routes() -> Routes:
    """Path without its parameters and method, to the fields of the body and of the query."""
    found: Routes = {}
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            fields = {name for one in content.values() for name in _properties(one["schema"])}
            fields |= {
                one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"
            }
            short = re.sub(r"\{[^}]+\}", "*", path.removeprefix("/api/v1"))
            found[short, method.upper()] = fields
    return found


ROUTES = routes()


def written() -> Iterator[tuple[str, str, str]]:
    """Path as the page writes it, method, and what stands around it on its line."""
    for line in PAGE.splitlines():
        for method, path in re.findall(r"`([A-Z]+) (/[^`\s?]+)", line):
            yield path, method, line
        if line.startswith(("    api ", "    json ")) and "$KIRDI_API" in line:
            path = re.search(r"\$KIRDI_API(/[^?\s\"]+)", line)
            assert path is not None, line
            asked = re.search(r"--request ([A-Z]+)", line)
            sends = line.startswith("    json ") or "--form" in line
            yield path[1], asked[1] if asked else ("POST" if sends else "GET"), line


def route_of(path: str, method: str) -> tuple[str, str] | None:
    """The route that a written path means: parts of it may be anybody's, as few as can be."""
    path = path.rstrip("\"'")
    if (path, method) in ROUTES:
        return path, method
    parts = path.split("/")
    for many in (1, 2):
        for places in combinations(range(2, len(parts)), many):
            named = ("*" if at in places else part for at, part in enumerate(parts))
            asked = "/".join(named), method
            if asked in ROUTES:
                return asked
    return None


def test_every_route_of_the_page_exists() -> None:
    lines = list(written())
    assert len(lines) > 60
    assert [one[:2] for one in lines if route_of(*one[:2]) is None] == []


def test_every_route_stands_on_the_page() -> None:
    said = {route_of(path, method) for path, method, _ in written()}
    lacking = sorted(set(ROUTES) - said)
    assert [one for one in lacking if one[0] != ANSWERED_BY_THE_PROVIDER] == []


@pytest.mark.parametrize("route", sorted(ROUTES), ids=" ".join)
def test_every_field_stands_on_the_page(route: tuple[str, str]) -> None:
    if route[0] == ANSWERED_BY_THE_PROVIDER:
        return
    page = PAGE + (ROWS if route[0].endswith("/import") else "")
    lacking = [
        name
        for name in sorted(ROUTES[route])
        if not re.search(rf"[`\"?&{{ ]{re.escape(name)}(?:[`\"]|=)", page)
    ]
    assert lacking == []


def test_every_field_of_the_page_exists() -> None:
    wrong = []
    for path, method, line in written():
        route = route_of(path, method)
        assert route is not None
        asked = re.findall(r"[?&]([a-z_]+)=", line)
        # `{"code", "chosen"}` in a table; whole bodies are sent as they stand by another test.
        asked += re.findall(r"\"([a-z_]+)\"[,}]", line) if line.startswith("|") else []
        wrong += [(route, name) for name in asked if name not in ROUTES[route]]
    assert wrong == []
