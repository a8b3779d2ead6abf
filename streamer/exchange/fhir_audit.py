"""An audit event as a FHIR R4 AuditEvent resource (hl7.org/fhir/R4/auditevent.html). Pure.

Used by `kirdi audit export`. Every reference is a logical one: an identifier and no address, since
nobody but Kirdi knows what its ids stand for. docs/audit.md has the mapping field by field.
"""

from typing import Final
from uuid import NAMESPACE_OID, uuid5

from streamer.domain.actor import SERVICE
from streamer.domain.recorded_event import RecordedEvent

_DICOM: Final = "http://dicom.nema.org/resources/ontology/DCM"
_HL7: Final = "http://terminology.hl7.org/CodeSystem/"
_KIRDI: Final = "urn:kirdi:"

_ACTIVITY: Final = ("110100", "Application Activity")
_TYPES: Final = {
    "enrolment": ("110110", "Patient Record"),
    "template-read": ("110110", "Patient Record"),
    "consent": ("110110", "Patient Record"),
    "withdrawal": ("110110", "Patient Record"),
    "decision": ("110110", "Patient Record"),
    "review": ("110110", "Patient Record"),
    "undo": ("110110", "Patient Record"),
    "patient-read": ("110110", "Patient Record"),
    "erasure": ("110110", "Patient Record"),
    "code-issue": ("110114", "User Authentication"),
    "code-attempt": ("110114", "User Authentication"),
    "sign-in": ("110114", "User Authentication"),
    "sign-out": ("110114", "User Authentication"),
    "access-denied": ("110113", "Security Alert"),
    "key-rotation": ("110113", "Security Alert"),
    "settings-change": ("110113", "Security Alert"),
    "account-change": ("110113", "Security Alert"),
    "import": ("110107", "Import"),
    "export": ("110106", "Export"),
    "incident-report": ("110106", "Export"),
    "audit-read": ("110101", "Audit Log Used"),
    "report": ("110112", "Query"),
}
_SUBTYPES: Final = {
    "sign-in": ("110122", "Login"),
    "sign-out": ("110123", "Logout"),
    "settings-change": ("110131", "Software Configuration"),
    "key-rotation": ("110129", "Security Configuration"),
    "account-change": ("110137", "User Security Attributes Changed"),
    "access-denied": ("110132", "Use of Restricted Function"),
}
_RESOURCES: Final = frozenset({"Appointment", "AuditEvent", "Consent", "Patient", "Practitioner"})


def audit_event_resource(event: RecordedEvent) -> dict[str, object]:
    """Return the resource; its id is the same whenever the event is exported."""
    place = f"{event.site_id}/{event.lane}/{event.sequence}"
    resource: dict[str, object] = {
        "resourceType": "AuditEvent",
        "id": str(uuid5(NAMESPACE_OID, f"kirdi/audit/{place}")),
        "extension": [
            {
                "url": f"{_KIRDI}audit-chain",
                "extension": [
                    {"url": "lane", "valueUnsignedInt": event.lane},
                    # A sequence may outgrow FHIR's 31 bits.
                    {"url": "sequence", "valueString": str(event.sequence)},
                    {"url": "hash", "valueString": event.hash.hex()},
                ],
            }
        ],
        "type": _coding(_DICOM, *_TYPES.get(event.kind, _ACTIVITY)),
        "subtype": _subtypes(event.kind),
        "recorded": event.recorded_at.isoformat(timespec="milliseconds"),
        "agent": [_agent(event.actor)],
        "source": {
            "site": event.site_id,
            "observer": {"identifier": {"system": f"{_KIRDI}service", "value": event.site_id}},
            "type": [_coding(f"{_HL7}security-source-type", "4", "Application Server")],
        },
    }
    if event.action:
        resource["action"] = event.action
    if event.outcome:
        resource["outcome"] = event.outcome
    if event.reason:
        resource["outcomeDesc"] = event.reason
    if event.occurred_at is not None:
        resource["period"] = {"start": event.occurred_at.isoformat(timespec="milliseconds")}
    entities = _entities(event)
    if entities:
        resource["entity"] = entities
    return resource


def _subtypes(kind: str) -> list[dict[str, str]]:
    codings = [{"system": f"{_KIRDI}audit-kind", "code": kind or "unknown"}]
    if kind in _SUBTYPES:
        codings.append(_coding(_DICOM, *_SUBTYPES[kind]))
    return codings


def _agent(actor: str) -> dict[str, object]:
    role = ("dataprocessor", "data processor")
    if actor != SERVICE.name:
        role = ("humanuser", "human user")
    system = f"{_HL7}extra-security-role-type"
    return {
        "type": {"coding": [_coding(system, *role)]},
        "who": {"identifier": {"system": f"{_KIRDI}account", "value": actor or "unknown"}},
        "requestor": True,
    }


def _entities(event: RecordedEvent) -> list[dict[str, object]]:
    entities: list[dict[str, object]] = []
    if event.patient_id is not None:
        entities.append(
            {
                "what": _reference("Patient", str(event.patient_id)),
                "type": _coding(f"{_HL7}audit-entity-type", "1", "Person"),
                "role": _coding(f"{_HL7}object-role", "1", "Patient"),
            }
        )
    if event.entity_type or event.detail:
        entities.append(_other_entity(event))
    return entities


def _other_entity(event: RecordedEvent) -> dict[str, object]:
    entity: dict[str, object] = {
        "type": _coding(f"{_HL7}audit-entity-type", "2", "System Object"),
    }
    kind = event.entity_type
    if event.entity_id:
        entity["what"] = _reference(kind or "object", event.entity_id)
    elif kind:
        entity["description"] = kind
    detail = [
        {"type": name, "valueString": _plain(value)}
        for name, value in event.detail
        if value is not None and value != ""
    ]
    if detail:
        entity["detail"] = detail
    return entity


def _reference(kind: str, value: str) -> dict[str, object]:
    said: dict[str, object] = {
        "identifier": {"system": f"{_KIRDI}{kind.lower().replace(' ', '-')}", "value": value}
    }
    if kind in _RESOURCES:
        said["type"] = kind
    return said


def _plain(value: str | int | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _coding(system: str, code: str, display: str) -> dict[str, str]:
    return {"system": system, "code": code, "display": display}
