"""Searches everything a run may have written for faces, vectors and names."""

import base64
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt

# How pictures and dumped arrays begin. JPEG with the segment that follows: its first three bytes
# alone turn up by chance in enough megabytes.
BEGINNINGS = {
    "JPEG": re.compile(
        rb"\xff\xd8\xff(\xdb\x00\x43|\xe0\x00\x10JFIF|\xe1..Exif|\xee\x00\x0eAdobe)", re.DOTALL
    ),
    "PNG": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "WebP": re.compile(rb"RIFF....WEBP", re.DOTALL),
    "NumPy file": re.compile(rb"\x93NUMPY"),
    "numbers as text": re.compile(rb"(?:-?\d?\.\d{3,}[,;\s\]\[]+){32}"),
    "vector in base64": re.compile(rb"[A-Za-z0-9+/]{640,}"),
}
# So many plausible components in a row are half an embedding: nobody's in particular, anybody's.
RUN = 64


def leaks(content: bytes, words: Sequence[str]) -> Iterator[str]:
    """Name what of a person stands in some bytes."""
    for kind, pattern in BEGINNINGS.items():
        if pattern.search(content):
            yield kind
    for word in words:
        forms = (word.encode(), word.encode("utf-16-le"), base64.b64encode(word.encode())[:-4])
        if any(form in content for form in forms):
            yield f"the words {word!r}"
    for kind, size in (("<f4", 4), ("<f8", 8)):
        for shift in range(size):
            if holds_vector(content, kind, size, shift):
                yield f"a vector ({kind})"
                break


def holds_vector(content: bytes, kind: str, size: int, shift: int) -> bool:
    """Is there a run of numbers that could be an embedding's: small, of both signs, none tiny?

    Statistics tables and histograms hold runs of small numbers, too; but of one sign.
    """
    count = (len(content) - shift) // size
    if count < RUN:
        return False
    numbers = np.frombuffer(content, kind, count, shift)
    with np.errstate(invalid="ignore"):
        plausible: npt.NDArray[np.bool_] = (np.abs(numbers) > 1e-5) & (np.abs(numbers) < 1.0)
    edges = np.concatenate(([-1], np.flatnonzero(~plausible), [count]))
    for index in np.flatnonzero(np.diff(edges) > RUN):
        run = numbers[edges[index] + 1 : edges[index + 1]]
        if 0.2 < float(np.mean(run < 0)) < 0.8:
            return True
    return False


def files_below(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every regular file with its content, the models apart: their weights are numbers, too."""
    for path in sorted(folder.rglob("*")):
        if "models" in path.relative_to(folder).parts:
            continue
        # A server that runs meanwhile makes and removes files.
        with suppress(FileNotFoundError):
            if path.is_file():
                yield path, path.read_bytes()
