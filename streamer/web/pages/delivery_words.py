"""Why a report did not arrive: in English, translated where it is shown. Used by `rendering`.

A delivery keeps its reason as the service said it. Keys are words of such a reason
(`exchange/deliver`, `exchange/outside`, `reporting/sending`) that stand in no other.
"""

from typing import Final


def _(text: str) -> str:
    """Mark a text for the catalogues."""
    return text


DELIVERY_REASONS: Final = {
    "the settings name none of this id": _("The settings name no such destination any more."),
    "was not written in": _("The folder does not answer: see whether the share is there."),
    "is no folder": _("At this place there is no folder."),
    "is there already and holds something else": _(
        "Something else lies in the folder under this name: move it away."
    ),
    "cannot be written (": _(
        "The folder cannot be written: see that it is there, has room and may be written."
    ),
    "cannot be read (": _("The file of the recipient's certificate cannot be read."),
    "the certificate can't be read": _("The recipient's certificate is none: give another."),
    "the certificate's key is not RSA": _(
        "The recipient's certificate cannot be used for this (RSA, 2048 bits): give another."
    ),
    "the certificate is in force from": _(
        "The recipient's certificate is not in force: give another."
    ),
    "no answer of the mail server": _("The mail server does not answer."),
    "the mail server refuses the account": _("The mail server refuses our user or password."),
    "the mail server refuses the address": _(
        "The mail server refuses the recipient's address: see whether it is right."
    ),
    "the mail server refuses the message": _("The mail server refuses the message."),
    "the mail server cannot be reached": _(
        "The mail server cannot be reached, or its certificate is not trusted."
    ),
    "the mail server has no STARTTLS": _("The mail server does not encrypt as the settings ask."),
    "points elsewhere": _("The recipient's server sends us elsewhere: correct its address."),
    "did not take it": _("The recipient's server did not take it: ask whoever looks after it."),
    "no answer in": _("The recipient's server does not answer."),
    "cannot be reached, or its certificate": _(
        "The recipient's server cannot be reached, or its certificate is not trusted."
    ),
    "cannot be asked as the settings say": _("The settings of this destination are not right."),
    "answered with": _("The recipient's server answers with something else than is expected."),
    "ca_file: cannot be used": _("The certificates that are to be trusted cannot be read."),
    "was not done in": _("It took too long, and was left off."),
    "a fault of the program": _("The service has made a mistake. Tell whoever looks after it."),
}


OTHER: Final = _("It was not delivered: see the details.")
"""What nobody has words for."""


def delivery_reason(error: str) -> str | None:
    """Return what a delivery's error means; None = nobody has words for it."""
    return next((said for words, said in DELIVERY_REASONS.items() if words in error), None)
