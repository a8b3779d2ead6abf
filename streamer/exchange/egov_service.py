"""Asks the national digital-documents service whose a code is. Used by `checkin.codes.redeeming`.

Its contract is not public: address, fields and certificates are settings, and what is here has been
tried with a stand-in only (docs/without-a-face.md).
"""

from collections.abc import Callable
from typing import Final, Protocol

from config.settings import Egov
from streamer.domain.person import Person
from streamer.errors import OutsideError
from streamer.exchange.outside import Answer, Call, Outside, Trust, at, read_token

_DONE: Final = range(200, 300)
_LONGEST_NUMBER: Final = 64
_MOST_DEPENDANTS: Final = 50


class Breaker(Protocol):
    """Keeps a service that is away from costing every caller its time-out."""

    def allows(self, now: float) -> bool:
        """May a call be made?"""
        ...

    def failed(self, now: float) -> bool:
        """Note a failure; True if it is the first of an outage."""
        ...

    def succeeded(self) -> bool:
        """Note a success; True if it ends an outage."""
        ...


class EgovService:
    """One request a code. What it answers is neither logged nor kept."""

    def __init__(self, settings: Egov, breaker: Breaker, monotonic: Callable[[], float]) -> None:
        """Keep the collaborators; nothing is opened."""
        self._settings = settings
        self._breaker = breaker
        self._monotonic = monotonic
        self._outside = Outside(
            "egov",
            Trust(settings.ca_file, settings.cert_file, settings.key_file),
            settings.connect_timeout_s,
            settings.timeout_s,
        )

    @property
    def there(self) -> bool:
        """Is the service set at all?"""
        return self._settings.url is not None

    def reads(self, text: str) -> bool:
        """Is this the text of one of its QR codes, as far as the settings say?"""
        prefix = self._settings.qr_prefix
        return self.there and prefix is not None and text.startswith(prefix)

    async def whose(self, code: str) -> Person | None:
        """Return whose code it is; None where the service knows no such code.

        Raises:
            OutsideError: The service is away, refuses us, or answers with something else.
        """
        if not self._breaker.allows(self._monotonic()):
            raise OutsideError(
                "egov: did not answer a moment ago and is left alone; the clinic's own codes go on"
            )
        try:
            answer = await self._outside.call(await self._call(code))
            person = self._read(answer)
        except OutsideError:
            self._breaker.failed(self._monotonic())
            raise
        self._breaker.succeeded()
        return person

    async def _call(self, code: str) -> Call:
        settings = self._settings
        if settings.url is None:
            raise OutsideError("egov.url: is not set; the clinic's own codes go on")
        headers = dict(settings.headers)
        token = await read_token("egov", settings.token_file)
        if token is not None:
            headers["Authorization"] = token
        url = settings.url.get_secret_value().rstrip("/") + "/" + settings.path.lstrip("/")
        sent = settings.fields | {settings.code_field: code}
        if settings.method == "GET":
            return Call("GET", url, headers, query=sent)
        document: dict[str, object] = {}
        for path, value in sent.items():
            _put(document, path, value)
        return Call("POST", url, headers, json=document)

    def _read(self, answer: Answer) -> Person | None:
        settings = self._settings
        if answer.status in settings.unknown_statuses:
            return None
        if answer.status not in _DONE:
            raise OutsideError(
                f"egov: refuses to answer (HTTP {answer.status}); see its address, our "
                "certificate and the contract with it"
            )
        document = answer.json()
        number = _number(at(document, settings.id_number_field))
        if number is None:
            raise OutsideError(
                f"egov: its answer has no {settings.id_number_field}; see egov.id_number_field"
            )
        return Person(settings.id_type, number, self._dependants(document))

    def _dependants(self, document: object) -> tuple[str, ...]:
        path = self._settings.dependants_field
        listed = at(document, path) if path is not None else None
        if not isinstance(listed, list):
            return ()
        numbers = (_number(one) for one in listed[:_MOST_DEPENDANTS])
        return tuple(one for one in numbers if one is not None)


def _number(value: object) -> str | None:
    """An identity number as text; None for whatever else."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = f"{value:012d}"  # 12 digits, of which the first may be 0
    if not isinstance(value, str) or not 0 < len(value.strip()) <= _LONGEST_NUMBER:
        return None
    return value.strip()


def _put(document: dict[str, object], path: str, value: str) -> None:
    """Set what stands at a dotted path, making the objects on the way."""
    *way, last = path.split(".")
    for name in way:
        inner = document.setdefault(name, {})
        if not isinstance(inner, dict):
            raise OutsideError(f"egov.fields: {path} lies inside another field; correct it")
        document = inner
    document[last] = value
