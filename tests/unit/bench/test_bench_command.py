import pytest
from typer.testing import CliRunner

from streamer.commands import bench
from streamer.errors import InputError


@pytest.mark.parametrize("cameras", ["0", "65", "-1", "one", "1,,2", ""])
@pytest.mark.parametrize("command", ["pipeline", "ingest", "matcher"])
def test_a_number_of_cameras_that_is_none_is_refused(command: str, cameras: str) -> None:
    result = CliRunner().invoke(bench.app, [command, f"--cameras={cameras}"])
    assert isinstance(result.exception, InputError)
    wrong = "" if "," in cameras else cameras
    assert str(result.exception).startswith(f"--cameras '{wrong}': write numbers ")


@pytest.mark.parametrize("command", ["pipeline", "ingest"])
def test_help_breaks_lines_only_where_the_screen_ends(command: str) -> None:
    result = CliRunner().invoke(bench.app, [command, "--help"], env={"COLUMNS": "4000"})
    lines = [line for line in result.output.splitlines() if "docs/benchmarks.md" in line]
    assert len(lines) == 1
    assert "Latency runs from the arrival" in lines[0]


@pytest.mark.parametrize("templates", ["0", "3000000", "many", ""])
def test_a_size_of_a_gallery_that_is_none_is_refused(templates: str) -> None:
    result = CliRunner().invoke(bench.app, ["matcher", f"--templates={templates}"])
    assert isinstance(result.exception, InputError)
    assert str(result.exception).startswith(f"--templates '{templates}': write numbers ")


@pytest.mark.parametrize("appointments", ["0", "60000", "many", ""])
def test_a_size_of_a_site_that_is_none_is_refused(appointments: str) -> None:
    result = CliRunner().invoke(bench.app, ["schedule", f"--appointments={appointments}"])
    assert isinstance(result.exception, InputError)
    assert str(result.exception).startswith(f"--appointments '{appointments}': write numbers ")
