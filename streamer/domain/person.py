"""Whom the national digital-documents service says somebody is. In memory only, for one moment."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Person:
    """Identity numbers, and nothing else of anybody.

    Attributes:
        id_type: `iin`, `passport` or `birth_certificate`.
        id_number: Of the person; looked up by its keyed hash and forgotten.
        dependants: Numbers of those the service says the person is guardian of.
    """

    id_type: str
    id_number: str = field(repr=False)
    dependants: tuple[str, ...] = field(default=(), repr=False)
