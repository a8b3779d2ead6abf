"""Reads the settings: one YAML file, then the environment over it. Called by the command line.

The file is the one given, else `$KIRDI_CONFIG`, else `./kirdi.yaml`. A variable such as
`KIRDI_DATABASE__URL` or `KIRDI_MATCH__ACCEPT_FPIR` overrides the file's key of that name.
"""

import difflib
import types
from collections.abc import Hashable, Iterator, Mapping
from pathlib import Path
from typing import Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

from config.errors import ConfigError
from config.removed import REMOVED
from config.settings import Settings

DEFAULT_FILE = Path("kirdi.yaml")
EXAMPLE_FILE = Path(__file__).with_name("kirdi.example.yaml")
PREFIX = "KIRDI_"
# Variables that begin like settings and are something else.
NOT_SETTINGS = frozenset({"KIRDI_CONFIG", "KIRDI_HOME", "KIRDI_KEY", "KIRDI_KEY_NEXT"})
NOT_SETTINGS_PREFIX = "KIRDI_TEST_"


def settings_file(given: Path | None, environ: Mapping[str, str]) -> Path:
    """Say which file holds the settings.

    Raises:
        ConfigError: There is no such file.
    """
    if given is not None:
        named, by = given, "--config"
    elif environ.get("KIRDI_CONFIG"):
        named, by = Path(environ["KIRDI_CONFIG"]), "KIRDI_CONFIG"
    else:
        named, by = DEFAULT_FILE, ""
    if named.is_file():
        return named
    if by:
        raise ConfigError(f"settings file {named}: not there; look at {by}")
    raise ConfigError(
        f"settings file {named}: not there; copy {EXAMPLE_FILE} to {named}, or name one by --config"
    )


def load_settings(file: Path, environ: Mapping[str, str]) -> Settings:
    """Read and check the settings.

    Raises:
        ConfigError: The file is no YAML, or a key or value is wrong; names each of them.
    """
    _check_variables(environ)
    values = _merge(_read_yaml(file), _from_environment(environ))
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"settings file {file}: " + "; ".join(_explain(error))) from None


class _UniqueKeyLoader(yaml.SafeLoader):
    """YAML keeps the last of two equal keys without a word; here that is an error."""

    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict[Hashable, object]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                line = key_node.start_mark.line + 1
                raise ConfigError(f"line {line}: key {key!r} stands twice; keep one")
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def _read_yaml(file: Path) -> dict[str, object]:
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"settings file {file}: {error.strerror}; check its rights") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"settings file {file}: not UTF-8 text; save it as UTF-8") from error
    try:
        # The loader derives from SafeLoader: no Python objects are made.
        values = yaml.load(text, Loader=_UniqueKeyLoader)  # noqa: S506
    except ConfigError as error:
        raise ConfigError(f"settings file {file}: {error}") from None
    except (yaml.YAMLError, ValueError) as error:
        # The library's message quotes the line, and with it perhaps a password.
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        raise ConfigError(
            f"settings file {file}{where}: not valid YAML; look at indentation and quotes"
        ) from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise ConfigError(f"settings file {file}: holds no keys; see {EXAMPLE_FILE}")
    return {str(key): value for key, value in values.items()}


def _from_environment(environ: Mapping[str, str]) -> dict[str, object]:
    """Nested values of the `KIRDI_SECTION__KEY` variables."""

    class FromEnvironment(BaseSettings):
        model_config = SettingsConfigDict(
            env_prefix=PREFIX, env_nested_delimiter="__", env_ignore_empty=True
        )

    source = EnvSettingsSource(FromEnvironment)
    source.env_vars = {
        key.lower(): value for key, value in environ.items() if key.startswith(PREFIX)
    }
    values: dict[str, object] = {}
    for name, field in Settings.model_fields.items():
        try:
            raw, key, is_complex = source.get_field_value(field, name)
            value = source.prepare_field_value(name, field, raw, is_complex)
        except ValueError as error:
            raise ConfigError(
                f"variable {PREFIX}{name.upper()}: cannot be read; give it as JSON"
            ) from error
        if value is not None:
            values[key] = value
    return values


def _merge(base: Mapping[str, object], over: Mapping[str, object]) -> dict[str, object]:
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            merged[key] = _merge(below, value)
        else:
            merged[key] = value
    return merged


def _check_variables(environ: Mapping[str, str]) -> None:
    known = {
        f"{PREFIX}{path.replace('.', '__').upper()}"
        for path in _key_paths(Settings)
        if "[" not in path
    }
    for name in environ:
        if not name.startswith(PREFIX) or name in known or name in NOT_SETTINGS:
            continue
        if name.startswith(NOT_SETTINGS_PREFIX):
            continue
        path = name.removeprefix(PREFIX).lower().replace("__", ".")
        if path in REMOVED:
            raise ConfigError(f"variable {name}: {REMOVED[path]}")
        raise ConfigError(f"variable {name}: unknown{_nearest(name, known)}; unset or mend it")


def _key_paths(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Every key of a model as a dotted path; the members of a list get `[]`."""
    for name, field in model.model_fields.items():
        path = f"{prefix}{name}"
        yield path
        inner, is_list = _model_in(field.annotation)
        if inner is not None:
            yield from _key_paths(inner, f"{path}{'[]' if is_list else ''}.")


def _model_in(annotation: object) -> tuple[type[BaseModel] | None, bool]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    origin = get_origin(annotation)
    is_list = origin is tuple
    if is_list or origin in (Union, types.UnionType):
        for argument in get_args(annotation):
            inner, _ = _model_in(argument)
            if inner is not None:
                return inner, is_list
    return None, False


def _nearest(name: str, known: set[str]) -> str:
    close = difflib.get_close_matches(name, sorted(known), n=1)
    return f", did you mean {close[0]}?" if close else ""


def _explain(error: ValidationError) -> Iterator[str]:
    """One clause per fault: the key's path and what is wrong, never the value: it may be secret."""
    known = set(_key_paths(Settings))
    for fault in error.errors(include_input=False, include_url=False):
        path = ".".join(str(part) for part in fault["loc"]) or "settings"
        if path in REMOVED:
            yield f"{path}: {REMOVED[path]}"
        elif fault["type"] == "extra_forbidden":
            pattern = ".".join(str(part) for part in fault["loc"] if not isinstance(part, int))
            siblings = {key.replace("[]", "") for key in known}
            yield f"unknown key {path}{_nearest(pattern, siblings)}"
        else:
            message = fault["msg"].removeprefix("Value error, ")
            yield f"{path}: {message}"
