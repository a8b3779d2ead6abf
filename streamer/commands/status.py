"""`kirdi status`: does the service run, where is its API, and are its jobs done?

Asks nothing of the service, and ends with 0 whatever it finds: what a supervisor asks is `health`.
"""

import asyncio
import os
from pathlib import Path

from config.errors import ConfigError
from config.settings import Settings
from streamer.clock import SystemClock
from streamer.commands.health import service_runs
from streamer.commands.invocation import (
    ConfigOption,
    JsonOption,
    print_json,
    read_settings,
    say,
    warn,
)
from streamer.commands.site_database import site_database
from streamer.embedded.home import kirdi_home
from streamer.errors import KirdiError
from streamer.home_site import refuse_other_site
from streamer.web.place import announced


def status(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Say whether the service runs, where its API is, and what is wrong with its jobs."""
    home = kirdi_home(os.environ)
    runs = service_runs(home)
    web = announced(home) if runs else None
    troubles = _troubles(config, home, runs)
    if as_json:
        found = web or {}
        print_json(
            [
                {
                    "running": runs,
                    "url": found.get("url"),
                    "public_url": found.get("public_url"),
                    "pid": found.get("pid"),
                    "troubles": troubles,
                }
            ]
        )
        return
    if not runs:
        say(f"No service runs on {home}; start `kirdi run`.")
    elif web is None:
        say("The service runs, without a web server (web.enabled), or has just begun.")
    else:
        say(f"The service runs. Its API: {web.get('public_url') or web['url']}/api/v1")
    warn(troubles)


def _troubles(config: Path | None, home: Path, runs: bool) -> list[str]:
    """A line each. Without settings, or a database, it says so and no more."""
    try:
        settings = read_settings(config)
    except ConfigError as error:
        return [f"jobs are not looked at: {error}"] if runs else []
    try:
        refuse_other_site(home, settings.site.id)
        return asyncio.run(_of_jobs(settings, home)) if runs else []
    except KirdiError as error:
        return [str(error)]


async def _of_jobs(settings: Settings, home: Path) -> list[str]:
    from streamer.site_jobs import jobs_health
    from streamer.storage.job_runs import PostgresJobRuns
    from streamer.storage.report_schedules import PostgresReportSchedules

    async with site_database(settings, home) as postgres:
        runs = PostgresJobRuns(postgres, settings.site.id)
        kept = PostgresReportSchedules(postgres, settings.site.id)
        found = await jobs_health(settings, runs, kept, SystemClock().now())
    return [line for one in found for line in (*one.notices, one.overdue) if line is not None]
