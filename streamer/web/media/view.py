"""Which picture of a camera somebody looks at."""

from enum import StrEnum


class View(StrEnum):
    """As the camera sends it, or with every face in it covered."""

    CLEAR = "clear"
    BLURRED = "blurred"
