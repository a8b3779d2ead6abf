"""`python -m streamer.bench.reports.report_child`: makes one report, and says what that took.

A process of its own, so that its CPU time and its peak of memory, with those of the process that
helps it, are the report's.
"""

import asyncio
import json
import os
import time
from datetime import date
from pathlib import Path

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from config.settings import Settings
from streamer.backend import open_backend
from streamer.bench.child import plain_last_words, read_request, send_answer
from streamer.bench.peak_memory import PeakMemory
from streamer.clock import SystemClock
from streamer.domain.actor import SERVICE
from streamer.domain.report.period import Period
from streamer.hardening import forbid_core_dumps
from streamer.log import configure_logging
from streamer.reporting.runs import ReportRuns


@dataclass(frozen=True)
class ReportRequest:
    """Of which days, at which site."""

    settings: dict[str, object]
    home: Path
    first: date
    last: date


async def measure(request: ReportRequest) -> dict[str, float]:
    """Make the report; raises KirdiError where it cannot be made."""
    settings = Settings.model_validate(request.settings)
    async with open_backend(settings, request.home, SystemClock()) as backend:
        began, spent = time.perf_counter(), _cpu_s()
        with PeakMemory() as peak:
            made = await ReportRuns(backend).make(Period.of(request.first, request.last), SERVICE)
        seconds, cpu = time.perf_counter() - began, _cpu_s() - spent
    claims = made.report.total.claims.total
    return {
        "days": made.entry.period.days,
        "appointments": made.entry.appointments,
        "claims": claims,
        "seconds": seconds,
        "cpu_s": cpu,
        "peak_mb": peak.mb,
    }


def _cpu_s() -> float:
    """Of this process and those that helped it and have ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def main() -> None:
    """Measure what the request asks for."""
    forbid_core_dumps()
    configure_logging(level="error")
    request = TypeAdapter(ReportRequest).validate_json(read_request())
    with plain_last_words():
        send_answer(json.dumps(asyncio.run(measure(request))).encode())


if __name__ == "__main__":
    main()
