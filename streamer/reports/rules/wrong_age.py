"""A service that is for the older or the younger."""

from streamer.domain.age import full_years
from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_finding import Parameter
from streamer.domain.rule_summary import NotEvaluated
from streamer.reports.rules.claim_day import ClaimDay, RuledClaim
from streamer.reports.rules.fitting import Fit, Fits
from streamer.reports.rules.rule_log import RuleLog

CODE = RuleCode.WRONG_AGE


def find(day: ClaimDay, log: RuleLog) -> None:
    """In full years on the day; services that the settings say nothing of fit everybody."""
    if not day.settings.fits:
        log.skipped(NotEvaluated.NOT_SET, len(day.claims))
        return
    fits = Fits(day.settings.fits)
    for code, claims in day.by_code.items():
        fit = fits.of(code)
        if fit is None or (fit.least is None and fit.most is None):
            log.looked(len(claims))
            continue
        for one in claims:
            _look(one, fit, day, log)


def _look(one: RuledClaim, fit: Fit, day: ClaimDay, log: RuleLog) -> None:
    born = one.judged.patient.birth_date
    if born is None:
        log.skipped(NotEvaluated.PATIENT_UNKNOWN)
        return
    log.looked()
    years = full_years(born, day.day)
    young = fit.least is not None and years < fit.least
    old = fit.most is not None and years > fit.most
    if young or old:
        said: dict[str, Parameter] = {"years": years}
        if fit.least is not None:
            said["least"] = fit.least
        if fit.most is not None:
            said["most"] = fit.most
        log.found(one.judged, said)
