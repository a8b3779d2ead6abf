"""Reads an ONNX file that others made, and refuses what a pack cannot be built from."""

import math
from collections.abc import Iterator

import onnx
from google.protobuf.message import DecodeError
from onnx import TensorProto, helper

from matcher.errors import ModelPackError

_LEAST_OPSET = 7
_DOMAINS = ("", "ai.onnx")


def read_onnx(content: bytes, name: str) -> onnx.ModelProto:
    """The model, checked: whole, in one file, of standard operators.

    Raises:
        ModelPackError: Says what is wrong with it.
    """
    try:
        model = onnx.load_model_from_string(content)
    except DecodeError as error:
        raise ModelPackError(f"{name}: truncated, or no ONNX file; get it anew") from error
    if not model.graph.node:
        raise ModelPackError(f"{name}: truncated, or no ONNX file: it has no graph; get it anew")
    opsets = {one.domain: one.version for one in model.opset_import}
    foreign = sorted(set(opsets).difference(_DOMAINS))
    if foreign:
        raise ModelPackError(
            f"{name}: it needs operators of {', '.join(foreign)}, which Kirdi does not have; "
            "export it with standard operators"
        )
    if min(opsets.values(), default=0) < _LEAST_OPSET:
        raise ModelPackError(
            f"{name}: it is of opset {min(opsets.values(), default=0)}; "
            f"export it with {_LEAST_OPSET} or later"
        )
    for tensor in _tensors(model.graph):
        _check_tensor(tensor, name)
    try:
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, ValueError) as error:
        first = (str(error).strip().splitlines() or ["not valid"])[0][:200]
        raise ModelPackError(f"{name}: not a valid ONNX model ({first})") from error
    return model


def _tensors(graph: onnx.GraphProto) -> Iterator[TensorProto]:
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            for inner in (*attribute.graphs, *([attribute.g] if attribute.HasField("g") else ())):
                yield from _tensors(inner)


def _check_tensor(tensor: TensorProto, name: str) -> None:
    """Refuse weights that lie elsewhere, or that claim another size than they have."""
    if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
        raise ModelPackError(
            f"{name}: its weights lie in another file; save it as one file "
            "(onnx.save_model without external data)"
        )
    try:
        kind = helper.tensor_dtype_to_np_dtype(tensor.data_type)
    except KeyError as error:
        raise ModelPackError(
            f"{name}: {tensor.name} is of a type that ONNX does not have"
        ) from error
    count = math.prod(tensor.dims)
    if any(length < 0 for length in tensor.dims) or (
        tensor.HasField("raw_data")
        and tensor.data_type not in _PACKED
        and len(tensor.raw_data) != count * kind.itemsize
    ):
        raise ModelPackError(
            f"{name}: {tensor.name or 'a tensor'} claims {count} values and holds "
            f"{len(tensor.raw_data)} bytes; get the file anew"
        )
    held = sum(map(len, (tensor.float_data, tensor.int32_data, tensor.int64_data)))
    if not tensor.HasField("raw_data") and count > _MOST_UNCHECKED and held == 0:
        raise ModelPackError(
            f"{name}: {tensor.name or 'a tensor'} claims {count} values and holds none; "
            "get the file anew"
        )


_PACKED = frozenset({TensorProto.INT4, TensorProto.UINT4})
_MOST_UNCHECKED = 1024
