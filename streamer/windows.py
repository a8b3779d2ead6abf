"""What the settings say about the window in which patients are recognised at all.

Used by `backend` for the gallery's queries and by `service_rules` for decisions.
"""

from datetime import timedelta

from config.settings import Settings
from streamer.domain.presence_window import PresenceWindow, closing_times


def presence_window(settings: Settings) -> PresenceWindow:
    """When a patient is recognised, and leaves a presence."""
    arrival, site = settings.arrival, settings.site
    return PresenceWindow(
        before=timedelta(minutes=max(arrival.presence_before_min, arrival.opens_before_min)),
        after=timedelta(minutes=arrival.presence_after_min),
        at_least_after=timedelta(minutes=arrival.closes_after_min),
        zone=site.zone,
        closes=closing_times(site.opening_hours),
        holidays=frozenset(site.holidays),
    )
