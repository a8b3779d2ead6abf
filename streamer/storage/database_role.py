"""The four roles of the database. Imports nothing, for `embedded` makes logins of them."""

from enum import StrEnum


class DatabaseRole(StrEnum):
    """What a session may do at most; the values are PostgreSQL's role names.

    See docs/design/0020. What each may do with which table stands in the migrations.
    """

    OWNER = "kirdi_owner"
    """Owns schema and functions. Only migrating is done as this one."""
    SERVICE = "kirdi_service"
    """The service and the commands: reads and writes one site, and never rewrites its history."""
    RETENTION = "kirdi_retention"
    """Deletes what has a term, and prunes the audit through its function."""
    AUDITOR = "kirdi_auditor"
    """Reads the audit and the opaque rows it speaks of; nothing sealed, no key, no code."""
