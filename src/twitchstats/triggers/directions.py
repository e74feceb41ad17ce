"""Which way round: whether the trigger foretells the outcome, or the outcome the trigger."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from twitchstats.arrays import AnyArray, FloatArray
from twitchstats.errors import check_share
from twitchstats.inference import ALPHA, adjust_p_values, average_estimates
from twitchstats.journal.record import Journal
from twitchstats.panel import PAIR, Panel
from twitchstats.reasons import NO_ORDER
from twitchstats.triggers.blocks import ZERO
from twitchstats.triggers.effects import check_options
from twitchstats.triggers.engine import Options, score_panel
from twitchstats.triggers.families import FAMILIES, Family, choose_family
from twitchstats.triggers.request import Request, check_lag, prepare_request, refuse_tautology

PAIRS_AT_ONCE = 5000  # of a person and a trigger: more would fill the memory
COLUMNS = [
    "trigger", "outcome", "lag", "direction", "n_people", "n_days", "estimate", "ci_lower", "ci_upper", "p_value",
    "p_adjusted", "p_difference", "reading", "reason",
]  # fmt: skip
READINGS = (
    "the trigger comes first",
    "the outcome comes first",
    "both ways: a common cause is possible",
    "one way shown: the other can't be ruled out",
    "neither shown",
    "can't be told",
)


def compare_directions(
    journal: Journal,
    *,
    outcome: str | None = None,
    triggers: Sequence[str] | str | None = None,
    lag: int = 1,
    trend: str = "smooth",
    weekday: bool = True,
    alpha: float = ALPHA,
) -> pd.DataFrame:
    """Set each trigger's foretelling of the outcome beside the outcome's foretelling of the trigger.

    Both directions are partial correlations, given two older days of both variables, weekday and trend (Granger 1969):
    so they can be compared. Neither says which is the cause: the reading hangs on their difference, and where both are
    there and don't differ, a common cause is as good an explanation.

    Parameters
    ----------
    journal : Journal
    outcome : str, optional
    triggers : sequence of str, optional
    lag : int
        Days between the two, from 1 on.
    trend, weekday
        As in `estimate_effects`.
    alpha : float
        Rate of false discoveries at which a direction counts as shown.

    Returns
    -------
    DataFrame
        Two rows for each trigger, ``direction`` "forward" (trigger first) and "reverse" (outcome first): ``trigger,
        outcome, lag, direction, n_people, n_days, estimate`` (partial correlation, pooled over people), ``ci_lower,
        ci_upper, p_value, p_adjusted, p_difference, reading, reason``. ``p_difference`` tests that both directions are
        equally strong, also where one is up and the other down, adjusted over the triggers. ``reading`` is one of
        `READINGS`: a definite direction only where it is shown and differs from the other; "both ways" only where both
        are shown, else one way is, and the rows' ``p_adjusted`` tell which.

    Raises
    ------
    UnknownNameError
        The outcome or a trigger is not in the journal.
    OptionError
        The lag is below 1 or another option is not allowed.

    Notes
    -----
    A direction that is three standard errors strong, the other being none, is read as definite in a third of diaries:
    it has to differ from an equal and from an opposite one, each at `alpha` (Gail and Simon 1985). Tests of both that
    are not monotone (Berger 1997) would add .02.

    Examples
    --------
    >>> import twitchstats as tw
    >>> journal, _ = tw.simulate_journal(people=3, days=60, world="articles", seed=1)
    >>> rows = tw.compare_directions(journal, triggers="stress")
    >>> rows[["trigger", "lag", "direction", "n_people", "reading"]]
      trigger  lag direction  n_people        reading
    0  stress    1   forward         3  neither shown
    1  stress    1   reverse         3  neither shown
    """
    options = check_options(trend=trend, weekday=weekday, effect="total", adjust="each")
    check_lag(lag, least=1)  # on the same day nothing comes first
    check_share("alpha", alpha)
    request = prepare_request(journal, outcome, triggers, lag)
    reasons = {name: refuse_tautology(request, name) for name in request.triggers}
    if not request.panel.ordered:
        reasons = {name: reason or NO_ORDER for name, reason in reasons.items()}
    tested = [name for name in request.triggers if not reasons[name]]
    family = choose_family(request.kind)
    found = _correlate(request.panel, request.outcome, tested, request.lags, family, options)
    forward = dict(zip(tested, found, strict=True))
    reverse = _correlate_back(request, tested, options)
    rows = []
    for name in request.triggers:
        known = {"trigger": name, "outcome": request.outcome, "lag": request.lags[0], "reason": reasons[name]}
        told: list[dict[str, object]] = [{}, {}]
        if name in forward:
            told = _tell_pair(forward[name], reverse[name])
        rows += [known | {"direction": "forward"} | told[0], known | {"direction": "reverse"} | told[1]]
    frame = pd.DataFrame(rows, columns=[name for name in COLUMNS if name not in ("p_adjusted", "reading")])
    frame = frame.fillna({"n_people": 0, "n_days": 0}).astype({"n_people": int, "n_days": int})
    frame["p_adjusted"] = adjust_p_values(frame["p_value"].astype(float))
    frame["p_difference"] = adjust_p_values(frame["p_difference"].astype(float)[::2]).repeat(2)
    frame["reading"] = _read_pairs(frame, alpha)
    return frame[COLUMNS]


@dataclass(frozen=True)
class Correlations:
    """Each person's partial correlation: Fisher's z (NaN where it can't be told), its degrees of freedom, its days."""

    z: FloatArray
    df: FloatArray
    n: FloatArray


def _tell_pair(forward: Correlations, reverse: Correlations) -> list[dict[str, object]]:
    """Return what is told of either direction, and of their difference."""
    told: list[dict[str, object]] = []
    for own in (forward, reverse):
        ok = np.isfinite(own.z)
        row: dict[str, object] = {"n_people": int(ok.sum()), "n_days": int(own.n[ok].sum())}
        if ok.any():
            mean = average_estimates(own.z[ok], 1 / np.sqrt(own.df[ok] + 1), own.df[ok])
            row |= {name: float(np.tanh(mean[name])) for name in ("estimate", "ci_lower", "ci_upper")}
            row["p_value"] = mean["p_value"]
        else:
            row["reason"] = "too few days"
        told.append(row)
    both = np.isfinite(forward.z) & np.isfinite(reverse.z)
    if both.any():
        error = np.sqrt(1 / (forward.df[both] + 1) + 1 / (reverse.df[both] + 1))
        fewer = np.minimum(forward.df[both], reverse.df[both])
        # equally strong are two that are equal, and two that are opposite
        apart = (average_estimates(forward.z[both] + sign * reverse.z[both], error, fewer) for sign in (-1, 1))
        p_difference = max(difference["p_value"] for difference in apart)
        told = [row | {"p_difference": p_difference} for row in told]
    return told


def _correlate_back(request: Request, names: Sequence[str], options: Options) -> dict[str, Correlations]:
    """Return the partial correlations of the outcome with each of the later `names`, people with many at once."""
    people, found = request.panel.people, dict[str, Correlations]()
    at_once = max(1, PAIRS_AT_ONCE // len(people)) if len(people) else 1
    kinds = request.variables.loc[list(names), "kind"].map(lambda kind: choose_family(str(kind)).name)
    for family, alike in kinds.groupby(kinds):
        for part in np.split(alike.index.to_numpy(), range(at_once, len(alike), at_once)):
            panel = request.panel.pair(people.to_list() * len(part), request.outcome, part.repeat(len(people)).tolist())
            told = _correlate(panel, PAIR[1], PAIR[:1], request.lags, FAMILIES[family], options)[0]
            own = [value.reshape(len(part), -1) for value in (told.z, told.df, told.n)]
            found |= {str(name): Correlations(*values) for name, *values in zip(part, *own, strict=True)}
    return found


def _correlate(
    panel: Panel, then: str, first: Sequence[str], lags: Sequence[int], family: Family, options: Options
) -> list[Correlations]:
    """Return the partial correlations of each of `first` with the later `then`."""
    scores = score_panel(panel, then, first, lags, family=family, options=options)
    told = scores.refusal == 0
    df = np.maximum(scores.trust, 1.0)
    t = np.where(told, scores.curve[..., ZERO] / np.where(told, scores.spread[..., ZERO], 1.0), 0.0)
    z = np.where(told, np.arctanh(t / np.sqrt(t**2 + df)), np.nan)
    return [Correlations(z[:, i, 0], df[:, i, 0], scores.n[:, i, 0]) for i in range(len(first))]


def _read_pairs(frame: pd.DataFrame, alpha: float) -> AnyArray:
    """Return the reading of each pair of rows, once for either."""
    known = (frame["reason"] == "").to_numpy().reshape(-1, 2).all(1)
    first, second = (frame["p_adjusted"] < alpha).to_numpy().reshape(-1, 2).T
    forward, reverse = frame["estimate"].abs().to_numpy(float).reshape(-1, 2).T
    differ = (frame["p_difference"][::2] < alpha).to_numpy()
    kinds = [
        first & differ & (forward > reverse), second & differ & (reverse > forward), first & second, first | second,
        known,
    ]  # fmt: skip
    readings: AnyArray = np.select([known & kind for kind in kinds], READINGS[:-1], default=READINGS[-1]).repeat(2)
    return readings
