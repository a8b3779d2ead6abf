"""What buildings are called on pages."""

from config.settings import Site
from streamer.domain.consent import Language
from streamer.web.pages.buildings import building_names

NAMES = {"main": {"ru": "Главный корпус", "en": "Main building"}}


def site(*buildings: str) -> Site:
    names = {one: said for one, said in NAMES.items() if one in buildings}
    return Site(id="s-1", name="Clinic", buildings=buildings, building_names=names)


def test_one_building_needs_no_name() -> None:
    assert building_names(site("main"), Language.RU) == {}


def test_names_are_of_the_language_or_the_next_best_or_quoted_ids() -> None:
    both = site("main", "north")
    assert building_names(both, Language.EN) == {"main": "Main building", "north": "“north”"}
    # The settings have none in Kazakh.
    assert building_names(both, Language.KK) == {"main": "Главный корпус", "north": "«north»"}
