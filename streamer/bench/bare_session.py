"""ONNX Runtime with nothing around it, set as the service sets it: the yardstick of benchmarks."""

from collections.abc import Mapping
from typing import Final

import onnxruntime

from matcher.session import Device, Hardware

# As in `matcher.session`; not `auto`, which may not be the same for both.
_PROVIDERS: Final[Mapping[Device, list[str | tuple[str, dict[str, str]]]]] = {
    "cpu": ["CPUExecutionProvider"],
    "cuda": [
        ("CUDAExecutionProvider", {"cudnn_conv_algo_search": "HEURISTIC"}),
        "CPUExecutionProvider",
    ],
}


def bare_session(model: bytes, hardware: Hardware) -> onnxruntime.InferenceSession:
    """Load a model; as many threads as the service has, none of them spinning.

    Args:
        model: The ONNX file's bytes.
        hardware: A device that can be had, not `auto`.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = hardware.cpu_threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model, options, providers=_PROVIDERS[hardware.device])
