"""What became of a check-in or a presence, in words for whoever works at a terminal.

Said by `kirdi review`, `kirdi desk` and `kirdi codes`; `--json` has the codes.
"""

from typing import Final

from streamer.domain.check_in import Recorded

ARRIVAL: Final = {
    Recorded.WRITTEN: "arrived",
    Recorded.DUPLICATE: "had arrived already",
    Recorded.REFUSED_STATUS: (
        "not arrived: the clinic's system has it as noshow, cancelled or further on, and Kirdi "
        "does not write over that; correct it there"
    ),
    Recorded.REFUSED_CONSENT: (
        "not arrived: no consent of the patient's has held ever since they were seen; check them "
        "in by code or by hand"
    ),
    Recorded.REFUSED_WINDOW: "not arrived: its arrival window was not open",
    Recorded.REFUSED_UNKNOWN: "not arrived: look at the patient's entry and the appointment's",
    Recorded.REFUSED_BLOCKED: (
        "not arrived: somebody else was taken for the patient today; check them in by code or by "
        "hand"
    ),
}
PRESENCE: Final = {
    Recorded.WRITTEN: "kept",
    Recorded.DUPLICATE: "kept before",
    Recorded.REFUSED_STATUS: "not kept",
    Recorded.REFUSED_CONSENT: "not kept: no consent has held ever since they were seen",
    Recorded.REFUSED_WINDOW: "not kept",
    Recorded.REFUSED_UNKNOWN: "not kept: look at the patient's entry and the appointment's",
    Recorded.REFUSED_BLOCKED: "not kept: somebody else was taken for the patient today",
}
