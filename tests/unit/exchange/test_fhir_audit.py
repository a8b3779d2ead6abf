"""Exported events have the shape that FHIR R4 gives AuditEvent: its elements, types and codes."""

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from streamer.domain.audit_event import AuditKind
from streamer.domain.recorded_event import Detail, RecordedEvent
from streamer.exchange.fhir_audit import audit_event_resource

AT = datetime(2026, 11, 29, 9, 0, 1, 234567, tzinfo=UTC)
PATIENT = UUID("18909c4e-ba8e-4133-a85b-105a1bde2fa1")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)")
ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")

# Of hl7.org/fhir/R4/auditevent.html: element -> (least, most, type).
RESOURCE = {
    "resourceType": (1, 1, str),
    "id": (0, 1, str),
    "extension": (0, None, dict),
    "type": (1, 1, "coding"),
    "subtype": (0, None, "coding"),
    "action": (0, 1, str),
    "period": (0, 1, dict),
    "recorded": (1, 1, str),
    "outcome": (0, 1, str),
    "outcomeDesc": (0, 1, str),
    "agent": (1, None, "agent"),
    "source": (1, 1, "source"),
    "entity": (0, None, "entity"),
}
PARTS: dict[str, dict[str, tuple[int, int | None, Any]]] = {
    "coding": {"system": (0, 1, str), "code": (0, 1, str), "display": (0, 1, str)},
    "concept": {"coding": (0, None, "coding")},
    "reference": {"type": (0, 1, str), "identifier": (0, 1, "identifier")},
    "identifier": {"system": (0, 1, str), "value": (0, 1, str)},
    "agent": {"type": (0, 1, "concept"), "who": (0, 1, "reference"), "requestor": (1, 1, bool)},
    "source": {
        "site": (0, 1, str),
        "observer": (1, 1, "reference"),
        "type": (0, None, "coding"),
    },
    "entity": {
        "what": (0, 1, "reference"),
        "type": (0, 1, "coding"),
        "role": (0, 1, "coding"),
        "description": (0, 1, str),
        "detail": (0, None, "detail"),
    },
    "detail": {"type": (1, 1, str), "valueString": (1, 1, str)},
}


def check(value: dict[str, Any], shape: dict[str, tuple[int, int | None, Any]]) -> None:
    assert value.keys() <= shape.keys()
    assert value, "FHIR allows no empty object"
    for name, (least, most, kind) in shape.items():
        if name not in value:
            assert least == 0, f"{name} is missing"
            continue
        many = value[name] if most is None else [value[name]]
        assert isinstance(many, list)
        assert many, f"{name}: FHIR allows no empty array"
        for one in many:
            if isinstance(kind, str):
                check(one, PARTS[kind])
            else:
                assert isinstance(one, kind)
                assert one != "", f"{name}: FHIR allows no empty string"


def event(kind: str, **more: Any) -> RecordedEvent:
    values: dict[str, Any] = {
        "site_id": "poly_1",
        "lane": 3,
        "sequence": 2**40,
        "recorded_at": AT,
        "hash": b"h" * 32,
        "body": "{}",
        "kind": kind,
        "action": "C",
        "actor": "nina",
        "outcome": "4",
        "occurred_at": AT,
        "patient_id": PATIENT,
        "entity_type": "Appointment",
        "entity_id": "a-1",
        "reason": "refused",
        "detail": (("score", 0.5), ("sure", True), ("none", None), ("empty", "")),
    }
    return RecordedEvent(**(values | more))


@pytest.mark.parametrize("kind", [*AuditKind, "of-a-newer-version", ""])
@pytest.mark.parametrize("bare", [False, True])
def test_every_kind_has_the_shape(kind: str, bare: bool) -> None:
    nothing: Detail = ()
    empty: dict[str, Any] = {
        "action": "",
        "actor": "",
        "outcome": "",
        "occurred_at": None,
        "patient_id": None,
        "entity_type": "",
        "entity_id": "",
        "reason": "",
        "detail": nothing,
    }
    resource = audit_event_resource(event(kind, **(empty if bare else {})))
    check(resource, RESOURCE)
    assert resource["resourceType"] == "AuditEvent"
    assert ID.fullmatch(str(resource["id"]))
    assert INSTANT.fullmatch(str(resource["recorded"]))
    assert resource.get("action", "C") in ("C", "R", "U", "D", "E")
    assert resource.get("outcome", "0") in ("0", "4", "8", "12")


def test_where_everything_goes() -> None:
    resource: dict[str, Any] = audit_event_resource(event("code-attempt"))
    assert resource["type"]["code"] == "110114"
    assert resource["subtype"][0] == {"system": "urn:kirdi:audit-kind", "code": "code-attempt"}
    assert resource["outcomeDesc"] == "refused"
    assert resource["period"] == {"start": "2026-11-29T09:00:01.234+00:00"}
    assert resource["agent"][0]["who"]["identifier"]["value"] == "nina"
    patient, about = resource["entity"]
    assert patient["what"]["identifier"] == {"system": "urn:kirdi:patient", "value": str(PATIENT)}
    assert (patient["type"]["code"], patient["role"]["code"]) == ("1", "1")
    assert about["what"]["type"] == "Appointment"
    assert about["detail"] == [
        {"type": "score", "valueString": "0.5"},
        {"type": "sure", "valueString": "true"},
    ]
    chain = {one["url"]: one for one in resource["extension"][0]["extension"]}
    assert chain["sequence"]["valueString"] == str(2**40)


def test_the_same_event_has_the_same_id_and_another_one_has_not() -> None:
    first = audit_event_resource(event("undo"))["id"]
    assert audit_event_resource(event("undo"))["id"] == first
    assert audit_event_resource(event("undo", lane=4))["id"] != first
