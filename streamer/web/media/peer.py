"""One viewer's WebRTC connection, by aiortc. Everything here runs in the media thread.

aiortc keeps two things to itself that are needed: where its agent looks for candidates, and the
offset of its RTP times. They are touched in this file only.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from aiortc import (
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.exceptions import InternalError, InvalidAccessError, InvalidStateError, OperationError
from aiortc.sdp import candidate_from_sdp

from streamer.errors import KirdiError
from streamer.web.media.broadcast import Broadcast
from streamer.web.media.ice_rules import IceRules
from streamer.web.media.lines import MOST_CANDIDATES, Candidate
from streamer.web.media.offer import Offer
from streamer.web.media.packet_track import PacketTrack
from streamer.web.media.refusal import SdpError

CLOSE_S: Final = 3.0
_LOOPBACK: Final = ("127.0.0.1",)
"""Where there is nothing else, as without a network: aioice leaves it out."""
_MODULO: Final = 1 << 32
_ERRORS: Final = (
    InternalError,
    InvalidAccessError,
    InvalidStateError,
    OperationError,
    ValueError,
    AssertionError,
    KeyError,
    IndexError,
)


class Peer:
    """From an offer to the end."""

    def __init__(
        self,
        broadcast: Broadcast,
        rules: IceRules,
        now: Callable[[], float],
        over: Callable[[str], None],
    ) -> None:
        """Make the connection; nothing is sent.

        Args:
            broadcast: What is sent.
            rules: How it is reached.
            now: Monotonic seconds.
            over: Told, once and in this thread, why the connection has ended by itself.
        """
        self._rules = rules
        self._over = over
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=_servers(rules)))
        self.track = PacketTrack(broadcast, now)
        self.track.on_next = self._learn
        self._sender: RTCRtpSender = self._connection.addTransceiver(
            self.track, direction="sendonly"
        ).sender
        self._connection.on("connectionstatechange", self._changed)
        self._candidates = self._checks = 0
        self.rtp_offset: int | None = None
        """What aiortc adds to the track's times; None until something has been sent."""

    async def answer(self, offer: Offer) -> str:
        """Answer an offer, with every candidate there is.

        Raises:
            SdpError: It cannot be answered.
            KirdiError: There is no address to be reached at.
        """
        self._candidates = len(offer.candidates)
        try:
            await self._connection.setRemoteDescription(
                RTCSessionDescription(offer.for_aiortc, "offer")
            )
            self._watch_agent()
            await self._connection.setLocalDescription(await self._connection.createAnswer())
        except _ERRORS as error:
            raise SdpError("the offer cannot be answered") from error
        answer = self._connection.localDescription.sdp
        if "a=candidate:" not in answer:
            raise KirdiError(
                "live video: cannot be sent from this machine; tell whoever runs it",
                command="it has none of the addresses in live.addresses",
            )
        return offer.answer(answer)

    async def reach(self, candidates: Sequence[Candidate]) -> None:
        """Try further candidates.

        Raises:
            SdpError: They are too many by now.
        """
        self._candidates += len(candidates)
        if self._candidates > MOST_CANDIDATES:
            raise SdpError(f"more than {MOST_CANDIDATES} candidates")
        for one in candidates:
            found = candidate_from_sdp(one.line)
            found.sdpMLineIndex = 0
            with contextlib.suppress(*_ERRORS):
                await self._connection.addIceCandidate(found)

    async def heard(self) -> int:
        """What has come from the other end; as long as it lives this grows."""
        stats = await self._sender.getStats()
        return self._checks + sum(
            int(getattr(one, "packetsReceived", 0) or 0)
            for one in stats.values()
            if one.type == "transport"
        )

    async def close(self) -> None:
        """End it; nobody is told. Harmless to repeat."""
        self._over = lambda _why: None
        self.track.stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await self._connection.close()

    def _changed(self) -> None:
        state = self._connection.connectionState
        if state in ("failed", "closed"):
            over, self._over = self._over, lambda _why: None
            over("peer" if state == "closed" else "unreachable")

    def _learn(self, sent: int | None) -> None:
        if self.rtp_offset is None and sent is not None:
            latest = getattr(self._sender, "_RTCRtpSender__rtp_timestamp", None)
            if isinstance(latest, int) and latest:
                self.rtp_offset = (latest - sent) % _MODULO

    def _watch_agent(self) -> None:
        """Bind where the settings say, and count the checks of the other end, once it is known.

        Those say that it lives also while the camera is away and nothing is sent.
        """
        agent = self._sender.transport.transport.iceGatherer._connection
        gather: Callable[..., Coroutine[Any, Any, Any]] = agent.get_component_candidates
        check: Callable[..., None] = agent.check_incoming
        wanted = list(self._rules.addresses)

        async def gather_chosen(component: int, addresses: list[str]) -> Any:
            places = wanted or addresses or list(_LOOPBACK)
            return await gather(component=component, addresses=places)

        def check_counted(*arguments: Any) -> None:
            self._checks += 1
            check(*arguments)

        setattr(agent, "get_component_candidates", gather_chosen)  # noqa: B010 - they are methods
        setattr(agent, "check_incoming", check_counted)  # noqa: B010


def _servers(rules: IceRules) -> list[RTCIceServer]:
    """None unless configured: aiortc's default is a stranger's."""
    servers = []
    if rules.stun is not None:
        servers.append(RTCIceServer(rules.stun))
    if rules.turn is not None:
        servers.append(RTCIceServer(rules.turn, rules.turn_user, rules.turn_password))
    return servers
