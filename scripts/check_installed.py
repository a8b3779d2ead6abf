"""Checks that this environment holds exactly one locked set; run by scripts/setup and scripts/test.

`pip check` cannot say it: some wishes of our dependencies are refused on purpose
(requirements/overrides.txt).
"""

import re
import sys
from collections import Counter
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

REQUIREMENTS = Path(__file__).resolve().parent.parent / "requirements"
ALSO_THERE = {canonicalize_name("pip"), canonicalize_name("kirdi")}
ONE_OF = {"opencv": r"opencv-.*", "ONNX Runtime": r"(onnxruntime|ort)(-.*)?"}


def locked(name: str) -> dict[NormalizedName, str]:
    """Name to version of what a requirements file asks for on this platform and Python."""
    found = {}
    for line in (REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if not line or line[0] in " #-":
            continue
        requirement = Requirement(line.rstrip("\\ "))
        if requirement.marker is None or requirement.marker.evaluate():
            (pin,) = requirement.specifier
            found[canonicalize_name(requirement.name)] = pin.version
    return found


def complaints(set_name: str) -> list[str]:
    """What is wrong with this environment, a line each."""
    wanted = locked(set_name) | locked("build")
    if sys.version_info >= (3, 13):
        wanted |= locked("redis-server")
    names = [
        (canonicalize_name(distribution.name), distribution.version)
        for distribution in metadata.distributions()
    ]
    present = dict(names)
    twice = [name for name, count in Counter(name for name, _ in names).items() if count > 1]
    lines = [f"{name} is installed twice" for name in twice]
    for name in sorted(wanted.keys() - present.keys()):
        lines.append(f"{name} {wanted[name]} is missing")
    for name in sorted(present.keys() - wanted.keys() - ALSO_THERE):
        lines.append(f"{name} {present[name]} is not in the locked set")
    for name in sorted(wanted.keys() & present.keys()):
        if wanted[name] != present[name]:
            lines.append(f"{name} is {present[name]}, locked is {wanted[name]}")
    for what, pattern in ONE_OF.items():
        found = sorted(name for name in present if re.fullmatch(pattern, name))
        if len(found) != 1:
            lines.append(f"exactly one {what} is wanted, installed: {', '.join(found) or 'none'}")
    if "kirdi" not in present:
        lines.append("kirdi itself is missing")
    return lines


def main(arguments: list[str]) -> int:
    """Print what is wrong, or one line that nothing is; 1 where something is."""
    if len(arguments) != 1 or arguments[0] not in ("cpu", "gpu", "dev"):
        sys.stderr.write("usage: check_installed.py cpu|gpu|dev\n")
        return 2
    lines = complaints(arguments[0])
    for line in lines:
        sys.stderr.write(f"{line}\n")
    if lines:
        sys.stderr.write("remove .venv and run scripts/setup again\n")
        return 1
    count = len(list(metadata.distributions()))
    sys.stdout.write(f"exactly the locked {arguments[0]} set: {count} distributions\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
