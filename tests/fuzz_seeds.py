"""The malformed messages of the test data, as bytes."""

import ast
import re

from tests.data import need

_RUNE = re.compile(r"\\u([0-9a-f]{4})|([^\x00-\x7f])")
_VALUE = re.compile(r'^(?:\[\]byte|string)\((".*")\)$', re.MULTILINE)


def fuzz_seeds(name_contains: str) -> list[bytes]:
    """Every value in the Go fuzz-corpus files whose name contains the given text."""
    folder = need("torture/fuzz-seeds")
    texts = [
        path.read_text(encoding="utf-8", errors="surrogateescape")
        for path in sorted(folder.iterdir())
        if name_contains in path.name
    ]
    values = [_RUNE.sub(_as_bytes, value) for text in texts for value in _VALUE.findall(text)]
    found = [ast.literal_eval(f"b{value}") for value in values]
    assert found, f"no fuzz seed is named *{name_contains}*"
    return [value for value in found if isinstance(value, bytes)]


def _as_bytes(rune: re.Match[str]) -> str:
    """Go writes a rune where Python's bytes want its UTF-8."""
    character = chr(int(rune[1], 16)) if rune[1] else rune[2]
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))
