"""Correlations within a person whose p-values know that neighbouring days are alike."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import fft, stats

from twitchstats.arrays import BoolArray, FloatArray, IntArray
from twitchstats.errors import check_choice
from twitchstats.inference import adjust_p_values, average_estimates, describe_estimates, detectable_effect
from twitchstats.journal.record import Journal
from twitchstats.panel import Panel
from twitchstats.parallel import run_side_by_side, split_evenly
from twitchstats.triggers.columns import count_trend_terms, date_columns, orthonormalise
from twitchstats.triggers.request import Request, check_by, check_dates, label_order, prepare_request, refuse_tautology

COLUMNS = [
    "person", "trigger", "outcome", "lag", "n_days", "n_effective", "estimate", "ci_lower", "ci_upper", "p_value",
    "p_adjusted", "n_people", "detectable", "order", "reason",
]  # fmt: skip
LEAST_EFFECTIVE = 8.0  # effective days below which a correlation is not told
LEAST_INFLATION = 0.1
PEOPLE_AT_A_TIME = 25
SHARE_OF_LAGS = 5  # autocorrelations are summed up to a fifth of the days (Pyper and Peterman 1998)
FLAT = 1e-9  # variance left after trend and weekday, as a share of that before, that counts as none


def correlate_triggers(
    journal: Journal,
    *,
    outcome: str | None = None,
    triggers: Sequence[str] | str | None = None,
    lags: Sequence[int] | int = (0, 1, 2, 3),
    method: str = "spearman",
    by: str = "person",
    trend: str = "smooth",
    weekday: bool = True,
) -> pd.DataFrame:
    """Correlate each trigger with an outcome within each person, trend and weekly rhythm taken out.

    Parameters
    ----------
    journal : Journal
    outcome : str, optional
        By default the journal's own outcome, else "twitches".
    triggers : sequence of str, optional
        By default every variable that is no outcome.
    lags : sequence of int
        In calendar days; a lag that falls on a missing day is missing.
    method : {"spearman", "pearson"}
        Ranks within the person, or values.
    by : {"person", "pooled"}
        One row for each person, or one for the group (random effects over people on Fisher's z, with
        Hartung-Knapp-Sidik-Jonkman intervals).
    trend : {"smooth", "linear", "none"}
        What is taken out of both sides: splines with one term a month, a straight line, or nothing.
    weekday : bool
        Take the mean of each weekday out.

    Returns
    -------
    DataFrame
        One row for each person (or "pooled"), trigger and lag: ``person, trigger, outcome, lag, n_days, n_effective,
        estimate, ci_lower, ci_upper, p_value, p_adjusted, n_people, detectable, order, reason``. `n_effective` is the
        number of independent days that would carry as much; p-value and interval come from it. `detectable` is the
        smallest correlation that would be found with 80 % power. `p_adjusted` is after Benjamini and Hochberg (1995)
        over every test of the call.

    Raises
    ------
    UnknownNameError
        The outcome or a trigger is not in the journal.
    OptionError
        An option has a value that is not allowed.

    Notes
    -----
    Effective days: 1/n* = 1/n + 2/n sum_j (n - j)/n r_x(j) r_y(j) over the autocorrelations of both sides
    (Pyper and Peterman 1998). Interval and p-value: Fisher's z, t reference with n* - 2 degrees of freedom.
    A correlation says that both go together, not why: a cycle of a few weeks that both follow stays in it (without any
    effect, a shared one of 40 days is found in a sixth to a quarter of diaries, of 28 days in .12 to .37).
    `estimate_effects` asks for news. "pearson" takes days that vary more together for related (.16 to .22).

    Examples
    --------
    >>> import twitchstats as tw
    >>> journal, _ = tw.simulate_journal(people=3, days=60, world="articles", seed=1)
    >>> rows = tw.correlate_triggers(journal, triggers="stress", lags=1)
    >>> rows[["person", "trigger", "lag", "n_days", "order"]]
      person trigger  lag  n_days    order
    0    P01  stress    1      47  forward
    1    P02  stress    1      33  forward
    2    P03  stress    1      42  forward
    """
    check_by(by)
    check_choice("method", method, ("spearman", "pearson"))
    check_dates(trend, weekday)
    request = prepare_request(journal, outcome, triggers, lags)
    correlate = partial(
        _correlate_panel, outcome=request.outcome, triggers=request.triggers, lags=request.lags, method=method,
        trend=trend, weekday=bool(weekday),
    )  # fmt: skip
    parts = request.panel.map_blocks(correlate)
    frame = _list_pairs(request, parts)
    if by == "pooled":
        frame = _pool_pairs(frame)
    frame["outcome"] = request.outcome
    frame["order"] = label_order(request, frame["trigger"], frame["lag"])
    frame["p_adjusted"] = adjust_p_values(frame["p_value"])
    return frame[COLUMNS]


def _correlate_panel(
    panel: Panel,
    *,
    outcome: str,
    triggers: Sequence[str],
    lags: Sequence[int],
    method: str,
    trend: str,
    weekday: bool,
) -> dict[str, FloatArray]:
    """Return arrays (P, T, L): estimate, n and n_effective."""
    shape = (len(panel.people), len(triggers), len(lags))
    parts = {name: np.full(shape, np.nan) for name in ("estimate", "n", "n_effective")}
    y = panel.get_outcome(outcome)
    terms = count_trend_terms(y, trend) if panel.ordered else np.zeros(len(y), dtype=np.int64)

    def correlate_block(people: IntArray, count: int) -> None:
        columns = np.nan_to_num(date_columns(panel, y, people, count, weekday=weekday))
        values = np.stack([y[people], *(panel.get(name)[people] for name in triggers)], axis=1)
        for name, value in _correlate_people(values, columns, lags, method, ordered=panel.ordered).items():
            parts[name][people] = value

    run_side_by_side(
        partial(correlate_block, people[rows], int(count))
        for count in np.unique(terms)
        for people in [np.flatnonzero(terms == count)]
        for rows in split_evenly(len(people), PEOPLE_AT_A_TIME)
    )
    return parts


def _correlate_people(
    values: FloatArray, columns: FloatArray, lags: Sequence[int], method: str, *, ordered: bool
) -> dict[str, FloatArray]:
    """Return the same for some people: outcome and triggers (B, 1 + T, D), weekday and trend columns (B, D, p)."""
    seen = np.isfinite(values)
    residual = take_out(rank_days(values, seen) if method == "spearman" else values, seen, columns)
    auto = _autocorrelate(residual, seen)
    shape = (len(values), values.shape[1] - 1, len(lags))
    parts = {name: np.full(shape, np.nan) for name in ("estimate", "n", "n_effective")}
    for position, lag in enumerate(lags):
        if lag and not ordered:
            continue
        estimate, n = _cross(residual[:, 0], seen[:, 0], residual[:, 1:], seen[:, 1:], lag)
        parts["estimate"][..., position], parts["n"][..., position] = estimate, n
        lost = columns.shape[-1] - 1
        parts["n_effective"][..., position] = _count_effective(n, lost, auto[:, :1], auto[:, 1:], ordered=ordered)
    return parts


def rank_days(values: FloatArray, seen: BoolArray) -> FloatArray:
    """Return average ranks along the last axis among the days seen."""
    ranks: FloatArray = stats.rankdata(np.where(seen, values, np.inf), axis=-1)
    return np.where(seen, ranks, np.nan)


def take_out(values: FloatArray, seen: BoolArray, columns: FloatArray) -> FloatArray:
    """Return the residuals of a least squares fit of each variable on the columns; 0 on days not seen.

    Variables seen on the same days share one matrix, which is most of them in most diaries.
    """
    filled = np.where(seen, values, 0.0)
    filled -= np.where(seen, filled.sum(-1, keepdims=True) / np.maximum(seen.sum(-1, keepdims=True), 1), 0.0)
    total = (filled**2).sum(-1, keepdims=True)
    residual = np.empty_like(filled)
    alike = (seen == seen[:, :1]).all((1, 2))
    masks = seen[alike][:, :1]
    residual[alike] = _project(filled[alike], masks, columns[alike])
    for person in np.flatnonzero(~alike):
        masks, member = np.unique(seen[person], axis=0, return_inverse=True)
        for index, mask in enumerate(masks):
            mine = np.flatnonzero(member.ravel() == index)
            residual[person, mine] = _project(filled[None, person, mine], mask[None, None], columns[None, person])[0]
    flat = (residual**2).sum(-1, keepdims=True) <= FLAT * np.maximum(total, 1e-300)
    return np.where(flat, 0.0, residual)


def _project(filled: FloatArray, mask: BoolArray, columns: FloatArray) -> FloatArray:
    """Return residuals (P, V, D) of variables with a common mask (P, 1, D) on columns (P, D, p)."""
    design = columns * mask[:, 0, :, None]
    basis = orthonormalise(design)
    return (filled - (filled @ basis) @ basis.swapaxes(1, 2)) * mask


def _autocorrelate(residual: FloatArray, seen: BoolArray) -> FloatArray:
    """Return autocorrelations (P, V, 1 + days // 5) over the pairs of days that are both seen."""
    days = residual.shape[-1]
    most = max(1, days // SHARE_OF_LAGS)
    size = fft.next_fast_len(days + most, real=True)
    product = _self_products(residual, size)[..., : most + 1]
    pairs = np.rint(_self_products(seen.astype(float), size)[..., : most + 1])
    with np.errstate(divide="ignore", invalid="ignore"):
        covariance = np.where(pairs > 0, product / pairs, 0.0)
        auto = covariance / covariance[..., :1]
    return np.clip(np.nan_to_num(auto), -1, 1)


def _self_products(values: FloatArray, size: int) -> FloatArray:
    spectrum = fft.rfft(values, size, axis=-1)
    result: FloatArray = fft.irfft(spectrum.real**2 + spectrum.imag**2, size, axis=-1)
    return result


def _cross(
    y: FloatArray, y_seen: BoolArray, x: FloatArray, x_seen: BoolArray, lag: int
) -> tuple[FloatArray, FloatArray]:
    """Return correlation and number of common days, (P, T), of y(t) with x(t - lag)."""
    days = y.shape[-1]
    if lag >= days:
        return np.full(x.shape[:2], np.nan), np.zeros(x.shape[:2])
    late, late_seen = y[:, None, lag:], y_seen[:, None, lag:].astype(float)
    early, early_seen = x[..., : days - lag], x_seen[..., : days - lag].astype(float)
    n = (early_seen @ late_seen.swapaxes(1, 2))[..., 0]
    product = (early @ late.swapaxes(1, 2))[..., 0]
    x_size = ((early * early) @ late_seen.swapaxes(1, 2))[..., 0]
    y_size = (early_seen @ (late * late).swapaxes(1, 2))[..., 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.clip(product / np.sqrt(x_size * y_size), -1, 1), n


def _count_effective(n: FloatArray, lost: int, y_auto: FloatArray, x_auto: FloatArray, *, ordered: bool) -> FloatArray:
    """Return the effective number of days (P, T); at most the days less the columns taken out.

    What was taken out leaves autocorrelations of its own, so that it is not subtracted a second time.
    """
    free = np.maximum(n - lost, 0.0)
    if not ordered:
        return free
    steps = np.arange(1, y_auto.shape[-1])
    product = y_auto[..., 1:] * x_auto[..., 1:]
    count = np.maximum(n, 1.0)[..., None]
    usable = steps <= np.maximum(n[..., None] // SHARE_OF_LAGS, 1)
    inflation = 1 + 2 * (np.where(usable, product, 0.0) * np.maximum(count - steps, 0) / count).sum(-1)
    return np.minimum(n / np.maximum(inflation, LEAST_INFLATION), free)


def _list_pairs(request: Request, parts: dict[str, FloatArray]) -> pd.DataFrame:
    """Return one row for each person, trigger and lag with interval and p-value."""
    labels = pd.MultiIndex.from_product(
        [list(request.panel.people), request.triggers, request.lags], names=["person", "trigger", "lag"]
    )
    frame = labels.to_frame(index=False)
    estimate, n, effective = (parts[name].ravel() for name in ("estimate", "n", "n_effective"))
    tautology = frame["trigger"].map({name: refuse_tautology(request, name) for name in request.triggers}).to_numpy()
    reason = np.select(
        [
            tautology != "",
            (frame["lag"].to_numpy() > 0) & (not request.panel.ordered),
            ~(n > 0),
            ~np.isfinite(estimate),
            ~(effective >= LEAST_EFFECTIVE),
        ],
        [tautology, "no order in time", "not recorded", "no variation", "too few days"],
        default="",
    )
    shown = reason == ""
    effective = np.where(shown, effective, np.nan)
    told = describe_estimates(_transform(np.where(shown, estimate, np.nan)), 1 / np.sqrt(effective - 3), effective - 2)
    return frame.assign(
        n_people=shown.astype(int),
        n_days=np.nan_to_num(n).astype(int),
        n_effective=effective,
        estimate=np.where(shown, estimate, np.nan),
        p_value=told["p_value"],
        **{name: np.tanh(told[name]) for name in ("ci_lower", "ci_upper", "detectable")},
        reason=reason,
    )


def _transform(correlations: ArrayLike) -> FloatArray:
    """Return Fisher's z of correlations; a perfect one is taken for nearly so."""
    z: FloatArray = np.arctanh(np.clip(np.asarray(correlations, float), -1 + 1e-12, 1 - 1e-12))
    return z


def _pool_pairs(frame: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each trigger and lag."""
    rows = []
    for (trigger, lag), group in frame.groupby(["trigger", "lag"], sort=True):
        shown = group[group["reason"] == ""]
        row = {"person": "pooled", "trigger": trigger, "lag": lag, "n_people": len(shown), "reason": ""}
        row |= {"n_days": int(shown["n_days"].sum()), "n_effective": shown["n_effective"].sum(min_count=1)}
        row |= dict.fromkeys(("estimate", "ci_lower", "ci_upper", "p_value", "detectable"), np.nan)
        if len(shown):
            effective = shown["n_effective"].to_numpy()
            found = average_estimates(_transform(shown["estimate"]), 1 / np.sqrt(effective - 3), effective - 2)
            found["detectable"] = float(detectable_effect(found["se"], found["df"]))
            row |= {name: np.tanh(found[name]) for name in ("estimate", "ci_lower", "ci_upper", "detectable")}
            row["p_value"] = found["p_value"]
        else:
            row["reason"] = group["reason"].mode().iloc[0]
        rows.append(row)
    return pd.DataFrame(rows, columns=frame.columns).astype(frame.dtypes)
