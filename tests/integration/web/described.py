"""Requests made of the OpenAPI document: a sound one for every operation, for tests to spoil."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from streamer.domain.role import Role
from tests.integration.web.house import House

METHODS: Final = ("get", "put", "post", "patch", "delete")
# A body of another kind is a new way in: it takes a test of its own, see `tests.route_classes`.
BODIES: Final = {"application/json", "multipart/form-data"}
OTHER_BODIES: Final = {"application/sdp", "application/trickle-ice-sdpfrag", "image/jpeg"}

# Of this site. A test that is about another one says otherwise.
OURS: Final[dict[str, str]] = {
    "patient_ref": "P-1",
    "appointment_ref": "A-1",
    "practitioner_ref": "D-1",
    "guardian_ref": "P-2",
    "camera_id": "lobby-1",
    "device": "desk-1",
    "building": "main",
    "review_id": "00000000-0000-4000-8000-000000000000",
    "viewer_id": "0" * 32,
    "erasure_id": "00000000-0000-4000-8000-000000000000",
    "token_id": "00000000-0000-4000-8000-000000000000",
    "report_id": "00000000-0000-4000-8000-000000000000",
    "reply_id": "00000000-0000-4000-8000-000000000000",
    "call_id": "00000000-0000-4000-8000-000000000000",
    "device_id": "kiosk-9",
    "account": "nobody-here",
    "job": "no-such-job",
    "schedule_id": "no-such-schedule",
    "url": "rtsp://10.0.0.9/2",
    "view_url": "rtsp://10.0.0.9/3",
}


_READ: Final[list[dict[str, Any]]] = []


async def document_of(house: House) -> dict[str, Any]:
    """The OpenAPI document as a server gave it out: each gives the same, and takes a while."""
    if not _READ:
        client = await house.as_role(Role.AUDITOR, account="reader")
        _READ.append((await client.get("/openapi.json")).json())
    return _READ[0]


@dataclass
class Sample:
    """A request that fits the document.

    Attributes:
        template: Of the path, with names in braces.
        path_values: By name.
        query: Names of the parameters that are texts.
        json: The body, where there is one of JSON; of a list of records one record.
        texts: What may stand in it besides and is a text; `list.name` in the records of a list.
        form: Whether the body is a form.
        form_fields: What it asks for.
    """

    name: str
    method: str
    template: str
    path_values: dict[str, str] = field(default_factory=dict)
    query: list[str] = field(default_factory=list)
    json: dict[str, Any] | None = None
    texts: list[str] = field(default_factory=list)
    form: bool = False
    form_fields: list[str] = field(default_factory=list)

    @property
    def path(self) -> str:
        """Below the API's address."""
        path = self.template
        for name, value in self.path_values.items():
            path = path.replace("{" + name + "}", value)
        return path.removeprefix("/api/v1")


def samples(document: dict[str, Any], known: dict[str, str] | None = None) -> list[Sample]:
    """One for each operation.

    Args:
        document: OpenAPI.
        known: Values by name of parameter or property, before those of this site.
    """
    return list(_samples(document, OURS | (known or {})))


def _samples(document: dict[str, Any], known: dict[str, str]) -> Iterator[Sample]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method not in METHODS:
                continue
            made = Sample(f"{method.upper()} {path}", method.upper(), path)
            for one in operation.get("parameters", ()):
                if one["in"] == "path":
                    assert one["name"] in known, f"{made.name}: what is {one['name']} of a site?"
                    made.path_values[one["name"]] = known[one["name"]]
                elif one["in"] == "query":
                    made.query.append(one["name"])
            content = operation.get("requestBody", {}).get("content", {})
            assert set(content) <= BODIES | OTHER_BODIES, f"{made.name}: who attacks its body?"
            made.form = "multipart/form-data" in content
            if made.form:
                schema = content["multipart/form-data"]["schema"]
                made.form_fields = list(schema.get("properties", ()))
            if "application/json" in content:
                schema = content["application/json"]["schema"]
                made.json = _value(document, schema, known, "")
                made.texts = list(_optional_texts(document, schema))
            yield made


def _value(
    document: dict[str, Any], schema: dict[str, Any], known: dict[str, str], name: str
) -> Any:
    schema = _resolved(document, schema)
    if name in known and not schema.get("properties"):
        return known[name]
    for group in ("anyOf", "oneOf"):
        if group in schema:
            return _value(document, schema[group][0], known, name)
    if "allOf" in schema:
        return _value(document, schema["allOf"][0], known, name)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "object":
        wanted = schema.get("required", ())
        return {
            key: _value(document, one, known, key)
            for key, one in schema.get("properties", {}).items()
            if key in wanted or (key == "patient_ref" and "patient_ref" in known)
        }
    if schema.get("type") == "array":
        items = _resolved(document, schema.get("items", {}))
        return [_value(document, items, known, "")] if items.get("properties") else []
    plain = {"integer": 1, "number": 1.0, "boolean": False}
    if schema.get("type") in plain:
        return plain[schema["type"]]
    formats = {"date": "2026-11-23", "date-time": "2026-11-23T04:00:00Z"}
    return formats.get(schema.get("format", ""), "something")


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        target: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        schema = target
    return schema


def _optional_texts(document: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    schema = _resolved(document, schema)
    for name, one in schema.get("properties", {}).items():
        kinds = [_resolved(document, kind) for kind in (one, *one.get("anyOf", ()))]
        if name not in schema.get("required", ()) and any(
            kind.get("type") == "string" for kind in kinds
        ):
            yield name
        for kind in kinds:
            for inner in _optional_texts(document, kind.get("items", {})):
                yield f"{name}.{inner}"


def strings_of(one: Sample, spoiled: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The body once for each text that is or may be in it, with that text replaced."""
    body = one.json or {}
    for key, value in body.items():
        if isinstance(value, str):
            yield key, _with(body, key, spoiled)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for name, inner in value[0].items():
                if isinstance(inner, str):
                    yield name, _with(body, f"{key}.{name}", spoiled)
    for path in one.texts:
        yield path.rpartition(".")[2], _with(body, path, spoiled)


def _with(body: dict[str, Any], path: str, spoiled: str) -> dict[str, Any]:
    made = copy.deepcopy(body)
    key, _, name = path.rpartition(".")
    (made[key][0] if key else made)[name] = spoiled
    return made
