"""What the matcher raises; the command line prints each as a single line with its remedy."""


class MatcherError(Exception):
    """Base of everything this package raises on purpose."""

    exit_code = 6


class ModelPackError(MatcherError):
    """A model file is missing, foreign or damaged, or could not be built."""


class DeviceError(MatcherError):
    """The device asked for cannot be had."""


class MatcherClosedError(MatcherError):
    """Work was offered to a matcher that is shutting down."""
