import pytest

from streamer.bench.ingest_figures import IngestSample, ingest_figures
from streamer.bench.reencoded import Format
from streamer.errors import InputError


def sample(latencies: tuple[float, ...] = (0.004, 0.002, 0.010)) -> IngestSample:
    return IngestSample(
        seconds=10.0,
        cpu_s=2.0,
        decoded=500,
        analysed=100,
        dropped=2,
        restarts=0,
        parent_mb=36.0,
        decoders_mb=(41.0, 43.0),
        latencies_s=latencies,
        first_frame_s=(0.4, 0.9),
    )


def test_a_row_of_figures() -> None:
    row = ingest_figures(2, "1920x1080@25", sample(), frame_cpu_s=0.002)
    assert row.ratio == pytest.approx(2.0)
    assert row.cpu_per_camera == pytest.approx(0.1)
    assert row.bare_per_camera == pytest.approx(0.05)
    assert row.latency_p50_ms == pytest.approx(4.0)
    assert row.latency_p95_ms == pytest.approx(10.0)
    assert (row.first_frame_s, row.decoder_mb) == (0.9, 43.0)


def test_without_frames_there_is_no_latency() -> None:
    row = ingest_figures(1, "1280x720@15", sample(()), frame_cpu_s=0.002)
    assert (row.latency_p50_ms, row.latency_p95_ms) == (None, None)


def test_a_format_is_read_and_written() -> None:
    assert Format.parse("1280x720@15") == Format(1280, 720, 15)
    assert str(Format(1280, 720, 15)) == "1280x720@15"


@pytest.mark.parametrize(
    "text",
    ["", "1280x720", "1280@15", "axb@c", "1281x720@15", "10x10@15", "1280x720@0", "8000x8000@25"],
)
def test_a_format_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="format "):
        Format.parse(text)
