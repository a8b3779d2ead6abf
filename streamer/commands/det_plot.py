"""Draws detection error trade-off curves. Used by `kirdi evaluate --plot`.

matplotlib is no requirement of the service: whoever draws installs it.
"""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matcher.evaluation.report import Report
from streamer.errors import InputError, KirdiError

_SUFFIXES = (".png", ".svg", ".pdf")
_TICKS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)


class DetPlot:
    """A file to be drawn; asked for before the long work, so that nothing is measured in vain."""

    def __init__(self, path: Path) -> None:
        """Find the library.

        Raises:
            InputError: The name says no format that can be drawn, or its folder is missing.
            KirdiError: matplotlib is not installed.
        """
        if path.suffix.lower() not in _SUFFIXES:
            raise InputError(f"--plot {path}: end the name in {', '.join(_SUFFIXES)}")
        if not path.parent.is_dir():
            raise InputError(f"--plot {path}: there is no folder {path.parent}")
        try:
            self._figure: Any = importlib.import_module("matplotlib.figure").Figure
        except ImportError as error:
            raise KirdiError(
                "--plot needs matplotlib, which is not installed; run: pip install 'kirdi[plot]'"
            ) from error
        self._path = path

    def draw(self, report: Report) -> None:
        """Write a curve per system, both axes logarithmic.

        Raises:
            InputError: The file cannot be written.
        """
        figure = self._figure(figsize=(6, 5), layout="constrained")
        axes = figure.add_subplot(xscale="log", yscale="log")
        for system in report.systems:
            # A rate of none has no place on a logarithmic axis: the curve ends before it.
            points = [(fpir, fnir) for fpir, fnir in system.det if fnir > 0]
            axes.plot(*_columns(points), label=system.system)
        protocol = report.protocol
        axes.set(
            xlabel="FPIR: strangers taken for somebody",
            ylabel="FNIR: people missed",
            xticks=_TICKS,
            xticklabels=[f"{100 * tick:g} %" for tick in _TICKS],
            yticks=_TICKS,
            yticklabels=[f"{100 * tick:g} %" for tick in _TICKS],
            title=f"{protocol.gallery} enrolled, {protocol.photos} photo(s), "
            f"{protocol.probes} probe(s), median of {protocol.splits} splits",
        )
        axes.grid(visible=True, alpha=0.3)
        axes.legend()
        try:
            figure.savefig(self._path)
        except OSError as error:
            raise InputError(f"{self._path}: cannot be written ({error.strerror})") from error


def _columns(points: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in points], [y for _, y in points]
