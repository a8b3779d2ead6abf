"""DET curves: each rate at its place, in both kinds of file."""

from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from matcher.evaluation.protocol import Protocol
from matcher.evaluation.report import Acquisition, Report, SystemReport
from streamer.commands.det_chart import HEIGHT, WIDTH, DetChart, Stroke
from streamer.commands.det_plot import DetPlot
from streamer.errors import InputError


def report(*curves: tuple[tuple[float, float], ...]) -> Report:
    systems = tuple(
        SystemReport(f"<system & {number}>", 1.0, (), curve, None, ())
        for number, curve in enumerate(curves)
    )
    return Report("open-1", Protocol(), Acquisition(9, 0.0, {}, 9, 0), systems, (), ())


def curve(chart: DetChart, system: int = 0) -> Stroke:
    thick = [stroke for stroke in chart.strokes if stroke.width > 1 and len(stroke.points) > 2]
    return thick[system]


def place(chart: DetChart, text: str, axis: int) -> float:
    """Where the tick with that text lies: across if `axis` is 0, else down."""
    labels = [one for one in chart.labels if one.text == text]
    return sorted(labels, key=lambda one: one.anchor == "middle")[1 - axis].at[axis]


def test_rates_lie_where_the_axes_say() -> None:
    chart = DetChart.of(report(((0.001, 0.3), (0.03, 0.1), (1.0, 0.01))))
    expected = [("0.1 %", "30 %"), ("3 %", "10 %"), ("100 %", "1 %")]
    for point, (fpir, fnir) in zip(curve(chart).points, expected, strict=True):
        assert point == pytest.approx((place(chart, fpir, 0), place(chart, fnir, 1)), abs=0.1)


def test_a_curve_ends_where_nobody_is_missed_and_few_make_room_for_more() -> None:
    chart = DetChart.of(report(((0.001, 0.3), (0.01, 0.0002), (0.1, 0.00011), (1.0, 0.0))))
    assert len(curve(chart).points) == 3
    assert place(chart, "0.01 %", 1) > curve(chart).points[-1][1]
    # Nobody missed at all: a legend without a line.
    nobody = DetChart.of(report(((0.001, 0.0), (1.0, 0.0))))
    assert "<system & 0>" in {label.text for label in nobody.labels}


def test_everything_lies_on_the_sheet() -> None:
    chart = DetChart.of(report(((0.001, 1.0), (0.01, 0.5), (1.0, 0.00002))))
    places = [point for stroke in chart.strokes for point in stroke.points]
    for x, y in [*places, *(label.at for label in chart.labels)]:
        assert 0 <= x <= WIDTH
        assert 0 <= y <= HEIGHT


@pytest.mark.parametrize("name", ["det.svg", "det.png", "DET.PNG"])
def test_a_file_shows_a_line_in_the_colour_of_each_system(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    points = ((0.001, 0.3), (0.03, 0.1), (1.0, 0.01))
    known = report(points, tuple((fpir, fnir / 2) for fpir, fnir in points))
    DetPlot(path).draw(known)
    colours = [curve(DetChart.of(known), system).colour for system in (0, 1)]
    if path.suffix == ".svg":
        tree = ET.parse(path)
        texts = {one.text for one in tree.iter() if one.text}
        assert {"<system & 0>", "<system & 1>"} < texts
        assert set(colours) < {one.get("stroke") for one in tree.iter()}
    else:
        pixels = np.asarray(Image.open(path).convert("RGB")).reshape(-1, 3)
        for colour in colours:
            rgb = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
            assert (pixels == rgb).all(axis=1).sum() > 300


@pytest.mark.parametrize("name", ["det.jpeg", "det", "nowhere/det.png", "folder.svg"])
def test_a_place_that_cannot_be_drawn_to_is_told_at_once(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.svg").mkdir()
    with pytest.raises(InputError, match="--plot"):
        DetPlot(tmp_path / name)


def test_a_disk_that_refuses_is_told() -> None:
    with pytest.raises(InputError, match="cannot be written"):
        DetPlot(Path("/proc/det.svg")).draw(report(((0.001, 0.3), (1.0, 0.1))))
