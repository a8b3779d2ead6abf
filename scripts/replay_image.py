"""Carries out, without Docker, what docker/Dockerfile does to make an image's packages.

    python3 scripts/replay_image.py cpu|gpu [FOLDER]

COPY and RUN lines of the stages up to the target are done in an empty folder, with the environment
the Dockerfile sets and nothing of the caller's but where packages come from. Then the result is
used: Kirdi says its version and builds its model pack. Users, rights and the base image itself are
not replayed. FOLDER is kept; without one a temporary folder is used and removed.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Where packages come from and by which way is the machine's business.
KEPT = re.compile(
    r"PIP_(INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|CONFIG_FILE|CERT|TRUSTED_HOST)|SSL_CERT_FILE"
    r"|(HTTPS?|NO)_PROXY",
    re.IGNORECASE,
)
# Folders of the image that stages fill, as far as packages go.
FOLDERS = ("/opt/", "/src/")
CUDA_CHECK = """
import ctypes, onnxruntime, pathlib
onnxruntime.preload_dlls()
folder = pathlib.Path(onnxruntime.__file__).parent / "capi"
ctypes.CDLL(str(folder / "libonnxruntime_providers_shared.so"), ctypes.RTLD_GLOBAL)
try:
    ctypes.CDLL(str(folder / "libonnxruntime_providers_cuda.so"))
    print("CUDA provider: loads")
except OSError as error:
    if "libcuda.so.1" not in str(error):
        raise
    print("CUDA provider: lacks nothing but the driver (libcuda.so.1)")
"""


@dataclass
class Stage:
    """One FROM of the Dockerfile with the instructions after it."""

    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)


def read_stages(text: str) -> dict[str, Stage]:
    """The stages by their names, in the file's order."""
    text = "".join(line for line in text.splitlines(True) if not line.lstrip().startswith("#"))
    stages: dict[str, Stage] = {}
    current = Stage("")
    for line in text.replace("\\\n", " ").splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            current = stages[name.strip()] = Stage(base.strip())
        elif word:
            current.steps.append((word, " ".join(rest.split())))
    return stages


class Replay:
    """Carries stages out below one folder, which stands for the image's root."""

    def __init__(self, stages: dict[str, Stage], folder: Path, python: str) -> None:
        self._stages = stages
        self._folder = folder
        self._done: set[str] = set()
        (folder / "bin").mkdir(parents=True)
        (folder / "home").mkdir()
        (folder / "bin" / "python").symlink_to(python)
        version = subprocess.run(
            [python, "-I", "-c", "import sys; print('python%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=True,
        )
        self._version = version.stdout.strip()
        self._env = {key: value for key, value in os.environ.items() if KEPT.fullmatch(key)} | {
            "PATH": f"{folder}/bin:/usr/bin:/bin",
            "HOME": str(folder / "home"),
            "LANG": "C.UTF-8",
        }

    def build(self, name: str) -> None:
        """Do a stage, those it is built on and those it copies from."""
        stage = self._stages[name]
        if name in self._done:
            return
        self._done.add(name)
        if stage.base in self._stages and stage.base != "runtime":
            self.build(stage.base)
        for word, rest in stage.steps:
            if word == "COPY" and rest.startswith("--from="):
                self.build(rest.split()[0].partition("=")[2])
        for word, rest in stage.steps:
            if word == "ENV" and not rest.startswith("NVIDIA_"):
                self._env |= dict(pair.split("=", 1) for pair in shlex.split(rest))
            elif word == "COPY":
                self._copy(rest.split())
            elif word == "RUN":
                say(f"[{name}] {rest}")
                self.run(["/bin/sh", "-c", self._inside(rest)])

    def run(self, command: list[str]) -> None:
        """Run something in the replayed environment; its failure ends the replay."""
        subprocess.run(command, cwd=self._folder, env=self._env, check=True)

    def use(self, target: str) -> None:
        """Use what was made as its user would."""
        self._env["KIRDI_HOME"] = str(self._folder / "home" / "kirdi")
        binaries = self._folder / "opt/kirdi/bin"
        self.run([str(binaries / "kirdi"), "version"])
        self.run([str(binaries / "kirdi"), "models", "build"])
        if target == "gpu":
            self.run([str(binaries / "python"), "-I", "-c", CUDA_CHECK])

    def _copy(self, words: list[str]) -> None:
        *sources, target = words
        if sources[0].startswith("--from="):
            sources = [self._inside(source) for source in sources[1:]]
            if sources == [self._inside(target)]:
                return
        else:
            sources = [str(ROOT / source) for source in sources]
        destination = Path(self._inside(target))
        for source in map(Path, sources):
            if source.is_dir():
                ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
                shutil.copytree(
                    source, destination, ignore=ignored, dirs_exist_ok=True, symlinks=True
                )
            else:
                into = destination / source.name if target.endswith("/") else destination
                into.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, into)

    def _inside(self, text: str) -> str:
        for folder in FOLDERS:
            text = re.sub(
                rf"(?<![\w/.]){folder[:-1]}(?=/|\s|$)", f"{self._folder}{folder[:-1]}", text
            )
        return text.replace("python3.12", self._version)


def say(text: str) -> None:
    """Print a line before what the next command prints."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Replay one target."""
    if not 1 <= len(arguments) <= 2 or arguments[0] not in ("cpu", "gpu"):
        sys.stderr.write("usage: replay_image.py cpu|gpu [FOLDER]\n")
        return 2
    target, began = arguments[0], time.monotonic()
    temporary = None if len(arguments) == 2 else tempfile.mkdtemp(prefix="kirdi-image-")
    folder = Path(temporary or arguments[1]).resolve()
    try:
        found = subprocess.run(
            [ROOT / "scripts" / "find_python"], capture_output=True, text=True, check=True
        )
        text = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8")
        replay = Replay(read_stages(text), folder, found.stdout.strip())
        replay.build(target)
        replay.use(target)
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"replay of {target}: a step failed with {error.returncode}\n")
        return 1
    finally:
        if temporary:
            shutil.rmtree(temporary, ignore_errors=True)
    say(f"replayed {target} in {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
