"""`kirdi status`: does the service run, and where is its API? Asks nothing of it; see `health`."""

import os

from streamer.commands.health import service_runs
from streamer.commands.invocation import JsonOption, print_json, say
from streamer.embedded.home import kirdi_home
from streamer.web.place import announced


def status(as_json: JsonOption = False) -> None:
    """Say whether the service runs, and where its API is."""
    home = kirdi_home(os.environ)
    runs = service_runs(home)
    web = announced(home) if runs else None
    if as_json:
        found = web or {}
        print_json(
            [
                {
                    "running": runs,
                    "url": found.get("url"),
                    "public_url": found.get("public_url"),
                    "pid": found.get("pid"),
                }
            ]
        )
    elif not runs:
        say(f"No service runs on {home}; start `kirdi run`.")
    elif web is None:
        say("The service runs, without a web server (web.enabled), or has just begun.")
    else:
        say(f"The service runs. Its API: {web.get('public_url') or web['url']}/api/v1")
