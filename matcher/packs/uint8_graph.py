"""Gives a published network a pack's input: uint8 RGB pictures in batches."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from matcher.errors import MatcherError, ModelPackError
from matcher.packs.input_format import InputFormat
from matcher.packs.onnx_file import read_onnx
from matcher.session import Hardware, Session

_BATCH_TOLERANCE = 1e-3
_TRIAL_SIDE = 64
_TRIAL_HARDWARE = Hardware("cpu", threads=1)


def uint8_graph(
    source: bytes,
    name: str,
    taken: str,
    input_format: InputFormat,
    outputs: Mapping[str, str],
    side: int | None = None,
) -> bytes:
    """The same network, taking `taken`: uint8 (batch, height, width, 3) RGB.

    Published graphs often fix the batch at 1, and some the size. Both are freed; the batch stays
    fixed where freeing it changes what the network says.

    Args:
        source: The published file.
        name: What messages call it.
        taken: Name of the new input.
        input_format: How the network wants its pixels.
        outputs: The published outputs' names, and what they shall be called.
        side: Side of the square picture; None frees height and width.

    Raises:
        ModelPackError: It is not such a network.
    """
    model = read_onnx(source, name)
    graph = model.graph
    _drop_weights_from_inputs(graph)
    _check_ports(graph, name, outputs)
    pixels = graph.input[0].name
    _rename_outputs(graph, outputs)
    _forget_shapes(graph)
    _feed_uint8(graph, pixels, taken, input_format, side)
    fixed = bytes(model.SerializeToString(deterministic=True))
    _free_batch(graph)
    freed = bytes(model.SerializeToString(deterministic=True))
    trial = _TRIAL_SIDE if side is None else side
    if _batches_agree(freed, name, taken, trial):
        return freed
    alone = _with_batch_of_one(fixed)
    try:
        _run_alone(Session.open(alone, name, _TRIAL_HARDWARE), taken, _trial_pictures(trial))
    except MatcherError as error:
        raise ModelPackError(f"{name}: it loads but does not run ({error})") from error
    return alone


def _with_batch_of_one(content: bytes) -> bytes:
    model = onnx.load_model_from_string(content)
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 1
    return bytes(model.SerializeToString(deterministic=True))


def _check_ports(graph: onnx.GraphProto, name: str, outputs: Mapping[str, str]) -> None:
    given = [value.name for value in graph.output]
    dims = [
        [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in graph.input
        if value.type.tensor_type.elem_type == TensorProto.FLOAT
    ]
    if set(given) != set(outputs) or len(graph.input) != 1 or len(dims) != 1:
        raise ModelPackError(
            f"{name}: a network of other inputs and outputs: takes "
            f"{', '.join(value.name for value in graph.input)}, gives {', '.join(given)}; "
            f"expected one picture, and {', '.join(outputs)}"
        )
    if len(dims[0]) != 4 or dims[0][1] not in (0, 3):
        raise ModelPackError(
            f"{name}: its input is no float picture of three channels first, but {dims[0]}"
        )


def _drop_weights_from_inputs(graph: onnx.GraphProto) -> None:
    """Weights that stand among the inputs can't be folded by ONNX Runtime."""
    weights = {tensor.name for tensor in graph.initializer}
    kept = [value for value in graph.input if value.name not in weights]
    del graph.input[:]
    graph.input.extend(kept)


def _rename_outputs(graph: onnx.GraphProto, outputs: Mapping[str, str]) -> None:
    for node in graph.node:
        for names in (node.input, node.output):
            names[:] = [outputs.get(one, one) for one in names]
    for value in graph.output:
        value.name = outputs[value.name]


def _forget_shapes(graph: onnx.GraphProto) -> None:
    """Shapes noted for the published batch and size are wrong for any other."""
    del graph.value_info[:]
    for value in graph.output:
        dims = value.type.tensor_type.shape.dim
        for index, dim in enumerate(dims):
            if index < len(dims) - 1:
                dim.dim_param = f"cells_{index}" if index else "batch"


def _feed_uint8(
    graph: onnx.GraphProto, pixels: str, taken: str, wanted: InputFormat, side: int | None
) -> None:
    """Put the new input and what it needs in front of the network."""
    sides: tuple[str | int, str | int] = ("height", "width") if side is None else (side, side)
    shape = ["batch", *sides, 3]
    steps: list[tuple[str, list[str], dict[str, Any]]] = [
        ("Cast", [], {"to": TensorProto.FLOAT}),
        ("Transpose", [], {"perm": [0, 3, 1, 2]}),
    ]
    if wanted.colour == "BGR":
        order = _weight(graph, "kirdi_bgr", np.array([2, 1, 0], np.int64))
        steps.append(("Gather", [order], {"axis": 1}))
    if any(wanted.mean):
        mean = np.array(wanted.mean, np.float32).reshape(1, 3, 1, 1)
        steps.append(("Sub", [_weight(graph, "kirdi_mean", mean)], {}))
    if wanted.scale != 1.0:
        scale = np.array(wanted.scale, np.float32)
        steps.append(("Mul", [_weight(graph, "kirdi_scale", scale)], {}))
    nodes: list[onnx.NodeProto] = []
    flow = taken
    for index, (operation, others, attributes) in enumerate(steps):
        following = pixels if index == len(steps) - 1 else f"kirdi_{index}"
        nodes.append(helper.make_node(operation, [flow, *others], [following], **attributes))
        flow = following
    nodes += graph.node
    del graph.node[:]
    graph.node.extend(nodes)
    del graph.input[:]
    graph.input.append(helper.make_tensor_value_info(taken, TensorProto.UINT8, shape))


def _weight(
    graph: onnx.GraphProto, name: str, values: npt.NDArray[np.float32] | npt.NDArray[np.int64]
) -> str:
    graph.initializer.append(numpy_helper.from_array(values, name))
    return name


def _free_batch(graph: onnx.GraphProto) -> None:
    """Where something is reshaped to a batch of 1, reshape it to whatever batch came in."""
    shapes = {
        node.input[1] for node in graph.node if node.op_type == "Reshape" and len(node.input) > 1
    }
    constants = {
        node.output[0]: attribute.t
        for node in graph.node
        if node.op_type == "Constant"
        for attribute in node.attribute
        if attribute.name == "value"
    }
    weights = {tensor.name: tensor for tensor in graph.initializer}
    for name in shapes:
        tensor = weights.get(name, constants.get(name))
        if tensor is None:
            continue
        shape = numpy_helper.to_array(tensor)
        if shape.ndim == 1 and len(shape) > 1 and shape[0] == 1:
            freed = np.array([0, *shape[1:]], np.int64)
            tensor.CopyFrom(numpy_helper.from_array(freed, tensor.name))


def _batches_agree(content: bytes, name: str, taken: str, side: int) -> bool:
    """Whether two pictures at once give what each gives alone."""
    session = Session.open(content, name, _TRIAL_HARDWARE)
    pictures = _trial_pictures(side)
    try:
        alone = _run_alone(session, taken, pictures)
        together = session.run({taken: pictures})
    except MatcherError:
        return False
    return all(
        together[key].shape[:1] == (len(pictures),)
        and np.allclose(
            together[key],
            np.concatenate([one[key] for one in alone]),
            atol=_BATCH_TOLERANCE * max(1.0, float(np.abs(together[key]).max())),
        )
        for key in together
    )


def _trial_pictures(side: int) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (2, side, side, 3)).astype(np.uint8)


def _run_alone(
    session: Session, taken: str, pictures: npt.NDArray[np.uint8]
) -> list[dict[str, npt.NDArray[np.float32]]]:
    return [session.run({taken: picture[None]}) for picture in pictures]
