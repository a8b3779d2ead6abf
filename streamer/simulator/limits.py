"""The bounds of the simulated camera. Given to `server`; the defaults are a usual camera's."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client, and all together, may take.

    Attributes:
        max_clients: Connections at once; the next one is told 503.
        session_timeout_s: Silence after which a client is taken for gone.
        stall_timeout_s: How long a client may leave what it was sent unread.
        output_bytes: How much may wait in memory for one client before the sender waits.
        end_grace_s: How long a client may take to hang up after the end of the stream.
        report_interval_s: Seconds between RTCP sender reports.
    """

    max_clients: int = 64
    session_timeout_s: float = 60.0
    stall_timeout_s: float = 10.0
    output_bytes: int = 1 << 20
    end_grace_s: float = 2.0
    report_interval_s: float = 5.0
