"""Who runs this process: kept with what a person decides. Used by reviews and calibrations."""

import os
import pwd


def os_user() -> str:
    """The name of the user this process runs as; its number where it has no name."""
    number = os.geteuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"uid {number}"
