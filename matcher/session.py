"""ONNX Runtime sessions: the device, the threads, the warm-up. Nothing else imports onnxruntime."""

import contextlib
import io
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
import structlog

# Its wheels report their use to their maker unless told not to before the import, and keep an id of
# the machine under the home folder. Nothing of a clinic is anybody else's business.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as failures

from matcher.errors import DeviceError, MatcherError, ModelPackError

Device = Literal["auto", "cpu", "cuda"]
Tensor = npt.NDArray[np.uint8] | npt.NDArray[np.float32]
Shape = tuple[int, ...]

_CUDA = "CUDAExecutionProvider"
_CPU = "CPUExecutionProvider"
_CUDA_DEVICE = "cuda"
_MOST_THREADS = 8
_FATAL_ONLY = 4
_ERRORS_ONLY = 3

_log = structlog.get_logger()

# ONNX Runtime's exceptions share no base of their own.
_FAILURES: tuple[type[Exception], ...] = (
    failures.Fail,
    failures.EPFail,
    failures.EngineError,
    failures.InvalidArgument,
    failures.InvalidGraph,
    failures.InvalidProtobuf,
    failures.NoModel,
    failures.NoSuchFile,
    failures.NotImplemented,
    failures.RuntimeException,
    RuntimeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Hardware:
    """Where sessions shall run.

    Attributes:
        device: `auto` takes CUDA if it can really be had, else the CPU.
        threads: CPU threads of each session; 0 takes them from the machine, eight at most.
        gpu_memory_mb: Most GPU memory of each session; 0 = no limit.
    """

    device: Device = "auto"
    threads: int = 0
    gpu_memory_mb: int = 0

    @property
    def cpu_threads(self) -> int:
        """The number of CPU threads a session gets."""
        if self.threads > 0:
            return self.threads
        return max(1, min(_MOST_THREADS, len(os.sched_getaffinity(0))))


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output of a model.

    Attributes:
        name: Its name in the graph.
        type: As ONNX Runtime spells it: `tensor(uint8)`.
        shape: A number per dimension, a name or None where it is free.
    """

    name: str
    type: str
    shape: tuple[int | str | None, ...]


class Session:
    """One loaded model on one device. `open` makes it; `run` may be called from any thread."""

    def __init__(
        self, inner: onnxruntime.InferenceSession, name: str, device: Literal["cpu", "cuda"]
    ) -> None:
        self._inner = inner
        self._name = name
        self._device: Literal["cpu", "cuda"] = device
        self._outputs: list[str] = [output.name for output in inner.get_outputs()]
        self._runs: Counter[Shape] = Counter()

    @classmethod
    def open(cls, model: bytes, name: str, hardware: Hardware) -> Self:
        """Load a model; blocking, tenths of a second.

        Args:
            model: The ONNX file's bytes.
            name: How error messages and the log call it.
            hardware: The device and threads wanted.

        Raises:
            DeviceError: CUDA was asked for and cannot be had.
            ModelPackError: The bytes are no model ONNX Runtime can run.
        """
        if hardware.device != "cpu":
            inner = _open_cuda(model, name, hardware)
            if inner is not None:
                return cls._opened(inner, name, "cuda")
            if hardware.device == "cuda":
                raise DeviceError(_why_no_cuda())
        try:
            inner = onnxruntime.InferenceSession(
                model, _options(hardware, _ERRORS_ONLY), providers=[_CPU]
            )
        except _FAILURES as error:
            raise ModelPackError(
                f"{name}: ONNX Runtime cannot load it ({_first_line(error)}); "
                "run: kirdi models build --force"
            ) from error
        return cls._opened(inner, name, "cpu")

    @classmethod
    def _opened(
        cls, inner: onnxruntime.InferenceSession, name: str, device: Literal["cpu", "cuda"]
    ) -> Self:
        _log.info("model loaded", model=name, device=device)
        return cls(inner, name, device)

    @property
    def device(self) -> Literal["cpu", "cuda"]:
        """The device it really got."""
        return self._device

    @property
    def name(self) -> str:
        """How messages call the model."""
        return self._name

    @property
    def inputs(self) -> tuple[Port, ...]:
        """What the model takes."""
        return tuple(Port(one.name, one.type, tuple(one.shape)) for one in self._inner.get_inputs())

    @property
    def outputs(self) -> tuple[Port, ...]:
        """What the model gives."""
        return tuple(
            Port(one.name, one.type, tuple(one.shape)) for one in self._inner.get_outputs()
        )

    @property
    def runs(self) -> Mapping[Shape, int]:
        """How often it ran so far, by the shape of its first input; a copy."""
        return dict(self._runs)

    def run(self, inputs: Mapping[str, Tensor]) -> dict[str, npt.NDArray[np.float32]]:
        """The outputs by name; blocking.

        Raises:
            MatcherError: The model refused the input or the device failed.
        """
        try:
            if self._device == "cuda":
                results = self._run_bound(inputs, _CUDA_DEVICE)
            else:
                results = self._inner.run(self._outputs, dict(inputs))
        except _FAILURES as error:
            raise MatcherError(
                f"{self._name}: inference on {self._device} failed ({_first_line(error)}); "
                "if it goes on, start with models.device: cpu"
            ) from error
        self._runs[next(iter(inputs.values())).shape] += 1
        return dict(zip(self._outputs, results, strict=True))

    def _run_bound(
        self, inputs: Mapping[str, Tensor], device: str
    ) -> list[npt.NDArray[np.float32]]:
        """One copy to the device per input and one back per output, and none in between.

        A binding belongs to one call: `run` may be called from any thread.
        """
        binding = self._inner.io_binding()
        for name, values in inputs.items():
            binding.bind_cpu_input(name, np.ascontiguousarray(values))
        for name in self._outputs:
            binding.bind_output(name, device)
        self._inner.run_with_iobinding(binding)
        return [np.asarray(one) for one in binding.copy_outputs_to_cpu()]


def _open_cuda(model: bytes, name: str, hardware: Hardware) -> onnxruntime.InferenceSession | None:
    """A session that really runs on CUDA, or None.

    The list of available providers only says what the package was compiled with, and a session
    falls back to the CPU in silence; only the session's own providers tell.
    """
    if _CUDA not in onnxruntime.get_available_providers():
        return None
    with contextlib.redirect_stdout(io.StringIO()):  # it prints about libraries it cannot find
        onnxruntime.preload_dlls()
    try:
        session = onnxruntime.InferenceSession(
            model,
            _options(hardware, _FATAL_ONLY),
            providers=[(_CUDA, cuda_options(hardware)), _CPU],
        )
    except _FAILURES as error:
        _log.warning("cuda cannot be used", model=name, reason=_first_line(error))
        return None
    return session if _CUDA in session.get_providers() else None


def cuda_options(hardware: Hardware) -> dict[str, str]:
    """What the CUDA provider is told; as text, as it wants it."""
    options = {
        # Without this every new shape re-tunes each convolution for hundreds of milliseconds.
        "cudnn_conv_algo_search": "HEURISTIC",
        # The arena grows by what is needed; doubling would take the GPU from its other users.
        "arena_extend_strategy": "kSameAsRequested",
    }
    if hardware.gpu_memory_mb:
        options["gpu_mem_limit"] = str(hardware.gpu_memory_mb * 1024 * 1024)
    return options


def _options(hardware: Hardware, severity: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = hardware.cpu_threads
    options.inter_op_num_threads = 1
    options.log_severity_level = severity
    # Spinning threads burn whole cores between frames.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    return options


def _why_no_cuda() -> str:
    if _CUDA not in onnxruntime.get_available_providers():
        return (
            "device cuda: the installed onnxruntime has no CUDA; install requirements/gpu.txt "
            "in place of cpu.txt, or set models.device to auto or cpu"
        )
    return (
        "device cuda: CUDA or cuDNN cannot be used on this machine; check the driver "
        "(nvidia-smi), or set models.device to auto or cpu"
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
