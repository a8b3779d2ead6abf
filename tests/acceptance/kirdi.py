"""Drives the installed product as a person would: through the `kirdi` command, nothing else."""

import asyncio
import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from streamer.clock import SystemClock
from streamer.domain.actor import SERVICE
from streamer.domain.consent import ConsentGiven, ConsentPurpose, IdentityCheck, Language
from tests.acceptance.command_server import CommandServer

if TYPE_CHECKING:
    from streamer.backend import Backend

# Somewhere on earth it is noon: there, "today" does not end while a test runs.
ZONE = f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"
COMMAND = [sys.executable, "-m", "streamer.cli"]
COMMANDS = CommandServer()
_PATIENCE = 3
Json = list[dict[str, Any]]


@dataclass
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Json:
        parsed: Json = json.loads(self.out)
        return parsed


@dataclass
class Kirdi:
    """One installation: a home folder, a settings file, and the command."""

    folder: Path
    cameras: list[dict[str, Any]] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    home_name: str = "home"
    web_port: int = 0
    """Many services run at once: 0 = a free one."""

    @property
    def home(self) -> Path:
        return self.folder / self.home_name

    @property
    def user_home(self) -> Path:
        """$HOME of the commands: nothing of Kirdi's belongs there."""
        return self.folder / "user"

    @property
    def env(self) -> dict[str, str]:
        wanted = ("PATH", "LANG", "PYTHONPATH")
        kept = {key: os.environ[key] for key in wanted if key in os.environ}
        self.user_home.mkdir(exist_ok=True)
        return kept | {
            "HOME": str(self.user_home),
            "KIRDI_HOME": str(self.home),
            "KIRDI_CONFIG": str(self.write_settings()),
            "KIRDI_WEB__PORT": str(self.web_port),
        }

    def write_settings(self) -> Path:
        file = self.folder / "kirdi.yaml"
        settings = {
            "site": {"id": "test-1", "name": "Test", "time_zone": ZONE},
            # Nobody looks at matches, unless a test does.
            "match": {"auto_arrive": "always"},
            "cameras": self.cameras,
        } | self.extra
        text = yaml.safe_dump(settings)
        # A service that reads them just now must not see half a file.
        if not file.exists() or file.read_text() != text:
            file.write_text(text)
        return file

    def __call__(self, *arguments: str | Path, timeout: float = 120, stdin: str = "") -> Result:
        words = [str(one) for one in arguments]
        return Result(*COMMANDS.run(words, self.env, self.folder, stdin, timeout))

    def ok(self, *arguments: str | Path, timeout: float = 120) -> Json:
        """Run with --json; it must succeed."""
        result = self(*arguments, "--json", timeout=timeout)
        assert result.code == 0, result.err
        return result.json

    @contextmanager
    def camera(self, *files: Path, loop: bool = False, user: str | None = None) -> Iterator[str]:
        """A simulated camera meanwhile; yields its URL."""
        options = ["--port", "0", "--json", *(["--loop"] if loop else [])]
        options += ["--user", user] if user else []
        process = subprocess.Popen(
            [*COMMAND, "camera", "simulate", *map(str, files), *options],
            env=self.env,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, "the camera did not start"
            url = json.loads(line)[0]["url"]
            yield url.replace("rtsp://", f"rtsp://{user}@") if user else url
        finally:
            end(process)

    @contextmanager
    def service(self) -> Iterator["Service"]:
        """`kirdi run` meanwhile; it must end by itself when asked to."""
        service = Service(self)
        try:
            yield service
        finally:
            service.stop()

    def check_ins(self) -> Json:
        return self.ok("check-ins", "list", "--date", "today")

    def statuses(self) -> dict[str, str]:
        rows = self.ok("appointments", "list", "--date", "today")
        return {row["appointment_ref"]: row["status"] for row in rows}

    def import_people(self, refs: Sequence[str], starts: datetime | None = None) -> None:
        """Patients with one appointment each, `a-REF`, by CSV; the window is open now."""
        begins = starts or datetime.now(UTC) + timedelta(minutes=10)
        patients = self.folder / "patients.csv"
        appointments = self.folder / "appointments.csv"
        write_csv(patients, [person(ref) for ref in refs])
        write_csv(appointments, [appointment(f"a-{ref}", ref, begins) for ref in refs])
        self.ok("patients", "import", patients)
        self.ok("appointments", "import", appointments)

    def consent(self, *refs: str) -> None:
        """Record consents, `consent-REF` each; in this process: a command for each takes long."""
        asyncio.run(self._consent(refs))

    async def _consent(self, refs: Sequence[str]) -> None:
        from config.load import load_settings
        from streamer.backend import open_backend

        settings, clock = load_settings(self.write_settings(), {}), SystemClock()
        async with open_backend(settings, self.home, clock) as backend:
            for ref in refs:
                await record_consent(backend, ref, clock.now())


def person(ref: str, **more: str) -> dict[str, str]:
    """A row of a patients' file: somebody of age, whom nobody knows more of."""
    return {"patient_ref": ref, "full_name": f"Person {ref}", "birth_date": "1990-01-01", **more}


def person_with_guardian(ref: str, guardian: str) -> dict[str, str]:
    """The same; with a guardian it is a child of theirs."""
    born = "2019-05-01" if guardian else "1990-01-01"
    return person(ref, birth_date=born, guardian_refs=guardian)


async def record_consent(backend: "Backend", ref: str, now: datetime) -> None:
    """A patient's consent to check-in, of today."""
    from streamer.patients.consent_text import consent_text

    purpose, settings = ConsentPurpose.CHECK_IN, backend.settings
    text = consent_text(purpose, Language.EN, settings.consent, settings.site.name)
    given = ConsentGiven(
        patient_ref=ref,
        purpose=purpose,
        document_ref=f"consent-{ref}",
        given_at=now,
        expires_at=now + timedelta(days=settings.consent.term_days),
        identity_check=IdentityCheck.KNOWN_TO_STAFF,
    )
    await backend.consents.record(given, text, SERVICE, now)


class Service:
    """A running `kirdi run`."""

    def __init__(self, kirdi: Kirdi) -> None:
        self.log_file = kirdi.folder / "service.log"
        self._log = self.log_file.open("a")
        self._counters = kirdi.folder / "counters.json"
        with self._counters.open("w") as counters:
            self.process = subprocess.Popen(
                [*COMMAND, "run", "--json"],
                env=kirdi.env,
                cwd=kirdi.folder,
                stdout=counters,
                stderr=self._log,
            )

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def wait_for(self, condition: Callable[[], bool], seconds: float) -> None:
        """Wait until something holds; the service must live.

        `seconds` are of a machine of one's own; where others work too, it takes longer.
        """
        until = time.monotonic() + _PATIENCE * seconds
        while not condition():
            assert self.process.poll() is None, f"the service ended: {self.log[-2000:]}"
            assert time.monotonic() < until, f"waited in vain: {self.log[-3000:]}"
            time.sleep(0.2)

    def wait_until_logged(self, words: str, seconds: float = 30, times: int = 1) -> None:
        self.wait_for(lambda: self.log.count(words) >= times, seconds)

    def analysed(self) -> dict[str, int]:
        """How many frames of each camera were searched for faces; once the service has stopped."""
        states: Json = json.loads(self._counters.read_text())
        return {state["camera_id"]: state["analysed"] for state in states}

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            code = self.process.wait(20)
            assert code == 0, f"stopped with {code}: {self.log[-2000:]}"
        self._log.close()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)


def end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


def appointment(ref: str, patient: str, starts: datetime) -> dict[str, str]:
    return {
        "appointment_ref": ref,
        "patient_ref": patient,
        "practitioner_ref": "d-1",
        "practitioner_name": "Dr. Test",
        "service_code": "S1",
        "service_name": "Visit",
        "starts_at": starts.isoformat(timespec="seconds"),
        "ends_at": (starts + timedelta(minutes=20)).isoformat(timespec="seconds"),
        "status": "booked",
    }


def write_csv(file: Path, rows: Sequence[dict[str, str]]) -> None:
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
