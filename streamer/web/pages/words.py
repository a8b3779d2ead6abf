"""What codes are called on pages: a line each, in English, translated where it is shown."""

from typing import Final

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
