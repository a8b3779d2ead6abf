"""Watches whether a camera's picture is fit for faces. Pure; used in the decoder process.

One picture proves nothing: somebody passes close by, a lamp goes out for a moment, an exposure
settles. So every finding has to last before it counts, and so has its end.
"""

from collections.abc import Callable
from typing import Final

from streamer.ingest.picture_judge import is_blurred, is_covered, is_dark
from streamer.ingest.viewpoint import Viewpoint

_LOOK_S: Final = 1.0
_SHARP_S: Final = 10.0
_SOFT_S: Final = 2.0
"""Sharpness changes slowly and costs more than all the rest: so rarely it is looked at while the
picture is sharp, and so often once it was not."""
_EARLY_S: Final = 0.1
"""Looks come with frames, and so not to the millisecond."""
_BEGINS_S: Final = 5.0
_MOVED_S: Final = 30.0
"""A crowd before the lens is not another place."""
_ENDS_S: Final = 3.0


class PictureWatch:
    """Dark, blurred, covered, moved: each with its own patience."""

    def __init__(self, reference: bytes) -> None:
        """Begin with a picture that has nothing wrong.

        Args:
            reference: Of an earlier connection (`Viewpoint`), or empty.
        """
        self._dark, self._covered = _Lasting(_BEGINS_S), _Lasting(_BEGINS_S)
        self._blurred, self._moved = _Lasting(_BEGINS_S), _Lasting(_MOVED_S)
        self._viewpoint = Viewpoint(reference)
        self._looked_at = self._detail_at = float("-inf")
        self._soft = False

    @property
    def findings(self) -> tuple[bool, bool, bool, bool]:
        """What has lasted: dark, blurred, covered, moved."""
        return self._dark.holds, self._blurred.holds, self._covered.holds, self._moved.holds

    def due(self, now: float) -> bool:
        """Whether it is time for a look."""
        return now - self._looked_at >= _LOOK_S

    def look(self, blocks: bytes, detail: Callable[[], bytes] | None, now: float) -> None:
        """Judge a picture.

        Args:
            blocks: Grey picture of `luma.BLOCKS`.
            detail: Makes the grey picture of `luma.DETAIL`; None for a picture too small for it.
            now: Monotonic seconds.
        """
        self._looked_at = now
        dark = is_dark(blocks)
        covered = not dark and is_covered(blocks)
        plain = dark or covered
        if plain or detail is None:
            self._soft = False
        elif now - self._detail_at >= (_SOFT_S if self._soft else _SHARP_S) - _EARLY_S:
            self._soft, self._detail_at = is_blurred(detail()), now
        self._dark.note(dark, now)
        self._covered.note(covered, now)
        self._blurred.note(self._soft, now)
        if not (plain or self._soft):
            self._viewpoint.look(blocks, now)
            self._moved.note(self._viewpoint.elsewhere(), now)

    def reference(self, now: float) -> bytes | None:
        """The picture's reference where it is new; None otherwise, and while anything is wrong."""
        if any(self.findings) or self._moved.pending:
            return None
        return self._viewpoint.renewed(now)

    def forget_reference(self) -> None:
        """Begin anew with where the camera looks: a minute from now that is its reference."""
        self._viewpoint, self._moved = Viewpoint(b""), _Lasting(_MOVED_S)


class _Lasting:
    """A finding that counts once it has lasted, until its absence has."""

    def __init__(self, begins_s: float) -> None:
        self.holds = False
        self._begins_s = begins_s
        self._since: float | None = None

    @property
    def pending(self) -> bool:
        """Is the newest picture's finding another than the one that counts?"""
        return self._since is not None

    def note(self, found: bool, now: float) -> None:
        """Take in what a picture shows."""
        if found == self.holds:
            self._since = None
            return
        if self._since is None:
            self._since = now
        if now - self._since >= (_ENDS_S if self.holds else self._begins_s):
            self.holds, self._since = found, None
