"""The one error of this package; the command line prints it as a single line."""


class ConfigError(Exception):
    """A settings file or variable that cannot be used, with what to do about it."""

    exit_code = 3
