"""The recorded people: who is in which clip, and stills to enrol them from."""

import csv
from collections.abc import Sequence
from pathlib import Path

import av
import cv2
import numpy as np

from tests import data

# One or two clips per person are for enrolment; everything else is what the camera sees.
ENROLLED_FROM = {"A": ("again", "help"), "B": ("milk", "please"), "C": ("book", "walk")}


def clips_by_person() -> dict[str, list[Path]]:
    folder = data.need("clips/people")
    by_person: dict[str, list[Path]] = {}
    with (folder / "people.csv").open() as stream:
        for row in csv.DictReader(stream):
            by_person.setdefault(row["person"], []).append(folder / row["clip"])
    return by_person


def unseen_clips(person: str) -> list[Path]:
    """A person's clips that are not used for enrolment."""
    taken = ENROLLED_FROM[person]
    return [clip for clip in clips_by_person()[person] if clip.stem not in taken]


def stills(person: str, folder: Path) -> list[Path]:
    """Two pictures of each enrolment clip, written as PNG."""
    files = []
    for clip in clips_by_person()[person]:
        if clip.stem not in ENROLLED_FROM[person]:
            continue
        frames = decode(clip)
        for part in (0.25, 0.6):
            file = folder / f"{clip.stem}-{int(100 * part)}.png"
            picture = frames[int(part * len(frames))]
            assert cv2.imwrite(str(file), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
            files.append(file)
    return files


def decode(clip: Path) -> Sequence[np.ndarray]:
    with av.open(str(clip)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def cut(clip: Path, parts: int, folder: Path) -> list[Path]:
    """A clip in parts of about equal length, packet by packet, each from a keyframe on."""
    files = [folder / f"{clip.stem}-{index}.mp4" for index in range(parts)]
    with av.open(str(clip)) as source:
        video = source.streams.video[0]
        packets = [packet for packet in source.demux(video) if packet.dts is not None]
        keyframes = [index for index, packet in enumerate(packets) if packet.is_keyframe]
        wanted = [part * len(packets) // parts for part in range(parts)]
        starts = [min(keyframes, key=lambda key: abs(key - want)) for want in wanted]
        ends = [*starts[1:], len(packets)]
        for file, start, end in zip(files, starts, ends, strict=True):
            with av.open(str(file), "w") as target:
                stream = target.add_stream_from_template(video)
                first = packets[start].dts or 0
                for packet in packets[start:end]:
                    assert packet.dts is not None
                    assert packet.pts is not None
                    packet.stream, packet.dts, packet.pts = (
                        stream,
                        packet.dts - first,
                        packet.pts - first,
                    )
                    target.mux(packet)
    return files
