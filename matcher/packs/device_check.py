"""Compares what two sessions of one model say: `kirdi models verify --device`."""

from dataclasses import dataclass

import numpy as np

from matcher.packs.pack import Pack
from matcher.session import Hardware, Port, Session, Tensor

TOLERANCE = 0.01
"""Of an output's largest value. GPUs multiply with ten bits of mantissa unless told not to."""

_BATCH = 2
_SIDE = 320
_FLOATS = "tensor(float)"


@dataclass(frozen=True, slots=True)
class DeviceCheck:
    """How far one output on a device is from the same on the CPU.

    Attributes:
        model: The pack's file.
        output: Its name.
        deviation: Largest difference, in parts of the largest value on the CPU.
        ok: Whether that is within the tolerance.
    """

    model: str
    output: str
    deviation: float
    ok: bool


def check_device(pack: Pack, hardware: Hardware) -> list[DeviceCheck]:
    """Run both models on the device and on the CPU, on the same generated pictures; blocking.

    Raises:
        DeviceError: The device cannot be had.
        ModelPackError: A model is damaged or cannot be loaded.
        MatcherError: A model does not run.
    """
    checks: list[DeviceCheck] = []
    for name in (pack.manifest.detector.file, pack.manifest.embedder.file):
        content = pack.read(name)
        there = Session.open(content, name, hardware)
        here = Session.open(content, name, Hardware("cpu", hardware.threads))
        checks += compare(name, here, there)
    return checks


def compare(name: str, here: Session, there: Session) -> list[DeviceCheck]:
    """Run two sessions on the same generated pictures, and compare every output.

    Raises:
        MatcherError: One of them does not run.
    """
    inputs = {port.name: _picture(port) for port in here.inputs}
    expected, found = here.run(inputs), there.run(inputs)
    checks: list[DeviceCheck] = []
    for output, values in expected.items():
        largest = max(float(np.abs(values).max(initial=0.0)), float(np.finfo(np.float32).tiny))
        deviation = float(np.abs(found[output] - values).max(initial=0.0)) / largest
        # A deviation that is no number is none within the tolerance.
        checks.append(DeviceCheck(name, output, deviation, deviation <= TOLERANCE))
    return checks


def _picture(port: Port) -> Tensor:
    """Noise under a slope: every channel and every corner differs."""
    free = [_BATCH] + [_SIDE] * (len(port.shape) - 1)
    shape = [
        length if isinstance(length, int) else other
        for length, other in zip(port.shape, free, strict=True)
    ]
    noise = np.random.default_rng(0).integers(0, 128, shape)
    slope = np.linspace(0, 127, num=int(np.prod(shape))).reshape(shape)
    pixels = (noise + slope).astype(np.uint8)
    if port.type == _FLOATS:
        return np.asarray(pixels / 128 - 1, np.float32)
    return pixels
