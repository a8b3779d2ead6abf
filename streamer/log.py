"""Sets up structured logging once per process, and keeps known secrets out of every line.

Lines go to standard error: readable on a terminal, JSON otherwise. What is logged are ids, counts
and reasons; never a name, an identity number, a picture or a vector.
"""

import logging
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from urllib.parse import quote

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

STARS = "***"


class SecretsFilter:
    """A structlog processor that replaces known secret values wherever they stand in a line.

    By value, not by pattern: a URL's password also turns up alone, percent-encoded, or inside a
    library's own wording.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        """Remember the secrets; short ones are kept too, since a short password is still one."""
        self._variants: list[str] = []
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Remember more secrets; none is ever forgotten."""
        variants = {
            form for secret in secrets if secret for form in (secret, quote(secret, safe=""))
        }
        # Longest first, so that a secret that contains another goes as a whole.
        self._variants = sorted(variants.union(self._variants), key=len, reverse=True)

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        """Clean one event; keys are our own words and stay."""
        return {key: self.clean(value) for key, value in event.items()}

    def clean(self, value: object) -> object:
        """Return the value with every secret in it replaced by stars."""
        if isinstance(value, str):
            for variant in self._variants:
                value = value.replace(variant, STARS)
            return value
        if isinstance(value, Mapping):
            return {key: self.clean(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.clean(inner) for inner in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        return self.clean(str(value))


_known = SecretsFilter(())


def hide(secrets: Iterable[str]) -> None:
    """Keep more secrets out of the log: those of a camera that comes while the service runs."""
    _known.learn(secrets)


def configure_logging(level: str = "info", secrets: Iterable[str] = ()) -> None:
    """Send our events and the libraries' warnings through one chain to standard error."""
    hide(secrets)
    on_terminal = sys.stderr.isatty()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _known,
    ]
    renderer: Processor = (
        structlog.dev.ConsoleRenderer()
        if on_terminal
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[_drop_internals, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    # Libraries speak up from warnings on: at info some of them print addresses with credentials.
    root.setLevel(logging.WARNING)
    for ours in ("streamer", "matcher", "config"):
        logging.getLogger(ours).setLevel(number)


def _drop_internals(
    logger: WrappedLogger, method: str, event: MutableMapping[str, object]
) -> EventDict:
    return structlog.stdlib.ProcessorFormatter.remove_processors_meta(logger, method, dict(event))
