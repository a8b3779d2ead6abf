"""Puts together what the routes of the clinic's domain work with. Called by `app` and by tests."""

from streamer.api.check_ins import ApiCheckIns
from streamer.api.codes import ApiCodes
from streamer.api.consents import ApiConsents
from streamer.backend import Backend
from streamer.checkin.codes.redeeming import Redeeming
from streamer.code_counters import attempts_of, issuing
from streamer.crypto.pseudonyms import Pseudonyms
from streamer.crypto.seal import Seal
from streamer.web.resources import Cameras, Desk, Enrolments, Notices, Resources, Reviews


def clinic_resources(
    backend: Backend,
    pack_id: str,
    redeeming: Redeeming,
    *,
    enrolments: Enrolments,
    reviews: Reviews,
    desk: Desk,
    cameras: Cameras,
    notices: Notices,
) -> Resources:
    """Return them.

    Args:
        backend: The stores.
        pack_id: The model pack in use.
        redeeming: The service's own, which knows who is away.
        enrolments: Needs the matcher, and so do the next two.
        reviews: Those of the running service.
        desk: Likewise.
        cameras: Likewise.
        notices: Likewise.
    """
    settings, base = backend.settings, backend.database
    return Resources(
        zone=settings.site.zone,
        pack_id=pack_id,
        cursors=Seal(base.derive("kirdi/cursor/v1")),
        pseudonyms=Pseudonyms(base.derive),
        once=backend.once,
        visits=backend.visits_reader,
        people=backend.people_reader,
        looks=backend.page_reader,
        enrolments=enrolments,
        consents=ApiConsents(settings, backend),
        check_ins=ApiCheckIns(backend.manual_check_ins, backend.undo),
        codes=ApiCodes(settings, issuing(backend), redeeming, attempts_of(backend), backend.clock),
        reviews=reviews,
        desk=desk,
        cameras=cameras,
        notices=notices,
    )
