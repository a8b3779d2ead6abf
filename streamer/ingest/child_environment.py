"""What a process that touches foreign video knows of us. Used by `child_process` and `probe`."""

import os


def child_environment() -> dict[str, str]:
    """The few variables such a process gets: nothing of our own, which may hold secrets.

    The malloc settings keep freed pictures in the process: giving 6 MB back to the kernel and
    faulting them in again took twice as long as converting the frame itself.
    """
    environment = {
        "LANG": "C.UTF-8",
        "MALLOC_ARENA_MAX": "1",
        "MALLOC_MMAP_THRESHOLD_": str(32 * 1024 * 1024),
        "MALLOC_TRIM_THRESHOLD_": str(64 * 1024 * 1024),
    }
    libraries = os.environ.get("LD_LIBRARY_PATH")
    return environment | ({"LD_LIBRARY_PATH": libraries} if libraries else {})
