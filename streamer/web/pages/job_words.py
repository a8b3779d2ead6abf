"""Why a job failed: in English, translated where it is shown. Used by `rendering`.

A run keeps its error as the service said it. Keys are words of such an error (`jobs/job_runner`,
`storage`, `reporting/runs`, `reporting/schedules`); the first that stands in it counts.
"""

from typing import Final


def _(text: str) -> str:
    """Mark a text for the catalogues."""
    return text


JOB_ERRORS: Final = {
    "would be deleted at once": _(
        "Too much would be deleted at once, so nothing was: look at the clock, and at retention in"
        " the settings."
    ),
    "what is kept is not what was made": _(
        "A report is not as it was made: keep the database and its backups, and find out who could"
        " write."
    ),
    "those it was made with": _(
        "A report is not as it was made: keep the database and its backups, and find out who could"
        " write."
    ),
    "was left unfinished": _(
        "The service ended in the middle of it, again and again: see its log."
    ),
    "took longer than": _("It took too long, and was left off."),
    "a fault of the program": _("The service has made a mistake. Tell whoever looks after it."),
    "database": _("The database does not answer, or refuses."),
}

OTHER: Final = _("It did not work: see the details.")
"""What nobody has words for."""


def job_error(error: str) -> str:
    """Return what a run's error means for people."""
    return next((said for words, said in JOB_ERRORS.items() if words in error), OTHER)
