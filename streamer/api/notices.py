"""What an operator should know, for `web.resources.Notices`."""

from collections.abc import Awaitable, Callable, Sequence

from streamer.domain.remark import Remark


class ApiNotices:
    """Asked anew each time: a calibration or an enrolment settles some of them."""

    def __init__(self, ask: Callable[[], Awaitable[Sequence[Remark]]]) -> None:
        """Keep who knows; raises DatabaseError when asked."""
        self._ask = ask

    async def notices(self) -> Sequence[Remark]:
        """One line each; raises DatabaseError."""
        return await self._ask()
