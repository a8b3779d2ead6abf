"""Which people figures may be made of, so that other people are left to test them on.

The rule is fixed and needs no list: it depends on the name of a person's folder alone.
"""

import hashlib
from dataclasses import dataclass
from typing import Literal


def in_development_half(name: str) -> bool:
    """Whether a person belongs to the half that choices may be made on.

    Args:
        name: Of the person's folder. The first hexadecimal digit of its sha256 decides: 0 to 7.
    """
    return hashlib.sha256(name.encode()).digest()[0] < 0x80


@dataclass(frozen=True, slots=True)
class Selection:
    """Which people of a folder a cohort's figures are made of.

    Attributes:
        half: `development`: see `in_development_half`; `everyone`: no person is left to test on.
        photos: `single`: those with one photo, who serve for little else; `any`: all.
    """

    half: Literal["development", "everyone"]
    photos: Literal["single", "any"]

    def __contains__(self, person: tuple[str, int]) -> bool:
        """Whether it takes a person, given as name and number of photos in their folder."""
        name, photos = person
        return self.may_use(name) and (self.photos == "any" or photos == 1)

    def may_use(self, name: str) -> bool:
        """Whether a person is of the half at all: their scores with others may be in the tail."""
        return self.half == "everyone" or in_development_half(name)
