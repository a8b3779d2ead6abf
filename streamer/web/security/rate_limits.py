"""How often somebody may ask: a token bucket each, and a bound on how many buckets there are. Pure.

Used by `gate`, with the time from its clock.
"""

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address
from typing import Final

_MOST: Final = 4_096
"""Buckets at most. Beyond it the one used longest ago is forgotten, which gives it back its all."""


class RateLimit:
    """So many requests a second, and so many at once after a pause."""

    def __init__(self, per_second: float, burst: float, most: int = _MOST) -> None:
        """Start with full buckets.

        Args:
            per_second: How quickly a bucket fills.
            burst: How much it holds.
            most: Buckets kept at most.
        """
        self._per_second = per_second
        self._burst = burst
        self._most = most
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, who: str, now_s: float, cost: float = 1.0) -> float | None:
        """Take from somebody's bucket.

        Returns:
            None = they may; else the seconds after which they may. Then nothing is taken.
        """
        left = self._left(who, now_s)
        wait_s = None if left >= cost else (cost - left) / self._per_second
        self._keep(who, left if wait_s is not None else left - cost, now_s)
        return wait_s

    def charge(self, who: str, now_s: float, cost: float) -> None:
        """Take afterwards, what somebody turned out to have cost; into debt, if need be."""
        self._keep(who, max(-self._burst, self._left(who, now_s) - cost), now_s)

    def __len__(self) -> int:
        return len(self._buckets)

    def _left(self, who: str, now_s: float) -> float:
        left, since_s = self._buckets.get(who, (self._burst, now_s))
        return min(self._burst, left + max(0.0, now_s - since_s) * self._per_second)

    def _keep(self, who: str, left: float, now_s: float) -> None:
        self._buckets[who] = (left, now_s)
        self._buckets.move_to_end(who)
        while len(self._buckets) > self._most:
            self._buckets.popitem(last=False)


def neighbourhood(address: str) -> str:
    """Return what counts as one place: an IPv4 address, or the network an IPv6 one is out of.

    Whoever has an IPv6 address has 2**64 of them.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
    return str(parsed)
