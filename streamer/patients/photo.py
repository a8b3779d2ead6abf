"""Reads a photo file into pixels. Called by enrolment."""

import io
import os
import stat
import struct
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from matcher.face import Image as Pixels
from streamer.errors import InputError

MAX_BYTES = 40 * 1024 * 1024
MIN_SIDE_PX = 64
MAX_PIXELS = 60_000_000

# What photos come as. Pillow knows many more; some of them start other programs.
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF")
# What a JPEG is called that holds a depth map or a small copy behind the photo, as phones do.
_SEVERAL_IN_ONE: Final = "MPO"
# The picture formats of phones that cannot be read, by the brand in an ISO media file's first box.
_PHONE_FORMATS: Final = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"), "HEIC"),
    **dict.fromkeys((b"avif", b"avis"), "AVIF"),
}
# What Pillow's readers raise on damage, besides errors of their own.
_DAMAGE: Final = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    TypeError,
    LookupError,
    OverflowError,
    NotImplementedError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A picture and the name it goes by in messages."""

    name: str
    image: Pixels


def read_photo(path: Path) -> Photo:
    """Read a photo as 8-bit sRGB, turned upright as its EXIF data says. Blocking.

    What is transparent becomes white, as on paper.

    Raises:
        InputError: It is not there, no picture, an animation, or of a size no photo has.
    """
    return photo_of(str(path), _read(path))


def photo_of(name: str, data: bytes) -> Photo:
    """As `read_photo`, of a file's content. Blocking.

    Args:
        name: What messages call it.
        data: The whole file.
    """
    with _opened(name, data) as image:
        width, height = image.size
        # By the header alone: a small file may unpack to gigabytes.
        if min(height, width) < MIN_SIDE_PX or width * height > MAX_PIXELS:
            raise InputError(
                f"photo {name}: {width}x{height} pixels; give one of {MIN_SIDE_PX} pixels a side "
                f"or more, and of {MAX_PIXELS // 1_000_000} megapixels or fewer",
                code="photo_size",
            )
        try:
            with warnings.catch_warnings():
                # An odd EXIF entry is nobody's concern.
                warnings.simplefilter("ignore")
                several = image.format != _SEVERAL_IN_ONE and getattr(image, "n_frames", 1) > 1
                if not several:
                    pixels = np.array(_rgb(ImageOps.exif_transpose(image)), dtype=np.uint8)
        except _DAMAGE as error:
            raise InputError(
                f"photo {name}: is damaged or cut short; copy it again, or save it as JPEG or PNG",
                code="photo_unreadable",
            ) from error
    if several:
        raise InputError(
            f"photo {name}: holds several pictures; give a single one, JPEG or PNG",
            code="photo_unreadable",
        )
    return Photo(name, pixels)


def _opened(name: str, data: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            # The size is looked at by the caller.
            warnings.simplefilter("ignore")
            return Image.open(io.BytesIO(data), formats=_FORMATS)
    except Image.DecompressionBombError as error:
        raise InputError(
            f"photo {name}: far too large; give one of {MAX_PIXELS // 1_000_000} megapixels or "
            "fewer",
            code="photo_size",
        ) from error
    except (UnidentifiedImageError, *_DAMAGE) as error:
        brand = _PHONE_FORMATS.get(data[8:12]) if data[4:8] == b"ftyp" else None
        if brand is not None:
            raise InputError(
                f"photo {name}: is a {brand} picture; save it as JPEG, or set the phone's camera "
                "to take JPEG",
                code="photo_unreadable",
            ) from error
        raise InputError(
            f"photo {name}: is no picture; give a JPEG or PNG file", code="photo_unreadable"
        ) from error


def _rgb(image: Image.Image) -> Image.Image:
    """In 8-bit sRGB, on white."""
    if image.mode.startswith("I"):
        # Sixteen bits a pixel. Pillow's own conversion cuts off what is above 255.
        deep = np.asarray(image)
        if deep.min() < 0 or deep.max() > 0xFFFF:
            raise ValueError("not sixteen bits a pixel")
        return Image.fromarray((deep >> 8).astype(np.uint8)).convert("RGB")
    if image.mode == "F":
        raise ValueError("fractions instead of pixels")
    if image.has_transparency_data:
        paper = Image.new("RGBA", image.size, "white")
        return _in_srgb(Image.alpha_composite(paper, image.convert("RGBA")).convert("RGB"), image)
    if image.mode not in ("RGB", "CMYK", "L"):
        return image.convert("RGB")
    return _in_srgb(image, image)


def _in_srgb(image: Image.Image, source: Image.Image) -> Image.Image:
    """Convert by the colour profile inside the file, where there is one that can be read."""
    profile = source.info.get("icc_profile")
    if profile:
        try:
            converted = ImageCms.profileToProfile(
                image,
                ImageCms.ImageCmsProfile(io.BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
                outputMode="RGB",
            )
        except (ImageCms.PyCMSError, OSError, ValueError):
            return image.convert("RGB")
        if converted is not None:
            return converted
    return image.convert("RGB")


def _read(path: Path) -> bytes:
    try:
        # Not blocking: a pipe in a photo's place must not hang the command.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise InputError(f"photo {path}: is no file; give a JPEG or PNG file")
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"photo {path}: cannot be read ({error.strerror}); check name and rights"
        ) from error
    if len(data) > MAX_BYTES:
        raise InputError(f"photo {path}: larger than 40 MB; save it smaller")
    return data
