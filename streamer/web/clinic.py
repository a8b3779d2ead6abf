"""How a route of the clinic's domain gets at what it works with: `clinic: Clinic`."""

from datetime import date
from typing import Annotated

from fastapi import Depends

from streamer.web.parts import Parts
from streamer.web.resources import Resources


def _resources_of(parts: Parts) -> Resources:
    resources = parts.resources
    assert resources is not None, "the application was made without the clinic's domain"
    return resources


Clinic = Annotated[Resources, Depends(_resources_of)]


def day_or_today(day: date | None, parts: Parts, clinic: Resources) -> date:
    """The day asked for; else the site's today."""
    return day or parts.clock.now().astimezone(clinic.zone).date()
