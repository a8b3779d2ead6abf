"""What every section of the settings is made of: frozen, unknown keys refused, secrets from files.

Used by the other files of this package.
"""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr

Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]


class Section(BaseModel):
    """Base of every section: frozen, and a key nobody knows is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


def _read_secret(value: SecretStr | None, file: Path | None, key: str) -> SecretStr | None:
    """Return the secret given in place or in a file; both at once is an error."""
    if file is None:
        return value
    if value is not None:
        raise ValueError(f"give {key} or {key}_file, not both")
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text file"
        raise ValueError(f"{key}_file {file} cannot be read ({reason})") from error
    if not text:
        raise ValueError(f"{key}_file {file} is empty")
    return SecretStr(text)


def with_url_file(data: object, key: str = "url") -> object:
    """Fill `url` from `url_file`, or another key from its file, before the fields are checked."""
    if not isinstance(data, dict) or data.get(f"{key}_file") is None:
        return data
    given = data.get(key)
    secret = SecretStr(given) if isinstance(given, str) else given
    return {**data, key: _read_secret(secret, Path(str(data[f"{key}_file"])), key)}


def checked_scheme(value: SecretStr | None, allowed: tuple[str, ...]) -> SecretStr | None:
    """Check the scheme and that the address parses, without ever repeating the URL."""
    if value is None:
        return None
    try:
        parts = urlsplit(value.get_secret_value())
        _ = parts.port
    except ValueError as error:
        raise ValueError("the URL cannot be read; look at its host and port") from error
    if parts.scheme not in allowed:
        raise ValueError(f"the URL must begin with {' or '.join(f'{s}://' for s in allowed)}")
    if parts.scheme != "unix" and not parts.netloc and "host=" not in parts.query:
        raise ValueError("the URL names no host")
    return value
