"""What a site's buildings are called on pages; nothing is said where there is only one. Pure."""

from collections.abc import Mapping

from config.settings import Site
from streamer.domain.consent import Language


def building_names(site: Site, language: Language) -> Mapping[str, str]:
    """Return each building's name for people, by its id; empty where the site has only one.

    One without a name in this language has the next best: the site's own language comes first in
    the settings. One without any is called by its id, in quotes, so that it reads as a name.
    """
    if len(site.buildings) < 2:
        return {}
    return {one: _name(site, one, language) for one in site.buildings}


def _name(site: Site, building: str, language: Language) -> str:
    names = site.building_names.get(building, {})
    given = names.get(language.value) or next(iter(names.values()), None)
    if given:
        return given
    return f"“{building}”" if language is Language.EN else f"«{building}»"
