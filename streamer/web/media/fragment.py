"""A trickled SDP fragment (RFC 8840): candidates that a viewer found later. Pure."""

from dataclasses import dataclass
from typing import Self

from streamer.web.media.lines import MOST_CANDIDATES, Candidate, candidate_of, ice_word, lines_of
from streamer.web.media.refusal import SdpError


@dataclass(frozen=True, slots=True)
class Fragment:
    """What came.

    Attributes:
        ufrag: Whose candidates; another one than the offer's asks for a restart of ICE.
        candidates: Those that can be used.
    """

    ufrag: str
    candidates: tuple[Candidate, ...]

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read `application/trickle-ice-sdpfrag`.

        Raises:
            SdpError: It is none.
        """
        ufrag, found, seen = None, list[Candidate](), 0
        for line in lines_of(body):
            name, _, value = line.removeprefix("a=").partition(":")
            if line.startswith("a=ice-ufrag:"):
                ufrag = ice_word(value.strip(), "ice-ufrag", 4)
            elif line.startswith("a=candidate:"):
                seen += 1
                if seen > MOST_CANDIDATES:
                    raise SdpError(f"more than {MOST_CANDIDATES} candidates")
                one = candidate_of(value)
                if one is not None:
                    found.append(one)
            elif len(line) < 2 or line[1] != "=" or not name:
                raise SdpError("a line of the fragment is none")
        if ufrag is None:
            raise SdpError("ice-ufrag is missing")
        return cls(ufrag, tuple(found))
