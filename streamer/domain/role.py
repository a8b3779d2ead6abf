"""What somebody is at a site. Kept with accounts; `web.permissions` says what each may do."""

from enum import StrEnum


class Role(StrEnum):
    """One of the roles that an account may have."""

    RECEPTION = "reception"
    OPERATOR = "operator"
    REVIEWER = "reviewer"
    PRACTITIONER = "practitioner"
    HEAD = "head"
    AUDITOR = "auditor"
    INSURER = "insurer"
    DPO = "dpo"
    ADMIN = "admin"
