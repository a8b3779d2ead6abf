"""ONNX files that are not what they claim: each is one clear line, before anything runs."""

import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from matcher.errors import ModelPackError
from matcher.packs.onnx_file import read_onnx
from matcher.packs.opencv_pack import build_sface
from matcher.session import Hardware, Session
from tests.fakes.onnx_graphs import sface_graph


def changed(how: str) -> bytes:
    content = sface_graph()
    if how == "empty":
        return b""
    if how == "text":
        return (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0ba9fbfa01b5\nsize 38696353\n"
        )
    if how == "truncated":
        return content[: len(content) // 2]
    if how == "noise":
        return os.urandom(5000)
    model = onnx.load_model_from_string(content)
    weights = next(one for one in model.graph.initializer if one.name == "weights")
    if how == "external data":
        onnx.external_data_helper.set_external_data(weights, "weights.bin")
        weights.ClearField("raw_data")
    elif how == "path outside":
        onnx.external_data_helper.set_external_data(weights, "../../../etc/passwd")
        weights.ClearField("raw_data")
    elif how == "claims 2 GB":
        weights.dims[:] = [536_870_912, 1]
    elif how == "claims 2 GB, holds none":
        weights.dims[:] = [536_870_912, 1]
        weights.ClearField("raw_data")
    elif how == "negative size":
        weights.dims[:] = [-147, -128]
    elif how == "unknown type":
        weights.data_type = 999
    elif how == "foreign operators":
        model.opset_import.append(helper.make_opsetid("com.example", 1))
        model.graph.node[0].domain = "com.example"
    elif how == "ancient opset":
        model.opset_import[0].version = 3
    elif how == "no graph":
        model.graph.Clear()
    elif how == "loose end":
        model.graph.node[0].input[0] = "nowhere"
    return bytes(model.SerializeToString())


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("empty", "truncated"),
        ("text", "truncated, or no ONNX file"),
        ("truncated", "truncated|not a valid|claims"),
        ("noise", "truncated|not a valid|no ONNX file"),
        ("external data", "weights lie in another file"),
        ("path outside", "weights lie in another file"),
        ("claims 2 GB", "claims 536870912 values and holds 75264 bytes"),
        ("claims 2 GB, holds none", "claims 536870912 values and holds none"),
        ("negative size", "claims"),
        ("unknown type", "of a type that ONNX does not have"),
        ("foreign operators", r"needs operators of com\.example"),
        ("ancient opset", "of opset 3"),
        ("no graph", "no graph"),
        ("loose end", "not a valid ONNX model"),
    ],
)
def test_a_published_file_is_checked_first(how: str, message: str) -> None:
    with pytest.raises(ModelPackError, match=message) as caught:
        read_onnx(changed(how), "x.onnx")
    assert str(caught.value).startswith("x.onnx: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("how", ["external data", "path outside", "claims 2 GB", "loose end"])
def test_no_session_opens_one(how: str) -> None:
    with pytest.raises(ModelPackError, match=r"x\.onnx: ONNX Runtime cannot load it") as caught:
        Session.open(changed(how), "x.onnx", Hardware("cpu"))
    assert "\n" not in str(caught.value)


def test_an_opset_of_the_future() -> None:
    model = onnx.load_model_from_string(sface_graph())
    model.opset_import[0].version = 99
    with pytest.raises(ModelPackError, match=r"x\.onnx"):
        Session.open(model.SerializeToString(), "x.onnx", Hardware("cpu"))


@pytest.mark.parametrize(
    ("inputs", "outputs"),
    [
        ([("data", [1, 3, 8, 8]), ("more", [1])], ["fc1"]),
        ([("data", [1, 3, 8, 8])], ["other"]),
        ([("data", [1, 3, 8, 8])], ["fc1", "other"]),
        ([("data", [1, 3])], ["fc1"]),
        ([("data", [1, 4, 8, 8])], ["fc1"]),
    ],
)
def test_a_graph_of_other_inputs_or_outputs(
    inputs: list[tuple[str, list[int]]], outputs: list[str]
) -> None:
    graph = helper.make_graph(
        [helper.make_node("Identity", ["data"], [name]) for name in outputs],
        "g",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, dims) for name, dims in inputs],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    with pytest.raises(ModelPackError, match="SFace: "):
        build_sface(model.SerializeToString())


def test_a_network_for_pictures_of_another_size(tmp_path: Path) -> None:
    model = onnx.load_model_from_string(sface_graph())
    model.graph.initializer[-1].CopyFrom(
        onnx.numpy_helper.from_array(np.zeros((9, 128), np.float32), "weights")
    )
    del model.graph.input[1:]
    with pytest.raises(ModelPackError, match="SFace"):
        build_sface(model.SerializeToString())
