"""Billed by another practitioner, or in another room, than was booked. Information only."""

from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_finding import Parameter
from streamer.domain.rule_summary import NotEvaluated
from streamer.reports.rules.claim_day import ClaimDay
from streamer.reports.rules.rule_log import RuleLog

CODE = RuleCode.SUBSTITUTED


def find(day: ClaimDay, log: RuleLog) -> None:
    """Colleagues stand in for each other: nobody is at risk for that."""
    looked = 0
    for one in day.claims:
        appointment, service = one.judged.appointment, one.judged.claim.service
        if appointment is None:
            continue
        looked += 1
        if service.practitioner_ref == appointment.practitioner_ref and service.room is None:
            continue
        said: dict[str, Parameter] = {}
        if service.practitioner_ref != appointment.practitioner_ref:
            said |= {
                "practitioner": service.practitioner_ref,
                "booked": appointment.practitioner_ref,
            }
        room = appointment.room
        if service.room is not None and room is not None and service.room != room:
            said |= {"room": service.room, "booked_room": room}
        if said:
            log.found(one.judged, said)
    log.looked(looked)
    log.skipped(NotEvaluated.NO_APPOINTMENT, len(day.claims) - looked)
