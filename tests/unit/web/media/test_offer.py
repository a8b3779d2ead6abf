"""What is taken of an offer, and what is made of it."""

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from hypothesis import given
from hypothesis import strategies as st

from streamer.web.media.fragment import Fragment
from streamer.web.media.lines import MOST_BYTES, MOST_CANDIDATES
from streamer.web.media.offer import Offer
from streamer.web.media.refusal import SdpError
from tests.unit.web.media.offers import CHROMIUM, FINGERPRINT, WITH_AUDIO

CANDIDATE = "a=candidate:2 1 udp 2113937151 192.0.2.77 51235 typ host\r\n"


def test_names_and_tcp_are_left_out_of_the_candidates() -> None:
    (one,) = Offer.parse(CHROMIUM.encode()).candidates
    assert (one.address, one.port, one.kind) == ("192.0.2.77", 51235, "host")


@pytest.mark.parametrize(
    "address", ["224.0.0.1", "0.0.0.0", "255.255.255.255", "ff02::1", "::", "metadata.internal"]
)
def test_addresses_that_are_nobodys_are_left_out(address: str) -> None:
    offer = Offer.parse(CHROMIUM.replace("192.0.2.77 51235", f"{address} 51235").encode())
    assert offer.candidates == ()


def test_constrained_baseline_is_preferred_with_its_retransmission() -> None:
    made = Offer.parse(CHROMIUM.encode()).for_aiortc
    assert "m=video 9 UDP/TLS/RTP/SAVPF 107 108\r\n" in made
    assert "VP8" not in made
    assert "toffset" not in made
    assert ".local" not in made


async def answered(text: str) -> str:
    offer = Offer.parse(text.encode())
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    try:
        peer.addTransceiver("video", direction="sendonly")
        await peer.setRemoteDescription(RTCSessionDescription(offer.for_aiortc, "offer"))
        return offer.answer((await peer.createAnswer()).sdp)
    finally:
        await peer.close()


async def test_aiortc_answers_what_is_made_of_it() -> None:
    answer = await answered(CHROMIUM)
    assert "a=sendonly\r\n" in answer
    assert "a=rtpmap:107 H264/90000" in answer


async def test_other_media_are_declined_in_their_places() -> None:
    answer = await answered(WITH_AUDIO)
    media = [line.split()[:2] for line in answer.splitlines() if line.startswith("m=")]
    assert [kind for kind, _ in media] == ["m=audio", "m=video", "m=application"]
    assert (media[0][1], media[2][1]) == ("0", "0")
    assert "a=group:BUNDLE 0\r\n" in answer
    assert [line for line in answer.splitlines() if line.startswith("a=mid:")] == [
        "a=mid:a",
        "a=mid:0",
        "a=mid:d",
    ]


async def test_a_client_without_parameters_is_answered_too() -> None:
    """GStreamer says no profile and no packetization mode."""
    plain = "\r\n".join(
        line for line in CHROMIUM.split("\r\n") if not line.startswith("a=fmtp:1")
    ).replace("SAVPF 96 97 103 104 107 108", "SAVPF 103")
    answer = await answered(plain)
    assert "a=rtpmap:103 H264/90000" in answer


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("m=video 9", "m=video 0", "no video"),
        ("a=recvonly", "a=sendonly", "no video"),
        ("a=recvonly", "a=inactive", "no video"),
        ("H264", "VP9", "H.264"),
        ("packetization-mode=1", "packetization-mode=0", "H.264"),
        ("a=ice-ufrag:Yx3k\r\n", "", "ice-ufrag"),
        ("a=ice-ufrag:Yx3k", "a=ice-ufrag:Yx3", "ice-ufrag"),
        ("a=ice-pwd:0123456789abcdefghijklmn", "a=ice-pwd:short", "ice-pwd"),
        ("sha-256", "sha-1", "fingerprint"),
        (FINGERPRINT, "AB:CD", "fingerprint"),
        ("a=setup:actpass", "a=setup:holdconn", "setup"),
        ("a=mid:0", "a=mid:" + "x" * 65, "mid"),
        ("a=mid:0", "a=mid:0\r\na=" + "x" * 1100, "line"),
        ("UDP/TLS/RTP/SAVPF", "RTP/AVP", "SAVPF"),
        ("v=0", "v=1", "v=0"),
        ("51235 typ host", "99999 typ host", "port"),
        (CANDIDATE.strip(), "a=candidate:x", "candidate"),
        ("rtpmap:103", "rtpmap:999", "rtpmap"),
        ("a=rtcp-mux", "nonsense", "line"),
        ("a=rtcp-mux", "a=x:\x00", "odd"),
    ],
)
def test_what_cannot_be_answered_is_refused(was: str, becomes: str, said: str) -> None:
    text = CHROMIUM.replace(
        "a=candidate:2 1 udp 2113937151 192.0.2.77 51235 typ host generation 0 network-cost 999",
        CANDIDATE.strip(),
    )
    assert was in text
    with pytest.raises(SdpError, match=said):
        Offer.parse(text.replace(was, becomes).encode())


def test_bounds() -> None:
    many = CHROMIUM + CANDIDATE * (MOST_CANDIDATES + 1)
    for text in (
        CHROMIUM + "a=x:y\r\n" * 1001,
        CHROMIUM + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n" * 8,
        many,
        "",
        "\r\n\r\n",
    ):
        with pytest.raises(SdpError):
            Offer.parse(text.encode())
    with pytest.raises(SdpError, match="longer"):
        Offer.parse(b"v" * (MOST_BYTES + 1))
    with pytest.raises(SdpError, match="text"):
        Offer.parse(b"v=0\r\n\xff")


@given(st.data())
def test_a_mangled_offer_is_refused_or_made_anew_in_our_words(data: st.DataObject) -> None:
    lines = WITH_AUDIO.split("\r\n")
    for _ in range(data.draw(st.integers(1, 4))):
        index = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.integers(0, 3)):
            case 0:
                del lines[index]
            case 1:
                lines.insert(index, data.draw(st.sampled_from(lines)))
            case 2:
                lines[index] = data.draw(st.text(max_size=40))
            case _:
                cut = data.draw(st.integers(0, len(lines[index])))
                lines[index] = lines[index][:cut] + data.draw(st.text(max_size=8))
        if not lines:
            break
    try:
        offer = Offer.parse("\r\n".join(lines).encode("utf-8", "replace"))
    except SdpError:
        return
    made = offer.for_aiortc.split("\r\n")
    assert sum(line.startswith("m=") for line in made) == 1
    assert len(made) < 70


def test_a_fragment_belongs_to_an_offer() -> None:
    found = Fragment.parse(
        (f"a=ice-ufrag:Yx3k\r\na=ice-pwd:x\r\nm=video 9 X 0\r\na=mid:0\r\n{CANDIDATE}").encode()
    )
    assert (found.ufrag, len(found.candidates)) == ("Yx3k", 1)
    for bad in (b"", b"a=mid:0\r\n", b"a=ice-ufrag:x y\r\n", CANDIDATE.encode() * 40, b"hello"):
        with pytest.raises(SdpError):
            Fragment.parse(bad)
