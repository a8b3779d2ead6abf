"""Reads uploaded photos into memory. Used by the route that enrols.

FastAPI's own forms put files of more than a megabyte onto the disk; a face is never written there.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from streamer.web.problem import Problem
from streamer.web.resources import SentPhoto

MOST_PHOTOS: Final = 10
MOST_BYTES: Final = 12 * 1024 * 1024
"""Of one photo."""
MOST_IN_ALL: Final = 32 * 1024 * 1024
"""Of the whole request; fields are a few kilobytes."""
_FIELDS: Final = 8
_FIELD_BYTES: Final = 4096


class _InMemory(MultiPartParser):
    """Never begins a file on the disk: what is larger has been refused by then."""

    spool_max_size = MOST_IN_ALL + 1


@dataclass(frozen=True, slots=True)
class Upload:
    """A form with photos.

    Attributes:
        fields: The other fields, by name; the last of several counts.
        photos: In their order.
        digest: Tells two uploads apart, whatever the boundary between their parts.
    """

    fields: dict[str, str]
    photos: Sequence[SentPhoto]
    digest: bytes


async def read_upload(request: Request) -> Upload:
    """Read a multipart form, bounded.

    Raises:
        Problem: It is no form, or too large.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "send multipart/form-data"
        )
    parser = _InMemory(
        request.headers,
        _bounded(request),
        max_files=MOST_PHOTOS,
        max_fields=_FIELDS,
        max_part_size=_FIELD_BYTES,
    )
    try:
        form = await parser.parse()
    except (MultiPartException, ValueError) as error:
        raise Problem(
            HTTPStatus.BAD_REQUEST, "form", "the form cannot be read, or has too many parts"
        ) from error
    fields: dict[str, str] = {}
    photos: list[SentPhoto] = []
    digest = hashlib.sha256()
    try:
        for name, value in form.multi_items():
            content = await _content(value) if isinstance(value, UploadFile) else value.encode()
            for part in (name.encode(), hashlib.sha256(content).digest()):
                digest.update(len(part).to_bytes(4, "big") + part)
            if isinstance(value, UploadFile):
                # The sender's name of the file may be a person's.
                photos.append(SentPhoto(str(len(photos) + 1), content))
            else:
                fields[name] = value
    finally:
        await form.close()
    return Upload(fields, photos, digest.digest())


async def _content(file: UploadFile) -> bytes:
    content = await file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise too_large()
    return content


async def _bounded(request: Request) -> Any:
    """The request's bytes, as long as there are not too many."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > MOST_IN_ALL:
        raise too_large()
    had = 0
    async for chunk in request.stream():
        had += len(chunk)
        if had > MOST_IN_ALL:
            raise too_large()
        yield chunk


def too_large() -> Problem:
    """More than any such request needs."""
    return Problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "too-large",
        f"send at most {MOST_PHOTOS} photos of {MOST_BYTES // 2**20} MiB, "
        f"{MOST_IN_ALL // 2**20} MiB in all",
    )
