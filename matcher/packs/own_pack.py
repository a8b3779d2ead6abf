"""A pack of one's own: a folder with ONNX files and a `pack.yaml` that describes them."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import yaml
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from matcher.chip import ChipLayout
from matcher.errors import ModelPackError
from matcher.packs.catalogue import CATALOGUE
from matcher.packs.folder import place
from matcher.packs.in_use import CHOSEN
from matcher.packs.input_format import CENTERFACE_INPUT, YUNET_INPUT, InputFormat
from matcher.packs.manifest import OWN, SCHEMA, Licence, Manifest, PackFile, PackName, SourceFile
from matcher.packs.models import (
    DetectorModel,
    EmbedderModel,
    FileName,
    LivenessKind,
    LivenessModel,
)
from matcher.packs.opencv_pack import build_yunet
from matcher.packs.pack import DETECTOR, EMBEDDER, LIVENESS, Pack
from matcher.packs.score_scale import ScoreScale
from matcher.packs.store import pack_lock

DESCRIPTION = "pack.yaml"
_MOST_BYTES = 64 * 1024
_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class OwnDetector:
    """A detector of a kind Kirdi reads: its published graph."""

    kind: Literal["centerface", "yunet"]
    file: FileName

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True)
class OwnEmbedder:
    """A face network.

    Attributes:
        file: ONNX; takes one float picture, channels first, and gives one vector per picture.
        output: Name of that output.
        dimension: Length of a vector.
        unit_norm: Whether vectors are scaled to length 1 before they are compared.
        chip: The aligned face it wants.
        input: How it wants its pixels.
    """

    file: FileName
    output: str
    dimension: Annotated[int, Field(ge=1, le=4096)]
    unit_norm: bool
    chip: ChipLayout
    input: InputFormat

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True)
class OwnLiveness:
    """A model that tells a face from a picture of one, of a kind Kirdi reads."""

    kind: LivenessKind
    file: FileName

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


@dataclass(frozen=True, slots=True)
class OwnPack:
    """What `pack.yaml` says.

    Attributes:
        pack: The pack's name; none of those that Kirdi knows.
        embedder: What compares faces.
        scores: Which distances mean what.
        licence: Of the weights.
        detector: What finds faces; that of `open` if there is none.
        liveness: What tells a face from a picture of one, if the pack has that.
        weak_for: Groups of people it is known to be worse for.
        weak_reason: How that is known.
    """

    pack: PackName
    embedder: OwnEmbedder
    scores: ScoreScale
    licence: Licence
    detector: OwnDetector | None = None
    liveness: OwnLiveness | None = None
    weak_for: tuple[str, ...] = ()
    weak_reason: str = ""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT


def build_own_pack(models_dir: Path, folder: Path, accepted: str = "") -> Pack:
    """Make a pack of one's own files; an older one of that name goes. Blocking.

    Its id follows from everything that its vectors depend on.

    Args:
        models_dir: Where packs lie.
        folder: Holds `pack.yaml` and the files it names.
        accepted: When non-commercial terms were accepted, ISO 8601.

    Raises:
        ModelPackError: The description or a file is wrong, or the disk refuses.
    """
    own = _read(folder / DESCRIPTION)
    if own.pack in (*CATALOGUE, CHOSEN):
        raise ModelPackError(f"{folder / DESCRIPTION}: {own.pack} is a pack of Kirdi's; rename it")
    if not own.licence.commercial and not accepted:
        raise ModelPackError(
            f"model pack {own.pack}: {own.licence.name}; a clinic's work is commercial. If it is "
            "yours to use, add --accept-non-commercial"
        )
    detector, detector_source = _detector(own, folder)
    embedder, embedder_source = _embedder(own, folder)
    files = [(DETECTOR, detector), (EMBEDDER, embedder)]
    sources = [detector_source, embedder_source]
    if own.liveness is not None:
        liveness, source = _liveness(own.liveness, folder, own.licence.name)
        files.append((LIVENESS, liveness))
        sources.append(source)
    vectors = json.dumps(asdict(own.embedder)).encode() + embedder_source.sha256.encode()
    pack_id = f"{own.pack}-{hashlib.sha256(vectors).hexdigest()[:12]}"

    def describe(entries: tuple[PackFile, ...]) -> Manifest:
        return Manifest(
            schema=SCHEMA,
            pack=own.pack,
            pack_id=pack_id,
            recipe=0,
            detector=_detector_model(own.detector),
            embedder=EmbedderModel(
                "uint8_graph",
                EMBEDDER,
                own.embedder.input,
                own.embedder.dimension,
                own.embedder.unit_norm,
                own.embedder.chip,
            ),
            liveness=LivenessModel(own.liveness.kind, LIVENESS) if own.liveness else None,
            scores=own.scores,
            licence=Licence(own.licence.name, own.licence.commercial, accepted),
            weak_for=own.weak_for,
            weak_reason=own.weak_reason,
            quantisation=(),
            sources=tuple(sources),
            files=entries,
        )

    with pack_lock(models_dir, own.pack):
        return place(models_dir, own.pack, files, describe)


def _read(path: Path) -> OwnPack:
    try:
        with path.open(encoding="utf-8") as file:
            values = yaml.safe_load(file.read(_MOST_BYTES))
        own: OwnPack = _OWN.validate_python(values)
    except (OSError, UnicodeDecodeError) as error:
        raise ModelPackError(f"{path}: cannot be read ({error}); see docs/models.md") from error
    except yaml.YAMLError as error:
        raise ModelPackError(f"{path}: not valid YAML; look at indentation and quotes") from error
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc']) or 'the file'}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False)[:5]
        )
        raise ModelPackError(f"{path}: {faults}; see docs/models.md") from error
    return own


def _detector_model(own: OwnDetector | None) -> DetectorModel:
    if own is not None and own.kind == "yunet":
        return DetectorModel("yunet", DETECTOR, YUNET_INPUT)
    return DetectorModel("centerface", DETECTOR, CENTERFACE_INPUT)


def _detector(own: OwnPack, folder: Path) -> tuple[bytes, SourceFile]:
    if own.detector is None:
        item = CATALOGUE["open"].ingredients[0]
        content, source = item.source.read(folder)
        return item.convert(content), source
    content, source = _own_file(folder, own.detector.file, own.licence.name)
    if own.detector.kind == "yunet":
        return build_yunet(content), source
    return CATALOGUE["open"].ingredients[0].convert(content), source


def _embedder(own: OwnPack, folder: Path) -> tuple[bytes, SourceFile]:
    from matcher.packs.uint8_graph import uint8_graph

    model = own.embedder
    content, source = _own_file(folder, model.file, own.licence.name)
    graph = uint8_graph(
        content,
        model.file,
        "chip",
        model.input,
        {model.output: "embedding"},
        model.chip.side_px,
    )
    return graph, source


def _liveness(model: OwnLiveness, folder: Path, licence: str) -> tuple[bytes, SourceFile]:
    from matcher.liveness import open_liveness
    from matcher.packs.onnx_file import read_onnx
    from matcher.session import Hardware

    content, source = _own_file(folder, model.file, licence)
    read_onnx(content, model.file)
    open_liveness(content, Hardware("cpu", threads=1))
    return content, source


def _own_file(folder: Path, name: str, licence: str) -> tuple[bytes, SourceFile]:
    path = folder / name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelPackError(f"{path}: cannot be read ({error.strerror})") from error
    digest = hashlib.sha256(content).hexdigest()
    return content, SourceFile(OWN, name, licence, digest, len(content))


_OWN: TypeAdapter[OwnPack] = TypeAdapter(OwnPack)
