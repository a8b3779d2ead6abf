"""A photo of any kind is read as it looks, or refused by one line that says what to do."""

import io
import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from streamer.errors import InputError
from streamer.patients.photo import read_photo

# Four corners of different colour: which way up a picture is, and whether its colours are right.
RED, GREEN, BLUE, WHITE = (200, 30, 40), (40, 180, 60), (30, 50, 190), (250, 250, 250)
CORNERS = (RED, GREEN, BLUE, WHITE)
UP_LEFT, UP_RIGHT, LOW_LEFT, LOW_RIGHT = (10, 10), (10, -10), (-10, 10), (-10, -10)


def quarters(width: int = 120, height: int = 80) -> Image.Image:
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = RED
    pixels[: height // 2, width // 2 :] = GREEN
    pixels[height // 2 :, : width // 2] = BLUE
    pixels[height // 2 :, width // 2 :] = WHITE
    return Image.fromarray(pixels)


def read(folder: Path, name: str, image: Image.Image, **options: object) -> np.ndarray:
    image.save(folder / name, **options)  # type: ignore[arg-type]
    photo = read_photo(folder / name)
    assert photo.name == str(folder / name)
    assert photo.image.dtype == np.uint8
    assert photo.image.flags.c_contiguous
    assert photo.image.flags.writeable
    assert photo.image.ndim == 3
    assert photo.image.shape[2] == 3
    return photo.image


def shows_the_corners(pixels: np.ndarray, within: int = 6) -> bool:
    seen = [pixels[at] for at in (UP_LEFT, UP_RIGHT, LOW_LEFT, LOW_RIGHT)]
    return bool(np.abs(np.array(seen, int) - CORNERS).max() <= within)


@pytest.mark.parametrize(
    "name", ["a.png", "a.jpg", "a.webp", "a.tif", "a.bmp", "a.gif", "wrong-name.jpg.png"]
)
def test_every_usual_format(tmp_path: Path, name: str) -> None:
    pixels = read(tmp_path, name, quarters())
    assert pixels.shape == (80, 120, 3)
    assert shows_the_corners(pixels)


def test_the_content_counts_and_not_the_name(tmp_path: Path) -> None:
    quarters().save(tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / "a.jpg")
    assert shows_the_corners(read_photo(tmp_path / "a.jpg").image)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif"])
def test_exif_turns_it_upright(tmp_path: Path, orientation: int, name: str) -> None:
    # How a camera stores a picture it then describes by this orientation: the way back.
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = quarters()
    if orientation in undo:
        stored = stored.transpose(undo[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = read(tmp_path, name, stored, exif=exif)
    assert pixels.shape == (80, 120, 3)
    assert shows_the_corners(pixels)


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    image = quarters().convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 60, 40))
    image.paste((0, 0, 0, 128), (60, 40, 120, 80))
    for name in ("a.png", "a.webp", "a.tif"):
        pixels = read(tmp_path, name, image, **({"lossless": True} if "webp" in name else {}))
        assert tuple(pixels[UP_LEFT]) == (255, 255, 255)
        assert tuple(pixels[UP_RIGHT]) == GREEN
        assert np.abs(pixels[LOW_RIGHT].astype(int) - 127).max() <= 1


def test_palettes_grey_and_one_bit(tmp_path: Path) -> None:
    assert shows_the_corners(read(tmp_path, "p.png", quarters().quantize(16)))
    clear = quarters().quantize(16)
    clear.info["transparency"] = clear.getpixel((10, 10))
    clear.save(tmp_path / "t.png", transparency=clear.getpixel((10, 10)))
    assert tuple(read_photo(tmp_path / "t.png").image[UP_LEFT]) == (255, 255, 255)
    grey = quarters().convert("L")
    for name, image in (("l.png", grey), ("l.jpg", grey), ("la.png", grey.convert("LA"))):
        pixels = read(tmp_path, name, image)
        assert np.abs(pixels[UP_LEFT].astype(int) - grey.getpixel((10, 10))).max() <= 2
        assert (pixels[..., 0] == pixels[..., 2]).all()
    bits = read(tmp_path, "1.png", quarters().convert("L").point(lambda v: 255 * (v > 100), "1"))
    assert tuple(bits[LOW_RIGHT]) == (255, 255, 255)
    assert tuple(bits[LOW_LEFT]) == (0, 0, 0)


def png16(pixels: np.ndarray, width: int = 0, height: int = 0) -> bytes:
    """A PNG of sixteen bits a channel, which Pillow does not write; its size may be a lie."""
    width, height = width or pixels.shape[1], height or pixels.shape[0]
    kind = 2 if pixels.ndim == 3 else 0
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def test_sixteen_bits(tmp_path: Path) -> None:
    deep = np.asarray(quarters()).astype(np.uint16) * 257
    (tmp_path / "rgb.png").write_bytes(png16(deep))
    assert shows_the_corners(read_photo(tmp_path / "rgb.png").image, within=1)
    (tmp_path / "grey.png").write_bytes(png16(deep[..., 0]))
    grey = read_photo(tmp_path / "grey.png").image
    assert np.abs(grey[..., 1].astype(int) - deep[..., 0] // 257).max() <= 1
    Image.fromarray(deep[..., 0]).save(tmp_path / "grey.tif")
    tiff = read_photo(tmp_path / "grey.tif").image
    assert np.array_equal(tiff, grey)


def test_cmyk_and_colour_profiles(tmp_path: Path) -> None:
    assert shows_the_corners(read(tmp_path, "c.jpg", quarters().convert("CMYK")), within=12)
    # As if a camera had stored the channels by a profile of its own: sRGB itself, then one that
    # says nothing, then none that could be read.
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert shows_the_corners(read(tmp_path, "s.jpg", quarters(), icc_profile=srgb), within=8)
    assert shows_the_corners(read(tmp_path, "n.png", quarters(), icc_profile=b"nonsense"))
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    assert shows_the_corners(read(tmp_path, "l.png", quarters(), icc_profile=lab))


def test_a_wide_profile_changes_the_colours(tmp_path: Path) -> None:
    """The same numbers mean other colours under another profile: here red and blue change places.

    Such a profile is sRGB's own with the two primaries' tags exchanged.
    """
    swapped = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(swapped[128:132], "big")
    at = {bytes(swapped[132 + 12 * i : 136 + 12 * i]): 132 + 12 * i for i in range(count)}
    red, blue = at[b"rXYZ"], at[b"bXYZ"]
    places = bytes(swapped[red + 4 : red + 12]), bytes(swapped[blue + 4 : blue + 12])
    swapped[blue + 4 : blue + 12], swapped[red + 4 : red + 12] = places
    channels = Image.merge("RGB", quarters().split()[::-1])
    pixels = read(tmp_path, "w.png", channels, icc_profile=bytes(swapped))
    assert shows_the_corners(pixels, within=12)


def animation(folder: Path, name: str) -> Path:
    frames = [quarters(), quarters().rotate(180)]
    frames[0].save(folder / name, save_all=True, append_images=frames[1:], duration=100)
    return folder / name


def truncated(folder: Path, name: str, share: float) -> Path:
    noise = np.random.default_rng(1).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / name)
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: int(share * len(whole))])
    return folder / name


def sized(folder: Path, width: int, height: int) -> Path:
    """A picture whose header says so: nobody may unpack it to find out."""
    file = folder / "sized.png"
    file.write_bytes(png16(np.zeros((1, 1), np.uint16), width, height))
    return file


def media_file(folder: Path, brand: bytes) -> Path:
    file = folder / "IMG_0001.HEIC"
    file.write_bytes(struct.pack(">I4s4sI", 24, b"ftyp", brand, 0) + brand + bytes(100))
    return file


def written(folder: Path, content: bytes) -> Path:
    file = folder / "file.jpg"
    file.write_bytes(content)
    return file


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: animation(folder, "a.gif"), "several pictures"),
        (lambda folder: animation(folder, "a.webp"), "several pictures"),
        (lambda folder: animation(folder, "a.png"), "several pictures"),
        (lambda folder: animation(folder, "a.tif"), "several pictures"),
        (lambda folder: truncated(folder, "a.jpg", 0.5), "cut short"),
        (lambda folder: truncated(folder, "a.png", 0.5), "cut short"),
        (lambda folder: truncated(folder, "a.webp", 0.5), "."),
        (lambda folder: truncated(folder, "a.jpg", 0.001), "no picture"),
        (lambda folder: sized(folder, 1, 1), "1x1 pixels; give one of 64"),
        (lambda folder: sized(folder, 4000, 63), "4000x63 pixels"),
        (lambda folder: sized(folder, 10_000, 6_001), "60 megapixels or fewer"),
        (lambda folder: sized(folder, 12_000, 12_000), "60 megapixels or fewer"),
        (lambda folder: sized(folder, 40_000, 40_000), "60 megapixels or fewer"),
        (lambda folder: media_file(folder, b"heic"), "HEIC picture; save it as JPEG"),
        (lambda folder: media_file(folder, b"avif"), "AVIF picture"),
        (lambda folder: media_file(folder, b"isom"), "no picture"),
        (lambda folder: written(folder, b""), "no picture"),
        (lambda folder: written(folder, b"%!PS-Adobe-3.0 EPSF-3.0\n"), "no picture"),
        (lambda folder: written(folder, b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "no pict"),
        (lambda folder: folder, "directory"),
        (lambda folder: folder / "none.jpg", "cannot be read"),
    ],
)
def test_what_is_refused(tmp_path: Path, make: Callable[[Path], Path], words: str) -> None:
    file = make(tmp_path)
    with pytest.raises(InputError, match=words) as caught:
        read_photo(file)
    assert str(caught.value).startswith(f"photo {file}: ")
    assert "\n" not in str(caught.value)


def test_a_photo_of_fifty_megapixels(tmp_path: Path) -> None:
    pixels = read(tmp_path, "large.jpg", quarters(8660, 5774), quality=30)
    assert pixels.shape == (5774, 8660, 3)
    assert shows_the_corners(pixels)


def test_a_photo_with_a_second_picture_behind_it(tmp_path: Path) -> None:
    """Phones put a depth map or a small copy behind the photo."""
    file = tmp_path / "phone.jpg"
    quarters().save(file, format="MPO", save_all=True, append_images=[quarters(60, 40)])
    pixels = read_photo(file).image
    assert pixels.shape == (80, 120, 3)
    assert shows_the_corners(pixels)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP"])
def test_damage_is_told_or_harmless(tmp_path: Path, kind: str) -> None:
    """Random bytes changed anywhere: a picture or one of our errors, never anything else."""
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    options = {"exif": exif} if kind in ("JPEG", "PNG", "WEBP", "TIFF") else {}
    quarters().save(buffer, format=kind, **options)
    whole = buffer.getvalue()
    random = np.random.default_rng(7)
    file = tmp_path / "damaged"
    for _ in range(150):
        content = bytearray(whole)
        # The head is where sizes, offsets and kinds stand.
        until = len(content) if random.random() < 0.5 else min(len(content), 200)
        for at in random.integers(0, until, int(random.integers(1, 6))):
            content[at] = int(random.integers(0, 256))
        file.write_bytes(bytes(content))
        # Anything but an InputError ends the test.
        with suppress(InputError):
            assert read_photo(file).image.shape[2] == 3
