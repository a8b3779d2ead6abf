"""The settings in force, key by key: where each comes from and what it means. Secrets left out.

Read by `streamer.api`, which shows them to those who run the installation.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, get_args

from pydantic import BaseModel, SecretStr
from pydantic_core import to_jsonable_python

from config.settings import Settings

Source: TypeAlias = Literal["default", "file", "environment", "added"]

_PREFIX: Final = "KIRDI_"


@dataclass(frozen=True, slots=True)
class EffectiveKey:
    """One key.

    Attributes:
        key: With its section; of a list, with the member's id: `cameras[lobby-1].analyse_fps`.
        value: As JSON; None where it is secret.
        secret: The value is not told.
        given: There is a value. Of a secret that is all that is told.
        source: Where it comes from. A variable wins over the file; `added` is a camera that was
            added while the service ran.
    """

    key: str
    value: Any
    secret: bool
    given: bool
    source: Source
    description: str


def effective_keys(
    settings: Settings, environ: Mapping[str, str], added: Collection[str] = ()
) -> Iterator[EffectiveKey]:
    """Yield every key there is, in the order of the sections.

    Args:
        settings: In force.
        environ: The environment they were read in.
        added: Ids of the cameras that are not from the file.
    """
    yield from _keys(settings, "", (), environ, added)


def _keys(
    section: BaseModel,
    name: str,
    path: tuple[str, ...],
    environ: Mapping[str, str],
    added: Collection[str],
) -> Iterator[EffectiveKey]:
    for key, field in type(section).model_fields.items():
        value, whole, place = getattr(section, key), f"{name}{key}", (*path, key)
        if isinstance(value, BaseModel):
            yield from _keys(value, f"{whole}.", place, environ, added)
            continue
        if isinstance(value, tuple) and any(isinstance(one, BaseModel) for one in value):
            for one in value:
                known = getattr(one, "id", "")
                for found in _keys(one, f"{whole}[{known}].", place, environ, added):
                    # A variable gives the whole list or nothing of it.
                    yield found if known not in added else _as_added(found)
            continue
        secret = _is_secret(field.annotation)
        yield EffectiveKey(
            whole,
            None if secret else to_jsonable_python(value),
            secret,
            value is not None,
            _source(section, key, place, environ),
            field.description or "",
        )


def _as_added(found: EffectiveKey) -> EffectiveKey:
    source: Source = "default" if found.source == "default" else "added"
    return EffectiveKey(
        found.key, found.value, found.secret, found.given, source, found.description
    )


def _source(
    section: BaseModel, key: str, path: tuple[str, ...], environ: Mapping[str, str]
) -> Source:
    if key not in section.model_fields_set:
        return "default"
    return "environment" if _in_environment(path, environ) else "file"


def _in_environment(path: tuple[str, ...], environ: Mapping[str, str]) -> bool:
    """Is there a variable for the key, or for what it is a part of?"""
    for length in range(len(path), 0, -1):
        text = environ.get(_PREFIX + "__".join(path[:length]).upper(), "")
        if not text:
            continue
        if length == len(path):
            return True
        try:
            held = json.loads(text)
        except ValueError:
            continue
        if isinstance(held, list):
            return True
        for part in path[length:]:
            held = held.get(part) if isinstance(held, dict) else None
        if held is not None:
            return True
    return False


def _is_secret(annotation: object) -> bool:
    return annotation is SecretStr or any(_is_secret(one) for one in get_args(annotation))
