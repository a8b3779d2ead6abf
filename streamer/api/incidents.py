"""What a breach asks for, for `web.installation.Incidents`."""

from streamer.backend import Backend
from streamer.domain.actor import Actor
from streamer.domain.incident import Scope
from streamer.domain.working_days import one_working_day_after
from streamer.errors import InputError
from streamer.exchange.incident_papers import figures
from streamer.web.installation import IncidentAsked
from streamer.web.models.incidents import IncidentAccess, IncidentReport


class ApiIncidents:
    """Of one site."""

    def __init__(self, backend: Backend) -> None:
        """Keep the stores."""
        self._backend = backend

    async def report(self, asked: IncidentAsked, by: Actor) -> IncidentReport:
        """Find out; that it was asked is in the audit. Nobody is named.

        Raises:
            InputError: It was found before it is known of.
            DatabaseError: It refuses.
            VaultError: A profile does not open.
        """
        now, site = self._backend.clock.now(), self._backend.settings.site
        found_at = asked.found_at or now
        if found_at > now:
            raise InputError("found_at: lies in the future; correct it")
        scope = Scope(asked.begins, asked.ends, found_at, asked.what, asked.cameras, asked.accounts)
        facts = await self._backend.incident_records.facts(scope, by.name, now)
        people = figures(facts)
        return IncidentReport(
            incident_id=facts.incident_id,
            site=facts.site_name,
            begins_at=scope.begins,
            ends_at=scope.ends,
            found_at=scope.found_at,
            notice_due_at=one_working_day_after(scope.found_at, site.holidays, site.zone),
            what=list(scope.what),
            cameras=list(scope.cameras),
            accounts=list(scope.accounts),
            affected=people["affected"],
            with_template=people["templates"],
            minors=people["minors"],
            without_contact=people["without_contact"],
            erased=people["erased"],
            by_breach=dict(facts.by_breach),
            accesses=[
                IncidentAccess(
                    account=one.actor,
                    kind=one.kind,
                    action=one.action,
                    outcome=one.outcome,
                    events=one.events,
                    patients=one.patients,
                    first_at=one.first_at,
                    last_at=one.last_at,
                )
                for one in facts.accesses
            ],
        )
