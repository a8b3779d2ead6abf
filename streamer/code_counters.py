"""The counters at which codes are issued and redeemed, as the settings want them.

Made by `app` for kiosk cameras, and by `kirdi codes`, which needs no running service.
"""

from datetime import timedelta

from config.settings import Camera, Settings
from streamer.backend import Backend
from streamer.checkin.codes.issuing import Issuing
from streamer.checkin.codes.limits import Limits
from streamer.checkin.codes.national_document import NationalDocument
from streamer.checkin.codes.qr_token import QrToken
from streamer.checkin.codes.redeeming import Redeeming
from streamer.checkin.codes.typed_digits import TypedDigits
from streamer.domain.actor import Actor
from streamer.domain.claim import Device
from streamer.errors import InputError
from streamer.exchange.egov_service import EgovService
from streamer.exchange.sms_gateway import SmsGateway
from streamer.service_rules import arrival_policy
from streamer.storage.attempts import PostgresAttempts
from streamer.storage.circuit_breaker import CircuitBreaker
from streamer.storage.claims import ClaimKeys, ClaimReach, PostgresClaims
from streamer.storage.codes import CodeTerms, PostgresCodes
from streamer.windows import presence_window

_PATIENT_FREE = 5


def device_limits(settings: Settings) -> Limits:
    """What a device may do wrong."""
    codes = settings.codes
    return Limits(
        free=codes.free_failures,
        longest_wait_s=codes.longest_wait_s,
        forgive_s=60 * codes.forgive_min,
        day=codes.device_day,
        site_day=codes.site_day,
    )


def patient_limits(settings: Settings) -> Limits:
    """How often codes of one patient may be shown that are used, expired or not to be taken."""
    limits = device_limits(settings)
    return Limits(
        free=min(_PATIENT_FREE, limits.free),
        longest_wait_s=limits.longest_wait_s,
        forgive_s=limits.forgive_s,
        day=limits.day,
        site_day=limits.site_day,
    )


def attempts_of(backend: Backend) -> PostgresAttempts:
    """The counts of attempts."""
    settings, site = backend.settings, backend.settings.site
    return PostgresAttempts(
        backend.database.postgres,
        site.id,
        site.zone,
        device_limits(settings),
        patient_limits(settings),
    )


def codes_of(backend: Backend) -> PostgresCodes:
    """The codes of the site."""
    settings, base = backend.settings, backend.database
    site, arrival = settings.site, settings.arrival
    terms = CodeTerms(
        opens_before=timedelta(minutes=arrival.opens_before_min),
        closes_after=timedelta(minutes=arrival.closes_after_min),
        longest=timedelta(days=settings.codes.longest_days),
        most_per_day=settings.codes.most_per_day,
    )
    return PostgresCodes(
        base.postgres, base.vault, base.code_hash, base.tokens, (site.id, site.zone), terms
    )


def issuing(backend: Backend) -> Issuing:
    """Where codes are issued."""
    settings = backend.settings
    return Issuing(
        codes_of(backend),
        SmsGateway(settings.sms),
        (settings.site.name, settings.site.zone),
        backend.clock,
    )


def redeeming(backend: Backend) -> Redeeming:
    """Where codes are redeemed: one for the whole service, so that it knows who is away."""
    settings, base, clock = backend.settings, backend.database, backend.clock
    site, arrival = settings.site, settings.arrival
    egov = EgovService(settings.egov, CircuitBreaker(settings.egov.away_s), clock.monotonic)
    claims = PostgresClaims(
        base.postgres,
        ClaimKeys(base.code_hash, base.tokens, base.keyed_hash, base.vault),
        backend.check_ins,
        backend.presences,
        backend.waiting_reviews,
        (site.id, site.zone),
        ClaimReach(
            timedelta(minutes=arrival.opens_before_min),
            timedelta(minutes=arrival.closes_after_min),
            presence_window(settings).before,
        ),
    )
    return Redeeming(
        site.id,
        (TypedDigits(), QrToken(), NationalDocument(egov, clock)),
        claims,
        attempts_of(backend),
        arrival_policy(settings),
        clock,
    )


def kiosk_device(camera: Camera) -> Device:
    """A kiosk camera as a place where codes are redeemed."""
    return Device(camera.id, camera.building, camera=True)


def device_named(settings: Settings, name: str, building: str | None) -> Device:
    """A device of the settings; `building` overrides where it stands.

    Raises:
        InputError: The settings do not name it, or the building.
    """
    codes = settings.codes
    if name not in codes.devices:
        known = ", ".join(sorted(codes.devices)) or "there are none"
        raise InputError(
            f"device {name}: codes are not redeemed at any of this name ({known})",
            command="codes.devices of the settings names them",
        )
    if building is not None and building not in settings.site.buildings:
        raise InputError(
            f"building {building}: this site has no such building "
            f"({', '.join(settings.site.buildings)})",
            command="site.buildings of the settings names them",
        )
    return Device(name, building or codes.devices[name], codes.operators.get(name))


def hands_in_it(settings: Settings, actor: Actor, device: Device) -> tuple[Actor, ...]:
    """Everybody who has a hand in what is redeemed there: who acts, and who works at the device."""
    operator = device.operator
    if operator is None:
        return (actor,)
    refs = settings.staff.practitioner_refs(operator)
    return (actor, Actor(operator, refs, at_terminal=True))
