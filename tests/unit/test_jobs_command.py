"""What `kirdi jobs run` says of a period that is not to be had, `kirdi tokens` of idle scopes."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from streamer.commands.jobs import why_not
from streamer.domain.account import Account
from streamer.domain.job_run import JobRun
from streamer.domain.role import Role
from streamer.errors import InputError
from streamer.web.idle_scopes import refuse_idle_scopes

AT = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
RUN = JobRun("retention", "2026-11-23", AT, "done", 1, AT, AT, AT, AT, None, "no login")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("done", "is done, since 2026-11-23 04:00:00; --again"),
        ("failed", "was given up (no login); --again"),
        ("waiting", "failed (no login) and is tried again by itself at 2026-11-23 04:00:00"),
        ("running", "runs just now, since 2026-11-23 04:00:00"),
    ],
)
def test_why_a_period_is_not_to_be_had(state: str, words: str) -> None:
    assert why_not(replace(RUN, state=state), UTC).startswith(words)


def test_a_scope_that_the_account_lacks_is_refused_by_name() -> None:
    account = Account(
        uuid4(), "desk", (Role.RECEPTION,), (), None, None, None, False, AT, None, None
    )
    refuse_idle_scopes(account, ["check-ins:read", "codes:issue"])
    with pytest.raises(
        InputError, match="audit:read takes the role auditor or dpo; jobs:read takes the role admin"
    ):
        refuse_idle_scopes(account, ["check-ins:read", "audit:read", "jobs:read"])
