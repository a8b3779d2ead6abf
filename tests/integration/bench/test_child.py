import asyncio
from pathlib import Path

import pytest

from streamer.bench.child import Child
from streamer.errors import KirdiError


def test_a_child_that_cannot_go_on_says_why_in_plain_words(tmp_path: Path) -> None:
    async def ask() -> None:
        request = b'"/nowhere/clip.mp4"'
        async with Child.running("streamer.bench.camera_child", request, tmp_path) as child:
            await child.answer(30.0)

    with pytest.raises(KirdiError) as caught:
        asyncio.run(ask())
    assert str(caught.value) == (
        "benchmark: camera_child ended early with 1 "
        "(/nowhere/clip.mp4: not a file; give the path of a video file)"
    )
