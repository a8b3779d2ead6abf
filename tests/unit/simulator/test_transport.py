import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.simulator.transport import Transport, choose_transport

TCP = Transport("tcp", channels=(0, 1))


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("RTP/AVP/TCP;unicast;interleaved=0-1", TCP),
        ("RTP/AVP/TCP;unicast", TCP),
        ("rtp/avp/tcp; Interleaved=4-5 ;mode=play", Transport("tcp", channels=(4, 5))),
        ('RTP/AVP/TCP;interleaved=2;mode="PLAY"', Transport("tcp", channels=(2, 3))),
        ("RTP/AVP;unicast;client_port=5000-5001", Transport("udp", ports=(5000, 5001))),
        ("RTP/AVP/UDP;unicast;client_port=5000", Transport("udp", ports=(5000, 5001))),
        ("RTP/AVP;multicast, RTP/AVP/TCP;interleaved=0-1", TCP),
        ("RTP/SAVP;unicast, RTP/AVP/TCP", TCP),
        ("", None),
        ("RTP/AVP;unicast", None),
        ("RTP/AVP;multicast;client_port=5000-5001", None),
        ("RTP/AVP;unicast;client_port=0-1", None),
        ("RTP/AVP;unicast;client_port=65535", None),
        ("RTP/AVP;unicast;client_port=70000-70001", None),
        ("RTP/AVP;unicast;client_port=5000-5000", None),
        ("RTP/AVP/TCP;interleaved=300-301", None),
        ("RTP/AVP/TCP;interleaved=a-b", None),
        ("RTP/AVP/TCP;interleaved=0-1;mode=record", None),
    ],
)
def test_the_first_offer_that_can_be_met_is_chosen(header: str, chosen: Transport | None) -> None:
    assert choose_transport(header) == chosen


@given(st.text(max_size=100))
def test_no_text_crashes_the_choice(text: str) -> None:
    choose_transport(text)
    choose_transport(f"RTP/AVP;unicast;client_port={text}")
