"""What a model pack says about itself: the `manifest.json` beside its files."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Annotated, Final

from pydantic import Field, TypeAdapter, ValidationError

from matcher.errors import ModelPackError
from matcher.packs.models import DetectorModel, EmbedderModel, FileName, LivenessModel
from matcher.packs.quantisation import QuantisationCheck
from matcher.packs.score_scale import ScoreScale

SCHEMA: Final = 3
OWN: Final = "own"
REMEDY: Final = "run: kirdi models build"

PackName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


@dataclass(frozen=True, slots=True)
class Licence:
    """Under which terms the weights may be used.

    Attributes:
        name: SPDX, or the terms in words.
        commercial: Whether a clinic may use it in its work.
        accepted: When non-commercial terms were accepted here, ISO 8601; empty if they needn't be.
    """

    name: str
    commercial: bool
    accepted: str = ""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file the pack was made from.

    Attributes:
        origin: An installed distribution with its version, an address, or `own`.
        path: Path inside the distribution or archive, else the file's name.
        licence: Of the weights, SPDX or words.
        sha256: Of the file, hexadecimal.
        size: In bytes.
    """

    origin: str
    path: str
    licence: str
    sha256: Sha256
    size: Annotated[int, Field(ge=0)]


@dataclass(frozen=True, slots=True)
class PackFile:
    """A file of the pack: its name, sha256 (hexadecimal) and size in bytes."""

    name: FileName
    sha256: Sha256
    size: Annotated[int, Field(ge=0)]


@dataclass(frozen=True, slots=True)
class Manifest:
    """The pack's description.

    Attributes:
        schema: Version of this description.
        pack: Name of the pack and of its folder.
        pack_id: Goes with every embedding; vectors of different ids are never compared. It changes
            whenever vectors become incomparable.
        recipe: Version of the code that makes the files; another one makes them anew.
        detector: What finds faces.
        embedder: What compares them.
        liveness: What tells a face from a picture of one, if the pack has that.
        scores: Which distances and scores mean what.
        licence: The narrowest of its files' terms.
        weak_for: Groups of people it is known to be worse for.
        weak_reason: How that is known; empty if `weak_for` is.
        quantisation: What int8 changed, measured when it was made; empty for fp32.
        sources: What the pack was made from.
        files: What it consists of.
    """

    schema: int
    pack: PackName
    pack_id: Annotated[str, Field(min_length=1, max_length=80)]
    recipe: int
    detector: DetectorModel
    embedder: EmbedderModel
    liveness: LivenessModel | None
    scores: ScoreScale
    licence: Licence
    weak_for: tuple[str, ...]
    weak_reason: str
    quantisation: tuple[QuantisationCheck, ...]
    sources: tuple[SourceFile, ...]
    files: tuple[PackFile, ...]

    def file(self, name: str) -> PackFile:
        """The entry of one file.

        Raises:
            ModelPackError: The manifest names no such file.
        """
        for entry in self.files:
            if entry.name == name:
                return entry
        raise ModelPackError(f"model pack {self.pack}: its manifest names no {name}; {self.remedy}")

    @property
    def remedy(self) -> str:
        """What makes a damaged pack anew."""
        published = any("://" in source.origin for source in self.sources)
        own = any(source.origin == OWN for source in self.sources)
        if self.quantisation:
            return f"run: kirdi models build {self.pack.removesuffix('-int8')} --int8"
        if own:
            return f"run: kirdi models build {self.pack} --from FOLDER"
        return f"run: kirdi models {'pull' if published else 'build'} {self.pack}"

    @property
    def needed(self) -> tuple[str, ...]:
        """Names of the files that the models lie in."""
        liveness = self.liveness.file if self.liveness is not None else None
        named = (self.detector.file, self.embedder.file, liveness)
        return tuple(name for name in named if name is not None)

    @property
    def digest(self) -> str:
        """The sha256 of everything above, hexadecimal: tells a damaged manifest."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()

    def to_json(self) -> str:
        """The manifest and its digest as indented JSON with a final newline."""
        return json.dumps({**asdict(self), "digest": self.digest}, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str, remedy: str = REMEDY) -> "Manifest":
        """Read what `to_json` wrote.

        Args:
            text: The manifest.
            remedy: What to do about a damaged one.

        Raises:
            ModelPackError: The text is no manifest, or one of another version of Kirdi.
        """
        try:
            outer = _OUTER.validate_json(text, strict=True)
            if outer.schema != SCHEMA:
                raise ModelPackError(
                    f"manifest.json is of schema {outer.schema}, this version of Kirdi reads "
                    f"{SCHEMA}; {remedy}"
                )
            manifest = _MANIFEST.validate_json(text, strict=True)
            if outer.digest != manifest.digest:
                raise ValueError("its digest differs")
            for name in manifest.needed:
                manifest.file(name)
        except ValidationError as error:
            fault = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in fault["loc"]) or "the text"
            raise ModelPackError(
                f"manifest.json is damaged ({where}: {fault['msg']}); {remedy}"
            ) from error
        except ValueError as error:
            raise ModelPackError(f"manifest.json is damaged ({error}); {remedy}") from error
        return manifest


@dataclass(frozen=True, slots=True)
class _Outer:
    """What is looked at before everything else."""

    schema: int
    digest: str


_OUTER: Final = TypeAdapter(_Outer)
_MANIFEST: Final = TypeAdapter(Manifest)
