"""What a decoder must know before the first picture. Read by `nal`, sent by `sdp` and in-band."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ParameterSets:
    """The sequence and picture parameter sets; `vps` is empty for H.264."""

    vps: tuple[bytes, ...] = ()
    sps: tuple[bytes, ...] = ()
    pps: tuple[bytes, ...] = ()

    def updated(self, newer: "ParameterSets") -> "ParameterSets":
        """These sets, with every kind that `newer` has replaced by it."""
        return ParameterSets(
            vps=newer.vps or self.vps, sps=newer.sps or self.sps, pps=newer.pps or self.pps
        )

    def missing_from(self, present: "ParameterSets") -> tuple[bytes, ...]:
        """The units of every kind that `present` has none of, in the order to send them."""
        return (
            (() if present.vps else self.vps)
            + (() if present.sps else self.sps)
            + (() if present.pps else self.pps)
        )
