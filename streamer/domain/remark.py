"""What somebody should know although nothing was refused; pages say it in their languages."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Remark:
    """One line.

    Attributes:
        code: What it is, for whoever has words of their own for it (`web/pages/remark_words.py`).
        text: In English.
        values: What those words name, nothing secret.
    """

    code: str
    text: str
    values: Mapping[str, str | int] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text
