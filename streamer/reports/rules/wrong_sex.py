"""A service that is for the other sex."""

from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_summary import NotEvaluated
from streamer.reports.rules.claim_day import ClaimDay
from streamer.reports.rules.fitting import Fits
from streamer.reports.rules.rule_log import RuleLog

CODE = RuleCode.WRONG_SEX


def find(day: ClaimDay, log: RuleLog) -> None:
    """Services that the settings say nothing of fit everybody."""
    if not day.settings.fits:
        log.skipped(NotEvaluated.NOT_SET, len(day.claims))
        return
    fits = Fits(day.settings.fits)
    looked = 0
    for one in day.claims:
        fit = fits.of(one.judged.claim.service.service_code)
        if fit is None or fit.sex is None:
            looked += 1
            continue
        sex = one.judged.patient.sex
        if sex is None:
            log.skipped(NotEvaluated.PATIENT_UNKNOWN)
            continue
        looked += 1
        if sex != fit.sex:
            log.found(one.judged, {"wanted": fit.sex})
    log.looked(looked)
