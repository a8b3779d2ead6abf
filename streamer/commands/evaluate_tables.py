"""Prints an evaluation for people. Used by `kirdi evaluate`."""

from collections.abc import Iterator, Mapping

from matcher.evaluation.report import Report
from matcher.evaluation.threshold_check import ThresholdCheck
from streamer.commands.invocation import Rows, print_rows, say


def print_report(report: Report) -> None:
    """Print it as lines and tables."""
    for line in _lines(report):
        say(line)
    _table("Error rates, by share of strangers let through", _rates(report))
    _table("The same splits, one by one: in how many were fewer missed?", _comparisons(report))
    _table("At the thresholds in force", _at_default(report))
    _table("Thresholds by gallery size: promised and measured FPIR", _thresholds(report.thresholds))
    _table("By group", _groups(report))


def _lines(report: Report) -> Iterator[str]:
    got, asked = report.acquisition, report.protocol
    yield (
        f"Pack {report.pack_id}: {got.photos} photos, {got.people} people with a usable face; "
        f"failure to acquire {_percent(got.failed)}."
    )
    for reason, share in got.stopped.items():
        yield f"  stopped as {reason}: {_percent(share)}"
    yield (
        f"{got.left_out} people left out: the figures that normalise scores are made of them."
        if report.thresholds
        else "No figures for this pack: scores are distances only; run: kirdi models calibrate DIR"
    )
    yield (
        f"{asked.gallery} enrolled from {asked.photos} photo(s), searched by {asked.probes}; "
        f'{asked.splits} split(s). "At most" is an upper 95 % bound (Clopper-Pearson) for one '
        "split; by group, for each person searched for once. Splits share people: "
        '"people" is how many different ones were missed in all splits.'
    )


def _rates(report: Report) -> list[Mapping[str, object]]:
    return [
        {
            "system": system.system,
            "rank-1": _percent(system.rank1),
            "FPIR": _percent(rate.fpir),
            "FNIR (median)": _percent(rate.fnir),
            "range": f"{_percent(rate.fnir_least)} to {_percent(rate.fnir_most)}",
            "at most": _percent(rate.fnir_upper),
            "missed": f"{rate.misses} of {rate.searches}",
            "mean": _percent(rate.fnir_mean),
            "in all splits": f"{rate.all_misses} of {rate.all_searches}",
            "people": rate.people_missed,
            "strangers": rate.strangers,
            "note": "above all strangers" if rate.strangers * rate.fpir < 1 else "",
        }
        for system in report.systems
        for rate in system.rates
    ]


def _comparisons(report: Report) -> list[Mapping[str, object]]:
    return [
        {
            "system": one.system,
            "beside": one.beside,
            "FPIR": _percent(one.fpir),
            "fewer missed": one.better,
            "as many": one.equal,
            "more": one.worse,
        }
        for one in report.comparisons
    ]


def _at_default(report: Report) -> list[Mapping[str, object]]:
    return [
        {
            "system": system.system,
            "threshold": system.at_default.threshold,
            "FNIR": _percent(system.at_default.fnir),
            "FNIR at most": _percent(system.at_default.fnir_upper),
            "FPIR": _percent(system.at_default.fpir),
            "FPIR at most": _percent(system.at_default.fpir_upper),
        }
        for system in report.systems
        if system.at_default is not None
    ]


def _thresholds(checks: tuple[ThresholdCheck, ...]) -> list[Mapping[str, object]]:
    return [
        {
            "gallery": one.gallery,
            "promised": _percent(one.fpir),
            "score": one.score,
            "measured": _percent(one.measured_fpir),
            "at most": _percent(one.upper),
            "strangers": one.strangers or "too few people",
            "rests on": "observed scores" if one.observed else "the fitted tail",
        }
        for one in checks
    ]


def _groups(report: Report) -> list[Mapping[str, object]]:
    return [
        {
            "system": system.system,
            "group": one.group,
            "people": one.people,
            "FPIR of all": _percent(one.fpir_of_all),
            "FNIR": _percent(one.fnir),
            "FNIR at most": _percent(one.fnir_upper),
            "searches": one.searches,
            "FPIR": _percent(one.fpir),
            "FPIR at most": _percent(one.fpir_upper),
            "strangers": one.strangers,
        }
        for system in report.systems
        for one in system.groups
    ]


def _table(title: str, rows: list[Mapping[str, object]]) -> None:
    if rows:
        say(f"\n{title}")
        print_rows(Rows(tuple(rows[0]), rows), as_json=False, empty="")


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.2f} %"
