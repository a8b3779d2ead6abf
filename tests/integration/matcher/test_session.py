import numpy as np
import onnxruntime
import pytest

from matcher.errors import DeviceError, MatcherError, ModelPackError
from matcher.packs.pack import EMBEDDER, Pack
from matcher.session import Hardware, Session, cuda_options

HAS_CUDA = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
no_cuda = pytest.mark.skipif(HAS_CUDA, reason="this onnxruntime was built with CUDA")


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x08" * 500])
def test_a_broken_model_is_named(content: bytes) -> None:
    with pytest.raises(ModelPackError, match=r"broken\.onnx.*kirdi models build") as caught:
        Session.open(content, "broken.onnx", Hardware("cpu"))
    assert "\n" not in str(caught.value)


def test_half_a_model_is_refused(pack: Pack) -> None:
    content = pack.read(EMBEDDER)
    with pytest.raises(ModelPackError, match="cannot load"):
        Session.open(content[: len(content) // 2], "half.onnx", Hardware("cpu"))


@no_cuda
def test_cuda_that_cannot_be_had_is_an_error(pack: Pack) -> None:
    with pytest.raises(DeviceError, match=r"gpu\.txt.*models\.device"):
        Session.open(pack.read(EMBEDDER), "e", Hardware("cuda"))


@no_cuda
@pytest.mark.filterwarnings("ignore:Specified provider:UserWarning")
def test_a_silent_fall_back_to_the_cpu_is_noticed(
    pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    promised = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: promised)
    with pytest.raises(DeviceError, match="driver"):
        Session.open(pack.read(EMBEDDER), "e", Hardware("cuda"))
    assert Session.open(pack.read(EMBEDDER), "e", Hardware("auto")).device == "cpu"


@no_cuda
def test_auto_takes_the_cpu(pack: Pack) -> None:
    assert Session.open(pack.read(EMBEDDER), "e", Hardware("auto")).device == "cpu"


def test_a_refused_input_is_one_line(pack: Pack) -> None:
    session = Session.open(pack.read(EMBEDDER), "e", Hardware("cpu"))
    with pytest.raises(MatcherError, match="inference on cpu failed") as caught:
        session.run({})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("asked", "least", "most"), [(3, 3, 3), (0, 1, 8)])
def test_threads_come_from_the_machine_unless_given(asked: int, least: int, most: int) -> None:
    assert least <= Hardware("cpu", asked).cpu_threads <= most


def test_a_gpu_is_told_how_to_choose_and_what_it_may_take() -> None:
    assert cuda_options(Hardware("cuda")) == {
        "cudnn_conv_algo_search": "HEURISTIC",
        "arena_extend_strategy": "kSameAsRequested",
    }
    limited = cuda_options(Hardware("cuda", gpu_memory_mb=512))
    assert limited["gpu_mem_limit"] == str(512 * 1024 * 1024)


def test_bound_memory_gives_the_same(pack: Pack) -> None:
    """As on a GPU, here with the processor's memory in its place."""
    session = Session.open(pack.read(EMBEDDER), "e", Hardware("cpu", 1))
    noise = np.random.default_rng(0).integers(0, 256, (4, 150, 150, 3)).astype(np.uint8)
    # Seen from the other side: memory that is not contiguous.
    chips = noise[:, :, ::-1]
    (bound,) = session._run_bound({"chip": chips}, "cpu")
    assert np.array_equal(bound, session.run({"chip": chips})["embedding"])


def test_it_says_what_it_takes_and_gives(pack: Pack) -> None:
    session = Session.open(pack.read(EMBEDDER), "e", Hardware("cpu", 1))
    (taken,) = session.inputs
    assert (taken.name, taken.type) == ("chip", "tensor(uint8)")
    assert taken.shape == ("batch", 150, 150, 3)
    assert [port.name for port in session.outputs] == ["embedding"]
