"""Sets a document from a template of this package and data. In memory: no file is made or read.

Used by `patient_file`, `incident_papers` and `reports`. The fonts are those that come with Typst,
so that a document looks the same everywhere; they have the Kazakh letters.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

import typst

from streamer.errors import KirdiError

if TYPE_CHECKING:
    from typst import PDFStandard


@cache
def _template(name: str) -> bytes:
    return files("streamer.exchange").joinpath("documents", f"{name}.typ").read_bytes()


def set_document(
    name: str,
    data: Mapping[str, object],
    at: datetime,
    kind: Literal["pdf", "png"] = "pdf",
    standards: Sequence["PDFStandard"] = (),
) -> bytes | list[bytes]:
    """Return the document; blocking, and a second or more for a long one.

    Args:
        name: Of a template in `documents/`.
        data: What it shows; a string is shown as it is and never read as a command.
        at: When it is made; stands in the PDF's own data.
        kind: PNG is for looking at it: a page, or a list of several.
        standards: Which ones the PDF keeps, such as those for archives.

    Raises:
        KirdiError: It cannot be set.
    """
    try:
        made: bytes | list[bytes] = typst.compile(
            _template(name),
            format=kind,
            sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
            ignore_system_fonts=True,
            pdf_standards=list(standards),
            timestamp=int(at.timestamp()),
        )
    except typst.TypstError as error:
        # Its message may repeat what was to be shown.
        raise KirdiError(f"document {name}: cannot be set ({type(error).__name__})") from None
    return made
