"""What codes are called on pages: a line each, in English, translated where it is shown."""

from typing import Final

from streamer.domain.audit_event import AuditKind
from streamer.domain.camera_state import CameraStatus
from streamer.domain.decision import Reason
from streamer.domain.device import DeviceKind
from streamer.domain.presence import PresenceFlag
from streamer.domain.role import Role


def _(text: str) -> str:
    """Mark a text for the catalogues."""
    return text


ROLES: Final = {
    Role.RECEPTION: _("Reception"),
    Role.OPERATOR: _("Operator"),
    Role.REVIEWER: _("Reviewer"),
    Role.PRACTITIONER: _("Practitioner"),
    Role.HEAD: _("Head physician"),
    Role.AUDITOR: _("Auditor"),
    Role.INSURER: _("Insurer"),
    Role.DPO: _("Data protection officer"),
    Role.ADMIN: _("Administrator"),
}

CAMERA_STATUSES: Final = {
    CameraStatus.STARTING: _("starting"),
    CameraStatus.STREAMING: _("working"),
    CameraStatus.DEGRADED: _("degraded"),
    CameraStatus.STALLED: _("stalled"),
    CameraStatus.DOWN: _("down"),
    CameraStatus.DISABLED: _("switched off"),
}

REVIEW_REASONS: Final = {
    Reason.NOT_SURE: _("The match is uncertain."),
    Reason.SEVERAL_CANDIDATES: _("More than one patient comes into question."),
    Reason.NOT_CALIBRATED: _("This site has not calibrated yet: a person looks at every match."),
    Reason.AUTO_ARRIVE_OFF: _("At this site a person looks at every match."),
    Reason.LIVENESS_DOUBT: _("It may be a picture and not a person."),
    Reason.NOSHOW_SET: _("The schedule says that the patient did not come."),
    Reason.CANCELLED: _("The appointment was cancelled."),
    Reason.NOT_AT_SITE: _("The appointment is at home, by video or elsewhere."),
    Reason.REJECTED_TODAY: _("Somebody said today that it is not this patient."),
    Reason.UNDONE_TODAY: _("A check-in of this appointment was undone today."),
    Reason.BLOCKED_TODAY: _("Somebody else has arrived by this patient's face today."),
    Reason.OTHER_BUILDING: _("The appointment is in another building."),
    Reason.ENROLLED_BY_BILLER: _("Who bills this visit enrolled the face or recorded the consent."),
    Reason.DISPUTED: _("At the kiosk the patient says that somebody else was checked in."),
}
"""Why a review waits; what is missing here is only ever ignored."""

FLAGS: Final = {
    PresenceFlag.EARLY: _("too early"),
    PresenceFlag.LATE: _("too late"),
    PresenceFlag.AGAIN: _("seen again"),
    PresenceFlag.UNBOOKED: _("without an appointment"),
    PresenceFlag.OTHER_BUILDING: _("in another building"),
    PresenceFlag.CONFLICT: _("conflict"),
}

DEVICE_KINDS: Final = {
    DeviceKind.KIOSK: _("Kiosk"),
    DeviceKind.BOARD: _("Ticket board"),
}

DEVICE_STATES: Final = {
    "unpaired": _("not paired yet"),
    "pairing": _("waits to be paired"),
    "in-force": _("in force"),
    "expired": _("expired"),
    "revoked": _("revoked"),
}

PHOTO_ADVICE: Final = {
    "good": _("Good. Hold still."),
    "no_face": _("No face is seen."),
    "several_faces": _("Only the patient, please."),
    "low_score": _("Look here; no mask, no dark glasses."),
    "cut_by_border": _("The whole face has to be in the picture."),
    "too_small": _("Come closer."),
    "small": _("A little closer."),
    "turned_away": _("Look straight here."),
    "badly_lit": _("More even light, and none from behind."),
    "blurred": _("Hold still."),
    "off_centre": _("Move to the middle."),
}
"""What to do before the picture is taken, by what is wrong with the last one."""

AUDIT_KINDS: Final = {
    AuditKind.ENROLMENT: _("enrolment"),
    AuditKind.TEMPLATE_READ: _("templates read"),
    AuditKind.CONSENT: _("consent"),
    AuditKind.WITHDRAWAL: _("withdrawal"),
    AuditKind.DECISION: _("decision"),
    AuditKind.REVIEW: _("review"),
    AuditKind.UNDO: _("undo"),
    AuditKind.CODE_ISSUE: _("code issued"),
    AuditKind.CODE_ATTEMPT: _("code tried"),
    AuditKind.PATIENT_READ: _("look at a patient"),
    AuditKind.IMPORT: _("import"),
    AuditKind.EXPORT: _("export"),
    AuditKind.ERASURE: _("erasure"),
    AuditKind.INCIDENT_REPORT: _("incident report"),
    AuditKind.SETTINGS_CHANGE: _("settings changed"),
    AuditKind.ACCOUNT_CHANGE: _("account changed"),
    AuditKind.SIGN_IN: _("sign-in"),
    AuditKind.SIGN_OUT: _("sign-out"),
    AuditKind.ACCESS_DENIED: _("access denied"),
    AuditKind.LIVE_VIEW: _("live view"),
    AuditKind.KEY_ROTATION: _("key rotation"),
    AuditKind.RETENTION: _("retention"),
    AuditKind.JOB_RUN: _("job"),
    AuditKind.AUDIT_READ: _("look at the audit"),
    AuditKind.REPORT: _("report made or read"),
}
