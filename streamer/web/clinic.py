"""How a route of the clinic's domain gets at what it works with: `clinic: Clinic`."""

from datetime import date
from typing import Annotated

from fastapi import Depends

from streamer.domain.asked_for import AskedFor
from streamer.web.parts import Parts
from streamer.web.problem import Problem, not_found
from streamer.web.resources import Resources


def _resources_of(parts: Parts) -> Resources:
    resources = parts.resources
    assert resources is not None, "the application was made without the clinic's domain"
    return resources


Clinic = Annotated[Resources, Depends(_resources_of)]


def camera_asked(clinic: Resources, camera_id: str) -> AskedFor | None:
    """A camera for the record; None where there is none, and no name of ours."""
    there = any(one.state.camera_id == camera_id for one in clinic.cameras.reports())
    return AskedFor("Camera", entity_id=camera_id) if there else None


def no_camera(clinic: Resources, camera_id: str) -> Problem:
    """There is no such camera, or it is none of theirs; that is put on record."""
    return not_found("camera", camera_asked(clinic, camera_id))


def day_or_today(day: date | None, parts: Parts, clinic: Resources) -> date:
    """The day asked for; else the site's today."""
    return day or parts.clock.now().astimezone(clinic.zone).date()
