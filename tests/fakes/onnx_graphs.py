"""Small graphs with the inputs and outputs of published face networks; their weights are noise."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_OPSET = 11
_IR_VERSION = 6


def sface_graph(*, batches: bool = True) -> bytes:
    """Like SFace: `data` (1, 3, 112, 112) RGB, scaled inside, `fc1` (1, 128).

    Args:
        batches: Whether its values depend on one picture alone once the batch is freed.
    """
    weights = _noise((3 * 7 * 7, 128), 1)
    nodes = [
        helper.make_node("Sub", ["data", "mean"], ["centred"], "_minusscalar0"),
        helper.make_node("Mul", ["centred", "scale"], ["scaled"], "_mulscalar0"),
        helper.make_node(
            "AveragePool", ["scaled"], ["small"], kernel_shape=[16] * 2, strides=[16] * 2
        ),
        helper.make_node("Reshape", ["small", "flat"], ["features"]),
        helper.make_node("MatMul", ["features", "weights"], ["raw" if not batches else "fc1"]),
    ]
    if not batches:
        nodes.append(helper.make_node("ReduceMean", ["raw"], ["all"], axes=[0], keepdims=1))
        nodes.append(helper.make_node("Sub", ["raw", "all"], ["differing"]))
        nodes.append(helper.make_node("Add", ["differing", "raw"], ["fc1"]))
    return _model(
        nodes,
        [_value("data", [1, 3, 112, 112])],
        [_value("fc1", [1, 128])],
        {
            "mean": np.array(127.5, np.float32),
            "scale": np.array(1 / 128, np.float32),
            "flat": np.array([1, -1], np.int64),
            "weights": weights,
        },
        weights_are_inputs=True,
    )


def arcface_graph(side: int = 112) -> bytes:
    """Like insightface's ArcFace: any batch, normalised outside, 512 values."""
    cells = side // 16
    nodes = [
        helper.make_node(
            "AveragePool", ["input.1"], ["small"], kernel_shape=[16] * 2, strides=[16] * 2
        ),
        helper.make_node("Flatten", ["small"], ["features"]),
        helper.make_node("MatMul", ["features", "weights"], ["683"]),
    ]
    return _model(
        nodes,
        [_value("input.1", ["None", 3, side, side])],
        [_value("683", ["None", 512])],
        {"weights": _noise((3 * cells * cells, 512), 2)},
    )


def scrfd_graph() -> bytes:
    """Like insightface's SCRFD with landmarks: one picture; the brighter a cell, the surer.

    Its faces are squares of six cells, their landmarks in the middle of the lines of a cross.
    """
    nodes: list[onnx.NodeProto] = []
    weights: dict[str, np.ndarray] = {}
    parts: dict[str, tuple[int, list[float], list[float]]] = {
        "score": (1, [40.0], [-20.0]),
        "bbox": (4, [0.0] * 4, [3.0] * 4),
        "kps": (10, [0.0] * 10, [-1, -1, 1, -1, 0, 0, -1, 1, 1, 1]),
    }
    outputs: list[onnx.ValueInfoProto] = []
    for part, (length, gain, offset) in parts.items():
        for stride in (8, 16, 32):
            name = f"{part}_{stride}"
            # Two anchors per cell; the second one never fires.
            bias = [*offset, *([-20.0] if part == "score" else offset)]
            weights[f"w_{name}"] = np.repeat(
                np.array([*gain, *([0.0] * length)], np.float32)[:, None], 3, axis=1
            ).reshape(2 * length, 3, 1, 1) / np.float32(3)
            weights[f"b_{name}"] = np.array(bias, np.float32)
            weights[f"s_{name}"] = np.array([-1, length], np.int64)
            pooled, mapped, moved, last = (f"{step}_{name}" for step in ("p", "c", "t", "r"))
            nodes += [
                helper.make_node(
                    "AveragePool",
                    ["input.1"],
                    [pooled],
                    kernel_shape=[stride] * 2,
                    strides=[stride] * 2,
                ),
                helper.make_node(
                    "Conv", [pooled, f"w_{name}", f"b_{name}"], [mapped], kernel_shape=[1, 1]
                ),
                helper.make_node("Transpose", [mapped], [moved], perm=[0, 2, 3, 1]),
                helper.make_node(
                    "Reshape", [moved, f"s_{name}"], [last if part == "score" else name]
                ),
            ]
            if part == "score":
                nodes.append(helper.make_node("Sigmoid", [last], [name]))
            outputs.append(_value(name, [f"n_{stride}", length]))
    return _model(nodes, [_value("input.1", [1, 3, "h", "w"])], outputs, weights)


def minifas_graph(side: int = 128, figures: int = 2, kind: int = TensorProto.FLOAT) -> bytes:
    """Like MiniFAS: `in` (n, 3, side, side); its figures are the means of the first channels."""
    nodes = [
        helper.make_node("ReduceMean", ["in", "axes"], ["means"], keepdims=0),
        helper.make_node("Slice", ["means", "from", "to", "along"], ["out"]),
    ]
    numbers = {"axes": [2, 3], "from": [0], "to": [figures], "along": [1]}
    constants = [
        helper.make_tensor(name, TensorProto.INT64, [len(values)], values)
        for name, values in numbers.items()
    ]
    made = helper.make_graph(
        nodes,
        "fake",
        [helper.make_tensor_value_info("in", kind, ["n", 3, side, side])],
        [helper.make_tensor_value_info("out", kind, ["n", figures])],
        constants,
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    content: bytes = model.SerializeToString()
    return content


def _noise(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)


def _value(name: str, shape: list[int | str]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _model(
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    weights: dict[str, np.ndarray],
    weights_are_inputs: bool = False,
) -> bytes:
    if weights_are_inputs:
        inputs = inputs + [
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape
            )
            for name, value in weights.items()
        ]
    graph = helper.make_graph(
        nodes,
        "generated",
        inputs,
        outputs,
        [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION
    )
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
