"""Turns dlib's face-recognition ResNet into the pack's ONNX embedder; called when it is built.

The network is dlib's `dnn_face_recognition_ex` (King, 2017): 29 convolutions after He et al., "Deep
Residual Learning" (2015), each followed by a fixed scale and shift, and a 256x128 matrix. The file
holds 59 float tensors in forward order: filters and biases of a convolution, gamma and beta of its
affine, ..., the matrix.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from matcher.errors import ModelPackError
from matcher.packs.input_format import DLIB_INPUT

CHIP_PX = 150
DIMENSION = 128
OPSET = 17
IR_VERSION = 8

_Floats = npt.NDArray[np.float32]
_TENSOR_MARK = b"\x01\x02"  # the serialised version of a dlib tensor: the integer 2


@dataclass(frozen=True, slots=True)
class _Level:
    """Residual blocks of one width; the first one may halve the picture."""

    channels: int
    halves: bool
    blocks: int


_LEVELS = (
    _Level(32, halves=False, blocks=3),
    _Level(64, halves=True, blocks=4),
    _Level(128, halves=True, blocks=3),
    _Level(256, halves=True, blocks=3),
    _Level(256, halves=True, blocks=1),
)


@dataclass(frozen=True, slots=True)
class _Flow:
    """A value on its way through the graph: name, channels, side in pixels."""

    name: str
    channels: int
    side: int


def build_embedder(source: bytes) -> bytes:
    """Write the network as ONNX, each affine folded into its convolution.

    Input `chip`: uint8 (batch, 150, 150, 3) RGB. Output `embedding`: float32 (batch, 128), not
    normalised.

    Raises:
        ModelPackError: The file does not hold the expected tensors.
    """
    graph = _Graph(_Tensors(source))
    flow = graph.normalised_chip()
    flow = graph.relu(graph.convolution(flow, 32, kernel=7, stride=2, pad=0))
    flow = graph.pool("MaxPool", flow, kernel=3)
    for level in _LEVELS:
        for block in range(level.blocks):
            flow = graph.block(flow, level.channels, halves=level.halves and block == 0)
    return graph.finish(flow)


class _Tensors:
    """The file's float tensors, one after the other."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._at = 0

    def take(self, count: int) -> _Floats:
        """The next tensor of `count` values; what lies between tensors is skipped."""
        while (mark := self._source.find(_TENSOR_MARK, self._at)) >= 0:
            start = self._payload(mark + len(_TENSOR_MARK), count)
            if start is not None and start + 4 * count <= len(self._source):
                self._at = start + 4 * count
                return np.frombuffer(self._source, "<f4", count, start).astype(np.float32)
            self._at = mark + 1
        raise ModelPackError(
            f"dlib's face ResNet: a tensor of {count} values is missing in the file; it is damaged "
            "or another network's"
        )

    def _payload(self, at: int, count: int) -> int | None:
        """Where the values begin, if a header of that many values stands here."""
        shape = []
        for _ in range(4):
            if at >= len(self._source):
                return None
            length = self._source[at] & 0x7F
            if self._source[at] & 0x80 or not 1 <= length <= 8:
                return None
            shape.append(int.from_bytes(self._source[at + 1 : at + 1 + length], "little"))
            at += 1 + length
        return at if math.prod(shape) == count else None


class _Graph:
    """Collects nodes and weights in forward order, drawing the weights from the file."""

    def __init__(self, tensors: _Tensors) -> None:
        self._tensors = tensors
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []

    def normalised_chip(self) -> _Flow:
        """The chip as float, channels first, minus the mean, over 256."""
        self._node("Cast", ["chip"], "float", to=TensorProto.FLOAT)
        self._node("Transpose", ["float"], "planes", perm=[0, 3, 1, 2])
        mean = np.array(DLIB_INPUT.mean, np.float32).reshape(1, 3, 1, 1)
        self._node("Sub", ["planes", self._weight("mean", mean)], "centred")
        scale = np.array(DLIB_INPUT.scale, np.float32)
        return _Flow(
            self._node("Mul", ["centred", self._weight("scale", scale)], "normalised"), 3, CHIP_PX
        )

    def convolution(
        self, flow: _Flow, channels: int, *, kernel: int, stride: int, pad: int
    ) -> _Flow:
        """A convolution with the affine that follows it: gamma * (w x + b) + beta."""
        weights = self._tensors.take(channels * flow.channels * kernel * kernel + channels)
        filters = weights[:-channels].reshape(channels, flow.channels, kernel, kernel)
        gamma, beta = self._tensors.take(2 * channels).reshape(2, channels)
        index = len(self._nodes)
        name = self._node(
            "Conv",
            [
                flow.name,
                self._weight(f"w{index}", filters * gamma[:, None, None, None]),
                self._weight(f"b{index}", gamma * weights[-channels:] + beta),
            ],
            f"conv{index}",
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=[pad] * 4,
        )
        return _Flow(name, channels, (flow.side + 2 * pad - kernel) // stride + 1)

    def relu(self, flow: _Flow) -> _Flow:
        name = self._node("Relu", [flow.name], f"relu{len(self._nodes)}")
        return _Flow(name, flow.channels, flow.side)

    def pool(self, operation: str, flow: _Flow, *, kernel: int) -> _Flow:
        """A pooling of stride 2 without padding."""
        name = self._node(
            operation,
            [flow.name],
            f"pool{len(self._nodes)}",
            kernel_shape=[kernel, kernel],
            strides=[2, 2],
        )
        return _Flow(name, flow.channels, (flow.side - kernel) // 2 + 1)

    def block(self, flow: _Flow, channels: int, *, halves: bool) -> _Flow:
        """A residual block; where it halves, the shortcut is an average pool."""
        inner = (
            self.convolution(flow, channels, kernel=3, stride=2, pad=0)
            if halves
            else self.convolution(flow, channels, kernel=3, stride=1, pad=1)
        )
        inner = self.convolution(self.relu(inner), channels, kernel=3, stride=1, pad=1)
        shortcut = self.pool("AveragePool", flow, kernel=2) if halves else flow
        side = max(inner.side, shortcut.side)
        inner = self._grown(inner, channels, side)
        shortcut = self._grown(shortcut, channels, side)
        name = self._node("Add", [inner.name, shortcut.name], f"sum{len(self._nodes)}")
        return self.relu(_Flow(name, channels, side))

    def _grown(self, flow: _Flow, channels: int, side: int) -> _Flow:
        """Zeros at the end in channels, at the bottom and right: so dlib adds unequal tensors."""
        more, wider = channels - flow.channels, side - flow.side
        if more == 0 and wider == 0:
            return flow
        pads = np.array([0, 0, 0, 0, 0, more, wider, wider], np.int64)
        index = len(self._nodes)
        name = self._node("Pad", [flow.name, self._weight(f"p{index}", pads)], f"pad{index}")
        return _Flow(name, channels, side)

    def finish(self, flow: _Flow) -> bytes:
        """Average over the picture, the output matrix, and the checked model as bytes."""
        matrix = self._tensors.take(flow.channels * DIMENSION).reshape(flow.channels, DIMENSION)
        self._node("GlobalAveragePool", [flow.name], "average")
        self._node("Flatten", ["average"], "features")
        self._node("MatMul", ["features", self._weight("matrix", matrix)], "embedding")
        model = helper.make_model(
            helper.make_graph(
                self._nodes,
                "dlib_face_resnet",
                [
                    helper.make_tensor_value_info(
                        "chip", TensorProto.UINT8, ["batch", CHIP_PX, CHIP_PX, 3]
                    )
                ],
                [
                    helper.make_tensor_value_info(
                        "embedding", TensorProto.FLOAT, ["batch", DIMENSION]
                    )
                ],
                self._weights,
            ),
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="kirdi",
        )
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString(deterministic=True))

    def _node(self, operation: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self._nodes.append(helper.make_node(operation, inputs, [output], **attributes))
        return output

    def _weight(self, name: str, values: npt.NDArray[np.float32] | npt.NDArray[np.int64]) -> str:
        self._weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name
