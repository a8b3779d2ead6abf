"""Something that may stand nowhere, in every form in which it could be written."""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

# So many components of a vector in a row are no accident: 32 bytes of float32.
RUN = 8
# Parts of a key, should it have been cut by a page's or a line's end.
KEY_PART = 16


@dataclass(frozen=True)
class Secret:
    """One of them.

    Attributes:
        name: What a finding is called; not the secret itself.
        forms: Byte strings, each of which gives it away.
        number: Digits that do; empty = there are none.
        vector: Numbers of which no run may be anywhere; None = there are none.
    """

    name: str
    forms: tuple[bytes, ...] = ()
    number: bytes = b""
    vector: npt.NDArray[np.float32] | None = field(default=None, repr=False)

    def is_in(self, content: "Content") -> bool:
        """Does it stand there?"""
        return (
            any(form in content.whole for form in self.forms)
            or (bool(self.number) and content.has_number(self.number))
            or (self.vector is not None and holds_run_of(self.vector, content.whole))
        )


class Content:
    """Bytes to search, and the numbers in them, which are found once."""

    def __init__(self, whole: bytes) -> None:
        self.whole = whole
        runs = _DIGITS.findall(whole)
        self._numbers = frozenset(
            one.replace(b"\0", b"") for run in runs for one in _NUMBER.findall(run)
        )
        self._joined = b"\n".join(_NO_DIGIT.sub(b"", run) for run in runs)

    def has_number(self, number: bytes) -> bool:
        """By itself, or, where it is long enough to be told from others, with blanks in it."""
        return number in self._numbers or (len(number) > 9 and number in self._joined)


_DIGITS = re.compile(rb"(?<![0-9A-Za-z.])[0-9][0-9 ()\-\0]{4,60}[0-9](?![0-9A-Za-z.])")
_NUMBER = re.compile(rb"[0-9](?:[0-9]|\0(?=[0-9]))*")
_NO_DIGIT = re.compile(rb"[^0-9]")


def words(name: str, text: str) -> Secret:
    """A name or password: in both encodings, any case of the whole, escaped for JSON and URLs."""
    spellings = {text, text.lower(), text.upper()}
    forms = set[bytes]()
    for one in spellings:
        forms |= {one.encode(), one.encode("utf-16-le"), one.encode("unicode_escape")}
        forms.add("".join(f"%{byte:02X}" for byte in one.encode()).encode())
    return Secret(name, tuple(sorted(forms)))


def exact(name: str, text: str) -> Secret:
    """A token, which nobody writes otherwise: in both encodings."""
    return Secret(name, (text.encode(), text.encode("utf-16-le")))


def digits(name: str, number: str) -> Secret:
    """A number that is told from longer ones: a code, a phone, an identity number.

    Blanks, hyphens and brackets may stand between the digits, and zero bytes, as in UTF-16.
    """
    return Secret(name, number=number.encode())


def raw(name: str, value: bytes) -> Secret:
    """A key: any half of it."""
    parts = (value[start : start + KEY_PART] for start in range(0, len(value), KEY_PART))
    return Secret(name, tuple(part for part in parts if len(part) == KEY_PART))


def vector(name: str, numbers: npt.NDArray[np.float32]) -> Secret:
    """A template or embedding: any run of it, as floats of any size."""
    return Secret(name, vector=numbers)


def holds_run_of(numbers: npt.NDArray[np.float32], content: bytes) -> bool:
    """Do RUN components follow each other somewhere, whichever byte they begin at?"""
    for kind, unsigned in (("<f4", "<u4"), ("<f2", "<u2"), ("<f8", "<u8")):
        wanted = np.unique(np.frombuffer(numbers.astype(kind).tobytes(), unsigned))
        wanted = wanted[wanted != 0]
        size = np.dtype(unsigned).itemsize
        # Two bytes alone are met by chance: twice as many have to follow each other.
        length = RUN if size > 2 else 2 * RUN
        for shift in range(size):
            count = (len(content) - shift) // size
            if count >= length and _longest(content, unsigned, count, shift, wanted) >= length:
                return True
    return False


def _longest(
    content: bytes, kind: str, count: int, shift: int, wanted: npt.NDArray[np.generic]
) -> int:
    found = _members(np.frombuffer(content, kind, count, shift), wanted)
    if not found.any():
        return 0
    edges = np.concatenate(([-1], np.flatnonzero(~found), [count]))
    return int(np.max(np.diff(edges))) - 1


def _members(
    numbers: npt.NDArray[np.generic], wanted: npt.NDArray[np.generic]
) -> npt.NDArray[np.bool_]:
    """As `np.isin`; quick, since hardly any begins with the upper two bytes of a wanted one."""
    beginnings = numbers.view("<u2")[numbers.itemsize // 2 - 1 :: numbers.itemsize // 2]
    table = np.zeros(1 << 16, dtype=np.bool_)
    table[wanted.view("<u2")[wanted.itemsize // 2 - 1 :: wanted.itemsize // 2]] = True
    likely: npt.NDArray[np.bool_] = table[beginnings]
    places = np.flatnonzero(likely)
    likely[places] = np.isin(numbers[places], wanted)
    return likely


def everything_in(content: bytes, depth: int = 2) -> Iterator[bytes]:
    """The bytes, and what is written in them as hexadecimal or base64, or as one in the other."""
    yield content
    if not depth:
        return
    hexes = re.findall(rb"(?:[0-9a-fA-F]{2}){16,}", content)
    if hexes:
        joined = b"\0".join(bytes.fromhex(one.decode()) for one in hexes)
        yield from everything_in(joined, depth - 1)
    texts = re.findall(rb"[A-Za-z0-9+/_-]{22,}", content)
    if texts:
        joined = b"\0".join(
            _from_base64(one.translate(_URL_SAFE)[start:]) for one in texts for start in range(4)
        )
        yield from everything_in(joined, depth - 1)


_URL_SAFE = bytes.maketrans(b"-_", b"+/")


def _from_base64(text: bytes) -> bytes:
    whole = text[: len(text) // 4 * 4]
    return base64.b64decode(whole) if whole else b""
