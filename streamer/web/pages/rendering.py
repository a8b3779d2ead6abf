"""Makes pages of templates: in the visitor's language, for whom they are, under a strict policy.

Made by `application`; routes ask for it by `pages: Pages` among their parameters.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal
from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from streamer.domain.consent import Language
from streamer.domain.remark import Remark
from streamer.web.pages import delivery_words
from streamer.web.pages.buildings import building_names
from streamer.web.pages.catalogues import read_catalogues
from streamer.web.pages.job_words import job_error
from streamer.web.pages.language import OWN_NAMES, language_of, theme_of
from streamer.web.pages.navigation import menu_of
from streamer.web.pages.refusal_words import CAMERA_REASONS, CAMERA_REMARKS, REFUSALS
from streamer.web.pages.remark_words import DETAILED, REMARKS, STATES
from streamer.web.pages.static_files import StaticFile, read_static_files
from streamer.web.pages.words import CAMERA_STATUSES, ROLES
from streamer.web.ports import WebParts
from streamer.web.principal import Principal

# Trusted types: a script that puts a string into the page as markup fails, in every browser that
# knows them.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
_DEVICES: Final = "camera=({camera}), microphone=(), geolocation=(), display-capture=(), usb=()"


class PageRenderer:
    """Renders templates; `served` is filled once the application has its routes."""

    def __init__(self) -> None:
        """Read templates' words, styles and scripts; blocking, once at the start."""
        self.static: Mapping[str, StaticFile] = read_static_files()
        self.served: Collection[str] = ()
        catalogues = read_catalogues()
        self._environments = {
            language: _environment(translations) for language, translations in catalogues.items()
        }
        for one in self._environments.values():
            one.globals["said_in"] = lambda code, text: catalogues[code].gettext(text)

    def render(
        self,
        request: Request,
        template: str,
        *,
        status: HTTPStatus = HTTPStatus.OK,
        camera: bool = False,
        **values: Any,
    ) -> HTMLResponse:
        """Return a page.

        Args:
            request: Whose it is.
            template: A file of `templates`.
            status: Of the answer.
            camera: The page may ask for the browser's camera.
            **values: What the template shows.
        """
        parts = request.app.state.parts
        assert isinstance(parts, WebParts)
        language = language_of(request, parts.entrance.rules.language)
        principal = getattr(request.state, "principal", None)
        zone = parts.resources.zone if parts.resources is not None else None
        text = (
            self._environments[language]
            .get_template(template)
            .render(
                values
                | {
                    "language": language,
                    "languages": OWN_NAMES,
                    "theme": theme_of(request),
                    "zone": zone,
                    "now": parts.clock.now(),
                    "site_name": parts.site_name,
                    "building_names": building_names(parts.resources.site, language)
                    if parts.resources is not None
                    else {},
                    "path": request.url.path,
                    "principal": principal,
                    "csrf_token": getattr(request.state, "csrf", None),
                    "idle_minutes": parts.entrance.rules.idle_min,
                    "menu": menu_of(principal, self.served)
                    if isinstance(principal, Principal)
                    else (),
                }
            )
        )
        headers = {
            "Content-Security-Policy": _POLICY,
            "Permissions-Policy": _DEVICES.format(camera="self" if camera else ""),
            "Content-Language": language.value,
            "Vary": "Accept-Language, Cookie",
        }
        return HTMLResponse(text, status.value, headers=headers)

    def language(self, request: Request) -> Language:
        """Which language this visitor's pages are in."""
        parts = request.app.state.parts
        assert isinstance(parts, WebParts)
        return language_of(request, parts.entrance.rules.language)


def _pages_of(request: Request) -> PageRenderer:
    pages = request.app.state.pages
    assert isinstance(pages, PageRenderer)
    return pages


Pages = Annotated[PageRenderer, Depends(_pages_of)]


def _environment(translations: Any) -> Environment:
    environment = Environment(
        loader=PackageLoader("streamer.web", "templates"),
        autoescape=True,
        # A newer version's templates do not go with the code that runs.
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]
    environment.filters["camera_reason"] = lambda reason: _camera_reason(reason, translations)
    environment.filters["delivery_reason"] = lambda error: _explained(
        delivery_words.delivery_reason(error) or delivery_words.OTHER, error, translations
    )
    environment.filters["job_error"] = lambda error: _explained(
        job_error(error), error, translations
    )
    environment.filters["remark"] = lambda remark: _remark(remark, translations)
    environment.filters["said"] = lambda text: _said(text, translations)
    environment.filters["state"] = lambda value, of: translations.gettext(
        STATES[of].get(value, value)
    )
    environment.filters |= {"day": _day, "time": _time, "moment": _moment, "number": _number}
    environment.globals |= {"texts": _texts, "role_names": ROLES}
    environment.globals |= {
        "refusals": REFUSALS,
        "camera_reasons": CAMERA_REASONS,
        "camera_remarks": CAMERA_REMARKS,
        "remark_words": REMARKS,
    }
    environment.globals["camera_statuses"] = CAMERA_STATUSES
    environment.globals["translated"] = lambda words: {
        key: translations.gettext(text) for key, text in words.items()
    }
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "sort_keys": True}
    return environment


@pass_context
def _texts(context: Context, /, **texts: str) -> Markup:
    """Hand texts to the page's scripts (`static/modules/texts.js`), as data and not as a script."""
    plain = {name: str(text) for name, text in texts.items()}
    json = context.environment.filters["tojson"](context.eval_ctx, plain)
    return Markup('<script type="application/json" class="texts">{}</script>').format(json)


def _camera_reason(reason: str, translations: Any) -> Markup:
    """As `cameraReason` of `static/modules/refusals.js` says it."""
    kind, colon, rest = reason.partition(": ")
    words = [kind] if colon else reason.split(", ")
    if not all(one in CAMERA_REASONS for one in words):
        return Markup('<span class="muted" lang="en">{}</span>').format(reason)
    said = " ".join(translations.gettext(CAMERA_REASONS[one]) for one in words)
    detail = Markup(' <span class="hint" lang="en">{}</span>').format(rest) if colon else ""
    return Markup('<span class="muted">{}</span>{}').format(said, detail)


def _remark(remark: Remark, translations: Any) -> Markup:
    """As `static/modules/remarks.js` says it; one without words here stays in English."""
    words = REMARKS.get(remark.code)
    if words is None:
        return Markup('<span lang="en">{}</span>').format(remark.text)
    values = dict(remark.values)
    if "groups" in values:
        # Those of a pack of the clinic's own have no words here.
        groups = str(values["groups"]).split(", ")
        values["groups"] = ", ".join(translations.gettext(one) for one in groups)
    said = translations.gettext(words)
    for name, value in values.items():
        said = said.replace(f"{{{name}}}", str(value))
    if remark.code not in DETAILED:
        return Markup("{}").format(said)
    return _explained(words, remark.text, translations)


def _said(text: str, translations: Any) -> Markup:
    """An English text as the catalogues have it; what they don't have is marked as English."""
    said = translations.gettext(text) if text else ""
    if said != text or not text:
        return Markup("{}").format(said)
    return Markup('<span lang="en">{}</span>').format(text)


def _explained(said: str, detail: str, translations: Any) -> Markup:
    """What it means for people; what the service said, in English, is there for whoever asks."""
    return Markup(
        '{}<details class="explained"><summary>{}</summary>'
        '<span class="hint" lang="en">{}</span></details>'
    ).format(translations.gettext(said), translations.gettext("Details"), detail)


@pass_context
def _day(context: Context, value: date, form: str = "long") -> str:
    return format_date(value, _whole_year(context, form, ""), locale=_locale(context))


@pass_context
def _time(context: Context, value: datetime, form: str = "short") -> str:
    return format_time(value, form, tzinfo=context["zone"], locale=_locale(context))


@pass_context
def _moment(context: Context, value: datetime, form: str = "medium") -> str:
    form = _whole_year(context, form, ", HH:mm")
    return format_datetime(value, form, tzinfo=context["zone"], locale=_locale(context))


@pass_context
def _number(context: Context, value: float, form: str | None = None) -> str:
    return format_decimal(value, form, locale=_locale(context))


def _whole_year(context: Context, form: str, time: str) -> str:
    """A short form; of Kazakh the library's has a year of two digits, which nobody writes here."""
    short = form == "short" and context["language"] is Language.KK
    return f"dd.MM.yyyy{time}" if short else form


def _locale(context: Context) -> str:
    # Kazakhstan's form of Russian; English with the day before the month.
    return {Language.KK: "kk_KZ", Language.RU: "ru_KZ", Language.EN: "en_GB"}[context["language"]]
