"""What should be known, and what Health's values are called: in English, translated where shown.

Keys of REMARKS are the codes of `domain.remark.Remark`; `static/modules/remarks.js` picks the line.
"""

from typing import Final


def _(text: str) -> str:
    """Mark a text for the catalogues."""
    return text


REMARKS: Final = {
    "pack_weak": _("The model pack {pack} is weaker for: {groups}."),
    "pack_licence": _(
        "The model pack {pack} is for non-commercial use only ({licence}); accepted on {day}."
    ),
    "not_calibrated": _(
        "The model pack {pack} is not calibrated on this site's patients: a person looks at every"
        " match."
    ),
    "needs_enrolment": _(
        "Consenting patients whom the model pack {pack} cannot recognise: {count}. Enrol them."
    ),
    "job": _("A job is late or has failed: look at it below."),
    "no_retention": _("What is too old is not deleted: the service's log says why."),
    "report_not_sent": _("A report could not be sent to {destination}: look at its page."),
    "report_schedule": _("A schedule of reports does not run: look at it on the page of reports."),
    "second_stream": _("The second stream: {why}"),
    "view_codec": _("It is {codec}: set the camera's second stream to H.264."),
    "view_b_frames": _("It has B-frames: set the profile to Baseline, or B-frames to 0."),
    "view_keyframes": _("Keyframes are rare: set one every {seconds} seconds or oftener."),
    "view_width": _("It is {width} pixels wide: a second stream of 640 to 1280 is enough."),
}

DETAILED: Final = frozenset({"job", "no_retention", "report_not_sent", "report_schedule"})
"""Of these the English line says more: it stands behind, in small letters."""

GROUPS: Final = (
    _("East Asian faces"),
    _("people of African descent"),
    _("people under 18"),
    _("masked faces"),
)
"""Whom model packs of ours are known to be worse for."""

WEAK_REASONS: Final = (
    _("its author says that it lacks training data of them"),
    _(
        "13 or more of its 15 closest pairs of strangers in LFW are two East Asian people, and"
        " dlib's users report the same"
    ),
)
"""How that is known."""

STATES: Final = {
    "mode": {
        "lane": _("only in the lane"),
        "lobby": _("the whole picture"),
        "desk": _("only at the desk"),
    },
    "auto_arrive": {
        "calibrated": _("once the site is calibrated"),
        "always": _("always"),
        "never": _("never: a person looks"),
    },
    "device": {"cpu": _("processor"), "cuda": _("graphics card")},
    "cache": {"none": _("there is none"), "ok": _("answers"), "away": _("does not answer")},
    "key_source": {
        "file": _("a file"),
        "environment": _("the environment"),
        "command": _("a command"),
    },
    "rotation": {
        "none": _("not begun"),
        "under-way": _("under way"),
        "cleaning": _("old keys are being cleaned away"),
        "done": _("done"),
    },
    "job": {"retention": _("retention"), "report-revisions": _("reports made again")},
}
"""Values of the page Health, by what they are of."""
