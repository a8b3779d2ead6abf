"""A known secret stands in no line, in whatever form a library writes it."""

import io
import json
import logging

import pytest
import structlog

from streamer.log import SecretsFilter, configure_logging


@pytest.mark.parametrize(
    "value",
    [
        "rtsp://viewer:p@ss word@10.0.0.5/1",
        "refused 'p@ss word'",
        "p%40ss%20word",
        ["a", ("b", "xp@ss wordx")],
        {"url": "p@ss word"},
        ValueError("no p@ss word here"),
    ],
)
def test_by_value(value: object) -> None:
    cleaned = repr(SecretsFilter(["p@ss word"]).clean(value))
    assert "p@ss word" not in cleaned
    assert "p%40ss" not in cleaned
    assert "***" in cleaned


def test_figures_stay() -> None:
    event = {"event": "x", "count": 3, "ratio": 0.5, "on": True, "nothing": None}
    assert SecretsFilter(["3"])(None, "info", dict(event)) == event


def test_lines_exceptions_and_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    try:
        configure_logging(secrets=["hunter2"])
        log = structlog.get_logger("streamer.test")
        try:
            raise ValueError("rtsp://viewer:hunter2@h")
        except ValueError:
            log.exception("failed", url="rtsp://viewer:hunter2@h")
        logging.getLogger("somelibrary").warning("cannot open %s", "rtsp://viewer:hunter2@h")
        logging.getLogger("somelibrary").info("chatter")
    finally:
        structlog.reset_defaults()
        logging.getLogger().handlers = []
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["failed", "cannot open rtsp://viewer:***@h"]
    assert "ValueError" in lines[0]["exception"]
    assert "hunter2" not in stream.getvalue()
