"""The figures scores rest on: a cohort's mean and covariance, and the tail of strangers' scores.

Shipped with a pack or made at a site by `kirdi models calibrate`; nobody's template is in them.
"""

import base64
import binascii
import json
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter, ValidationError

from matcher.cohort import Cohort
from matcher.errors import MatcherError
from matcher.face import Vector
from matcher.halves import Selection
from matcher.tail import Tail

LEAST_PEOPLE = 500
"""A covariance of fewer people says too little, and too much of each of them."""

# Another normalisation of scores, another number: the tail would be of other scores.
_SCHEMA = 3


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """The figures of one pack.

    Attributes:
        pack_id: Vectors of this pack.
        source: Whose photos, in words.
        selection: Which of those people the cohort's figures are made of.
        people: How many those were, one photo each.
        mean: float64 (d,), of their embeddings.
        covariance: float64 (d, d), of the same.
        tail: Of strangers' scores against that cohort.
    """

    pack_id: str
    source: str
    selection: Selection
    people: int
    mean: npt.NDArray[np.float64]
    covariance: npt.NDArray[np.float64]
    tail: Tail

    def cohort(self) -> Cohort:
        """The strangers drawn of these figures, always the same ones."""
        return Cohort.draw(self.pack_id, self.mean, self.covariance)

    def to_json(self) -> str:
        """One JSON object with a final newline; the covariance as its lower triangle."""
        triangle = self.covariance[np.tril_indices(len(self.mean))]
        record = {
            "schema": _SCHEMA,
            "pack_id": self.pack_id,
            "source": self.source,
            "selection": asdict(self.selection),
            "people": self.people,
            "mean": _packed(self.mean),
            "covariance": _packed(triangle),
            "tail": asdict(self.tail),
        }
        return json.dumps(record, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> "Calibration":
        """Read what `to_json` wrote.

        Raises:
            MatcherError: It is damaged, of another version of Kirdi, or of too few people.
        """
        try:
            record = _RECORD.validate_json(text)
            if record.schema != _SCHEMA:
                raise MatcherError(
                    f"made by another version of Kirdi, with schema {record.schema} instead of "
                    f"{_SCHEMA}"
                )
            if record.people < LEAST_PEOPLE:
                raise ValueError(f"made of {record.people} people, fewer than {LEAST_PEOPLE}")
            mean, triangle = _unpacked(record.mean), _unpacked(record.covariance)
            length = len(mean)
            if len(triangle) != length * (length + 1) // 2:
                raise ValueError("mean and covariance do not fit each other")
        except ValidationError as error:
            fault = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in fault["loc"]) or "the text"
            raise MatcherError(f"damaged ({where}: {fault['msg']})") from error
        except (ValueError, binascii.Error) as error:
            raise MatcherError(f"damaged ({error})") from error
        covariance = np.zeros((length, length))
        covariance[np.tril_indices(length)] = triangle
        covariance += np.tril(covariance, -1).T
        return cls(
            record.pack_id,
            record.source,
            record.selection,
            record.people,
            mean,
            covariance,
            record.tail,
        )


@dataclass(frozen=True, slots=True)
class _Record:
    """The file; arrays are little-endian float32 in base64."""

    schema: int
    pack_id: str
    source: str
    selection: Selection
    people: int
    mean: str
    covariance: str
    tail: Tail


_RECORD = TypeAdapter(_Record)


def _packed(values: npt.NDArray[np.float64]) -> str:
    return base64.b64encode(values.astype("<f4").tobytes()).decode()


def _unpacked(text: str) -> npt.NDArray[np.float64]:
    raw = base64.b64decode(text, validate=True)
    values: Vector = np.frombuffer(raw, "<f4")
    if not len(values) or not np.isfinite(values).all():
        raise ValueError("its values are no numbers")
    return values.astype(np.float64)
