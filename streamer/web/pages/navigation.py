"""The console's pages in the order of its menu, and who sees which. Used by `rendering`, `home`."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from streamer.web.permissions import Permission
from streamer.web.principal import Principal


def _(text: str) -> str:
    """Mark a text for the catalogues; it is translated where it is shown."""
    return text


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """A line of the menu.

    Attributes:
        path: The page's.
        label: In English; a key of the catalogues.
        icon: A name of `templates/icons.html`.
        permissions: Who has all of these sees it.
    """

    path: str
    label: str
    icon: str
    permissions: frozenset[Permission]


NAVIGATION: Final[tuple[NavigationItem, ...]] = (
    NavigationItem("/today", _("Today"), "calendar", frozenset({Permission.APPOINTMENTS_READ})),
    NavigationItem("/review", _("Review"), "eye", frozenset({Permission.REVIEWS_READ})),
    NavigationItem(
        "/enrol",
        _("Enrol"),
        "person",
        frozenset({Permission.PATIENTS_WRITE, Permission.CONSENTS_WRITE}),
    ),
    NavigationItem("/live", _("Live"), "camera", frozenset({Permission.CAMERAS_VIEW})),
    NavigationItem("/cameras", _("Cameras"), "lens", frozenset({Permission.CAMERAS_READ})),
    NavigationItem("/reports", _("Reports"), "chart", frozenset({Permission.REPORTS_READ})),
    NavigationItem("/devices", _("Devices"), "tablet", frozenset({Permission.DEVICES_READ})),
    NavigationItem("/users", _("Users"), "people", frozenset({Permission.ACCOUNTS_READ})),
    NavigationItem("/audit", _("Audit"), "list", frozenset({Permission.AUDIT_READ})),
    NavigationItem("/settings", _("Settings"), "gear", frozenset({Permission.SETTINGS_READ})),
    NavigationItem("/health", _("Health"), "pulse", frozenset({Permission.SETTINGS_READ})),
)


def menu_of(principal: Principal, served: Collection[str]) -> Sequence[NavigationItem]:
    """Return what this person may open.

    Args:
        principal: Who.
        served: The paths that the application has.
    """
    return [
        one for one in NAVIGATION if one.path in served and one.permissions <= principal.permissions
    ]
