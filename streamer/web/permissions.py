"""What a role may do. Deny by default: what stands in no line nobody may.

Read by `principal` and `require`; the scopes of API tokens are the same words.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from streamer.domain.device import DeviceKind
from streamer.domain.role import Role


class Permission(StrEnum):
    """One thing that may be done through the API."""

    PATIENTS_READ = "patients:read"
    NAMES_READ = "names:read"
    PATIENTS_WRITE = "patients:write"
    CONSENTS_READ = "consents:read"
    CONSENTS_WRITE = "consents:write"
    APPOINTMENTS_READ = "appointments:read"
    APPOINTMENTS_WRITE = "appointments:write"
    CHECK_INS_READ = "check-ins:read"
    CHECK_INS_WRITE = "check-ins:write"
    CHECK_INS_UNDO = "check-ins:undo"
    PRESENCES_READ = "presences:read"
    CODES_READ = "codes:read"
    CODES_ISSUE = "codes:issue"
    CODES_REDEEM = "codes:redeem"
    REVIEWS_READ = "reviews:read"
    REVIEWS_WRITE = "reviews:write"
    CAMERAS_READ = "cameras:read"
    CAMERAS_WRITE = "cameras:write"
    CAMERAS_VIEW = "cameras:view"
    CAMERAS_FACES = "cameras:faces"
    REPORTS_READ = "reports:read"
    REPLIES_READ = "replies:read"
    REPLIES_WRITE = "replies:write"
    """To answer for one's own visits."""
    REPLIES_DECIDE = "replies:decide"
    REPORTS_WRITE = "reports:write"
    DELIVERIES_READ = "deliveries:read"
    """To see where reports were sent, and what did not arrive."""
    REPORT_SCHEDULES_READ = "report-schedules:read"
    REPORT_SCHEDULES_WRITE = "report-schedules:write"
    """To say which reports are made by themselves, and to which of the settings' destinations."""
    AUDIT_READ = "audit:read"
    RIGHTS_EXPORT = "rights:export"
    RIGHTS_ERASE = "rights:erase"
    INCIDENTS_READ = "incidents:read"
    ACCOUNTS_READ = "accounts:read"
    ACCOUNTS_WRITE = "accounts:write"
    SETTINGS_READ = "settings:read"
    JOBS_READ = "jobs:read"
    JOBS_RUN = "jobs:run"
    DEVICES_READ = "devices:read"
    DEVICES_WRITE = "devices:write"
    BOARD_READ = "board:read"
    KIOSK_USE = "kiosk:use"
    """Of kiosks alone: what is asked there is asked by nobody in particular."""


_OF: Final[dict[Role, frozenset[Permission]]] = {
    Role.RECEPTION: frozenset(
        {
            Permission.PATIENTS_READ,
            Permission.NAMES_READ,
            Permission.PATIENTS_WRITE,
            Permission.CONSENTS_READ,
            Permission.CONSENTS_WRITE,
            Permission.APPOINTMENTS_READ,
            Permission.APPOINTMENTS_WRITE,
            Permission.CHECK_INS_READ,
            Permission.CHECK_INS_WRITE,
            Permission.CHECK_INS_UNDO,
            Permission.PRESENCES_READ,
            Permission.CODES_READ,
            Permission.CODES_ISSUE,
            Permission.CODES_REDEEM,
            Permission.CAMERAS_READ,
            Permission.DEVICES_READ,
            Permission.DEVICES_WRITE,
            Permission.BOARD_READ,
            Permission.CAMERAS_VIEW,
        }
    ),
    Role.OPERATOR: frozenset(
        {Permission.CAMERAS_READ, Permission.CAMERAS_WRITE, Permission.CAMERAS_VIEW}
    ),
    # The names of those whom a waiting face may show, or who have arrived before a camera of
    # theirs, and of nobody else: see `routes.reviews`, `routes.tracks`.
    Role.REVIEWER: frozenset(
        {
            Permission.NAMES_READ,
            Permission.APPOINTMENTS_READ,
            Permission.CHECK_INS_READ,
            Permission.PRESENCES_READ,
            Permission.REVIEWS_READ,
            Permission.REVIEWS_WRITE,
            Permission.CAMERAS_VIEW,
            # Decides by faces; everybody else is shown cameras with the faces blurred.
            Permission.CAMERAS_FACES,
        }
    ),
    # Of their own patients only: see `row_scope`.
    Role.PRACTITIONER: frozenset(
        {
            Permission.PATIENTS_READ,
            Permission.NAMES_READ,
            Permission.APPOINTMENTS_READ,
            Permission.CHECK_INS_READ,
            Permission.REPLIES_READ,
            Permission.REPLIES_WRITE,
            Permission.REPORTS_READ,
        }
    ),
    Role.HEAD: frozenset(
        {
            Permission.PATIENTS_READ,
            Permission.APPOINTMENTS_READ,
            Permission.CHECK_INS_READ,
            Permission.PRESENCES_READ,
            Permission.REVIEWS_READ,
            Permission.CODES_READ,
            Permission.CAMERAS_READ,
            Permission.REPLIES_READ,
            Permission.REPLIES_DECIDE,
            Permission.REPORTS_READ,
            Permission.REPORTS_WRITE,
            Permission.DELIVERIES_READ,
            Permission.REPORT_SCHEDULES_READ,
            Permission.REPORT_SCHEDULES_WRITE,
        }
    ),
    Role.AUDITOR: frozenset({Permission.AUDIT_READ, Permission.REPORTS_READ}),
    # Under pseudonyms only: see `row_scope`.
    Role.INSURER: frozenset(
        {Permission.APPOINTMENTS_READ, Permission.CHECK_INS_READ, Permission.REPORTS_READ}
    ),
    Role.DPO: frozenset(
        {
            Permission.CONSENTS_READ,
            Permission.RIGHTS_EXPORT,
            Permission.RIGHTS_ERASE,
            Permission.INCIDENTS_READ,
            Permission.AUDIT_READ,
        }
    ),
    # Runs the installation and looks at no patient.
    Role.ADMIN: frozenset(
        {
            Permission.ACCOUNTS_READ,
            Permission.ACCOUNTS_WRITE,
            Permission.CAMERAS_READ,
            Permission.CAMERAS_WRITE,
            Permission.SETTINGS_READ,
            Permission.JOBS_READ,
            Permission.JOBS_RUN,
            Permission.DEVICES_READ,
            Permission.DEVICES_WRITE,
            Permission.DELIVERIES_READ,
            Permission.REPORT_SCHEDULES_READ,
            Permission.REPORT_SCHEDULES_WRITE,
        }
    ),
}

_OF_DEVICES: Final[dict[DeviceKind, frozenset[Permission]]] = {
    DeviceKind.KIOSK: frozenset({Permission.KIOSK_USE}),
    DeviceKind.BOARD: frozenset({Permission.BOARD_READ}),
}

DEVICES_ONLY: Final = frozenset({Permission.KIOSK_USE})
"""What no role may, and no token's scope gives."""


def permissions_of_device(kind: DeviceKind) -> frozenset[Permission]:
    """All that a device may do."""
    return _OF_DEVICES[kind]


def permissions_of(roles: Iterable[Role]) -> frozenset[Permission]:
    """Everything that any of the roles may do."""
    return frozenset().union(*(_OF[role] for role in roles))
