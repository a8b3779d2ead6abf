"""Quantises a model to int8: static, with the ranges that real pictures give. Called by `quantise`.

Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference" (2018): weights per channel, activations per tensor.
"""

import contextlib
import io
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import version_converter
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from matcher.errors import ModelPackError

_OPSET = 17
_IR_VERSION = 8
_PERCENTILE = 99.99
_OPERATIONS = ("Conv", "MatMul", "Gemm")

Pixels = npt.NDArray[np.uint8]


def to_int8(
    model: bytes, name: str, pictures: Sequence[Pixels], *, positions: bool = False
) -> bytes:
    """The model with int8 convolutions and matrices; its input stays uint8 pixels.

    Args:
        model: A pack's graph, which has one input.
        name: What messages call it.
        pictures: Inputs, uint8 (batch, height, width, 3); their ranges become the activations'.
        positions: What it gives are positions, for which 256 steps over the whole range are too
            few: the first convolution and those next to the outputs stay as they are, and the
            rarest values are cut off.

    Raises:
        ModelPackError: It cannot be quantised.
    """
    loaded = onnx.load_model_from_string(model)
    taken = loaded.graph.input[0].name
    try:
        if max(one.version for one in loaded.opset_import) < _OPSET:
            # Per-channel scales are an operator of opset 13.
            loaded = version_converter.convert_version(loaded, _OPSET)
        loaded.ir_version = max(loaded.ir_version, _IR_VERSION)
        with (
            tempfile.TemporaryDirectory(prefix="kirdi-int8-") as folder,
            contextlib.redirect_stdout(io.StringIO()),  # its progress is of no use
        ):
            plain, before, after = (Path(folder) / f"{stage}.onnx" for stage in range(3))
            onnx.save_model(loaded, plain)
            # Shapes follow from the calibration; the symbolic inference needs another package.
            quant_pre_process(plain, before, skip_symbolic_shape=True)
            ends = _name_nodes(before) if positions else []
            method = CalibrationMethod.Percentile if positions else CalibrationMethod.MinMax
            quantize_static(
                before,
                after,
                _Reader(taken, pictures),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=list(_OPERATIONS),
                nodes_to_exclude=ends,
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                calibrate_method=method,
                # One picture at a time: all values inside the network are held meanwhile.
                extra_options={"CalibPercentile": _PERCENTILE, "CalibStridedMinMax": 1},
            )
            return after.read_bytes()
    except (RuntimeError, ValueError, OSError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise ModelPackError(f"{name}: it cannot be quantised ({first})") from error


def _name_nodes(path: Path) -> list[str]:
    """Give every node of a file a name; those of the convolutions at its ends are returned."""
    model = onnx.load_model(path)
    makers: dict[str, onnx.NodeProto] = {}
    for index, node in enumerate(model.graph.node):
        node.name = f"node_{index}"
        makers.update(dict.fromkeys(node.output, node))
    onnx.save_model(model, path)
    ends = [node.name for node in model.graph.node if node.op_type == "Conv"][:1]
    waiting = [value.name for value in model.graph.output]
    while waiting:
        maker = makers.get(waiting.pop())
        if maker is None:
            continue
        if maker.op_type == "Conv":
            ends.append(maker.name)
        else:
            waiting.extend(maker.input)
    return ends


class _Reader(CalibrationDataReader):  # type: ignore[misc]  # the package has no types
    """Hands out the pictures one by one, from memory: a stranger's face is written nowhere."""

    def __init__(self, taken: str, pictures: Sequence[Pixels]) -> None:
        self._taken = taken
        self._pictures = pictures
        self._left = iter(pictures)

    def __len__(self) -> int:
        return len(self._pictures)

    def set_range(self, start_index: int, end_index: int) -> None:
        """The next ones to hand out."""
        self._left = iter(self._pictures[start_index:end_index])

    def get_next(self) -> dict[str, Pixels] | None:
        """The next picture, or None at the end."""
        picture = next(self._left, None)
        return None if picture is None else {self._taken: picture}
