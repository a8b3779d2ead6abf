import signal
import subprocess
import sys


def test_interrupted_while_it_loads_it_is_one_line() -> None:
    # Python tells of each finished import, so the signal comes while the command line loads.
    command = [sys.executable, "-X", "importtime", "-m", "streamer", "check-ins", "list"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("import time:") and line.split("|")[-1].strip() == "config.errors":
                break
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=30)
    said = [line for line in rest.splitlines() if not line.startswith("import time:")]
    assert said == ["kirdi: interrupted before it began"]
    assert process.returncode == 130
