from streamer.simulator.codec import Codec
from streamer.simulator.parameter_sets import ParameterSets
from streamer.simulator.sdp import describe


def lines(codec: Codec, parameters: ParameterSets, fps: float | None = 25.0) -> list[str]:
    text = describe(codec, parameters, fps, "127.0.0.1").decode()
    assert text.endswith("\r\n")
    return text.split("\r\n")


def test_h264_is_described() -> None:
    found = lines(Codec.H264, ParameterSets(sps=(b"\x67\x64\x00\x1eabc",), pps=(b"\x68def",)))
    assert "m=video 0 RTP/AVP 96" in found
    assert "a=rtpmap:96 H264/90000" in found
    assert (
        "a=fmtp:96 packetization-mode=1;profile-level-id=64001E;"
        "sprop-parameter-sets=Z2QAHmFiYw==,aGRlZg==" in found
    )
    assert "a=framerate:25" in found
    assert found[-2] == "a=control:trackID=0"


def test_h265_is_described() -> None:
    found = lines(Codec.H265, ParameterSets((b"\x40\x01",), (b"\x42\x01",), (b"\x44\x01",)), 29.97)
    assert "a=rtpmap:96 H265/90000" in found
    assert "a=fmtp:96 sprop-vps=QAE=;sprop-sps=QgE=;sprop-pps=RAE=" in found
    assert "a=framerate:29.97" in found


def test_unknown_things_are_left_out() -> None:
    assert not [line for line in lines(Codec.H265, ParameterSets(), None) if "fmtp" in line]
    found = lines(Codec.H264, ParameterSets(), None)
    assert "a=fmtp:96 packetization-mode=1" in found
    assert not [line for line in found if line.startswith("a=framerate")]


def test_ipv6_is_said_so() -> None:
    assert b"o=- 1 1 IN IP6 ::1\r\n" in describe(Codec.H264, ParameterSets(), None, "::1")
