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
    for code, claims in day.by_code.items():
        fit = fits.of(code)
        if fit is None or fit.sex is None:
            log.looked(len(claims))
            continue
        for one in claims:
            sex = one.judged.patient.sex
            if sex is None:
                log.skipped(NotEvaluated.PATIENT_UNKNOWN)
                continue
            log.looked()
            if sex != fit.sex:
                log.found(one.judged, {"wanted": fit.sex})
