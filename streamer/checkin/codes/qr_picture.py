"""QR codes as pictures: finds them in a camera's frames, and draws them. Blocking.

The one place that knows zxing-cpp. Read by `kiosk_pipeline`, drawn for `kirdi codes issue --qr`.
"""

from typing import Any, Final

import cv2
import numpy as np
import zxingcpp

from matcher.face import Image
from streamer.errors import KirdiError

_FORMATS: Final = zxingcpp.barcode_formats_from_str("QRCode")
_LONGEST: Final = 512
"""Characters; ours have 60, and what the national service shows is hardly longer."""
_SCALE: Final = 10
_QUIET: Final = 4
# Above, upper half, lower half, none: two rows of modules to a line of text.
_BLOCKS: Final = {(1, 1): "█", (1, 0): "▀", (0, 1): "▄", (0, 0): " "}


def read_qr(image: Image) -> tuple[str, ...]:
    """Return the texts of all QR codes in a picture, whichever way round they are held.

    Args:
        image: RGB uint8 (h, w, 3).
    """
    # Green is near enough to grey, and spares a conversion of the whole picture.
    grey = np.ascontiguousarray(image[:, :, 1])
    found = zxingcpp.read_barcodes(grey, formats=_FORMATS)
    texts = (one.text for one in found if one.valid)
    return tuple(dict.fromkeys(text for text in texts if 0 < len(text) <= _LONGEST))


def qr_png(text: str) -> bytes:
    """Return a picture of a QR code to print: PNG, 10 pixels to a module, with its margin.

    Raises:
        KirdiError: It cannot be drawn.
    """
    modules = np.pad(_modules(text), _QUIET)
    picture = np.where(modules, 0, 255).astype(np.uint8)
    enlarged = picture.repeat(_SCALE, axis=0).repeat(_SCALE, axis=1)
    done, encoded = cv2.imencode(".png", enlarged)
    if not done:
        raise KirdiError("QR code: cannot be drawn")
    return bytes(encoded.tobytes())


def qr_modules(text: str) -> tuple[str, ...]:
    """Return the modules for somebody else to draw: a text for each row, 1 is dark, no margin.

    Raises:
        KirdiError: It cannot be drawn.
    """
    return tuple("".join("1" if one else "0" for one in row) for row in _modules(text))


def qr_lines(text: str) -> tuple[str, ...]:
    """Return the lines of a QR code for a terminal: light modules are drawn, dark ones are not."""
    light = 1 - np.pad(_modules(text), _QUIET)
    if len(light) % 2:
        light = np.pad(light, ((0, 1), (0, 0)), constant_values=1)
    return tuple(
        "".join(_BLOCKS[int(above), int(below)] for above, below in zip(upper, lower, strict=True))
        for upper, lower in zip(light[::2], light[1::2], strict=True)
    )


def _modules(text: str) -> "np.ndarray[Any, np.dtype[np.uint8]]":
    """Dark modules as ones, without a margin; level M survives a crease or a drop of coffee."""
    try:
        code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
        drawn = zxingcpp.write_barcode_to_image(code, scale=1, add_quiet_zones=False)
    except ValueError as error:
        raise KirdiError("QR code: cannot be drawn") from error
    grey = np.asarray(drawn, dtype=np.uint8)
    return (grey < 128).astype(np.uint8)
