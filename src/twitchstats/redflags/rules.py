"""What signs and rules say of people who twitch: how many are serious with and without them, at an honest base rate."""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import product
from numbers import Real
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import special, stats

from twitchstats.arrays import BoolArray, FloatArray
from twitchstats.errors import OptionError, check_list, check_names, check_share, check_whole
from twitchstats.inference import compare_shares
from twitchstats.redflags.advice import ANY_FLAG_ADVICE, advise, as_people
from twitchstats.redflags.assumptions import Odds, Origin, draw_moves, move_crowd
from twitchstats.redflags.prevalence import BaseRate, estimate_share, read_base_rate
from twitchstats.redflags.training import read_outcome
from twitchstats.resources import find_resource
from twitchstats.signs import find_signs, join_marks, load_signs, mark_present


@cache
def _read_rules() -> pd.DataFrame:
    return pd.read_csv(find_resource("data", "referral_rules.csv"), keep_default_na=False)


def load_referral_rules() -> pd.DataFrame:
    """Return the rules: when five articles and a guideline say that somebody should see a doctor.

    Returns
    -------
    DataFrame
        A row for each part: ``rule, article`` (A1 to A5; empty for a guideline), ``clause`` (a rule holds when one of
        its clauses does), ``sign`` (a clause holds when all its signs are there; "a|b" means either; empty: everybody),
        ``statement`` (own words, in the first row of a rule) and ``note``.

    Examples
    --------
    >>> load_referral_rules()["rule"].unique().tolist()
    ['A1 and', 'A1 any', 'A2', 'A3', 'A4', 'A5', 'NICE NG127']
    """
    return _read_rules().copy()


def apply_referral_rules(
    people: Mapping[str, object] | pd.Series | pd.DataFrame,
    *,
    rules: Sequence[str] | None = None,
    persistent_weeks: float = 2,
) -> pd.DataFrame:
    """Apply the rules to people.

    Parameters
    ----------
    people : mapping, Series or DataFrame
        Signs by name; a sign that is missing or has no column is not known.
    rules : sequence of str, optional
        Names of rules, by default all.
    persistent_weeks : float
        From how many weeks on twitching counts as lasting; no article gives a number.

    Returns
    -------
    DataFrame
        The index of `people`, a column for each rule: 1.0 see a doctor, 0.0 not by this rule, NaN where the unknown
        signs decide (Kleene's three-valued logic).

    Raises
    ------
    UnknownNameError
        No such rule.
    OptionError
        A number of weeks that is not possible.

    Examples
    --------
    >>> apply_referral_rules({"wasting": "yes"}, rules=["A2", "A3"]).loc["person"].to_list()
    [1.0, nan]
    """
    if not (isinstance(persistent_weeks, Real) and persistent_weeks >= 0):
        raise OptionError(f"persistent_weeks={persistent_weeks!r} is not possible. It must be 0 or more.")
    table = _read_rules()
    known = list(dict.fromkeys(table["rule"]))
    chosen = known if rules is None else check_list("rules", rules)
    check_names("rule", chosen, known)
    people = as_people(people)
    marks = mark_present(people, weeks_from=persistent_weeks)
    present = {name: marks[name].to_numpy() for name in marks} | {"": np.ones(len(people))}  # everybody
    return pd.DataFrame({name: _hold(table[table["rule"] == name], present) for name in chosen}, index=people.index)


def _hold(rows: pd.DataFrame, present: dict[str, FloatArray]) -> FloatArray:
    def find(part: str) -> FloatArray:
        return join_marks([present[name] for name in part.split("|")], either=True)

    clauses = [join_marks([*map(find, clause["sign"])], either=False) for _, clause in rows.groupby("clause")]
    return join_marks(clauses, either=True)


def evaluate_referral_rules(
    cohort: pd.DataFrame,
    *,
    base_rate: float | str = "adults in general",
    outcome: str = "serious",
    rules: Sequence[str] | None = None,
    persistent_weeks: float = 2,
    level: float = 0.95,
) -> pd.DataFrame:
    """Tell what each rule catches and how often it would call a person for nothing.

    Parameters
    ----------
    cohort : DataFrame
        Signs and the outcome column (1, True or yes: serious; 0, False or no). How many serious cases it has does not
        matter: what depends on the base rate is computed at `base_rate`.
    base_rate : float or str
        A share, or a setting of `base_rates`.
    outcome : str
        The outcome column; people without an outcome are left out.
    rules, persistent_weeks
        As in `apply_referral_rules`.
    level : float
        Confidence level.

    Returns
    -------
    DataFrame
        ``rule, article, metric, estimate, ci_lower, ci_upper, n`` (people the metric is computed from), ``n_unknown``
        (people for whom unknown signs leave the rule open; left out), ``base_rate, advice``. Metrics: "sensitivity",
        "specificity" (Wilson intervals), "likelihood_ratio" (Simel 1991), and at the base rate "ppv" (share serious
        among those called), "missed" (share serious among those not called) and "referred" (share called).

    Raises
    ------
    UnknownNameError, OptionError
        A column, rule or base rate that is not possible.
    NotEnoughDataError
        No serious case, or nobody else.

    Examples
    --------
    >>> import twitchstats as tw
    >>> told = evaluate_referral_rules(tw.simulate_cohort(people=500, seed=1), rules=["A2"])
    >>> told["metric"].to_list()
    ['sensitivity', 'specificity', 'likelihood_ratio', 'ppv', 'missed', 'referred']
    """
    check_share("level", level)
    people, serious, origin = read_outcome(cohort, outcome)
    base = read_base_rate(base_rate, origin.serious if origin else ("MND",), option="base_rate")
    called = apply_referral_rules(people, rules=rules, persistent_weeks=persistent_weeks)
    table = _read_rules()
    weeks, z = max(persistent_weeks, 1e-3), stats.norm.ppf(0.5 + level / 2)
    parts = []
    for name, column in called.items():
        rows = table[table["rule"] == name]
        listed = [sign for text in rows["sign"] for sign in text.split("|") if sign]
        signs = list(dict.fromkeys(listed)) or ["wasting"]  # everybody: any sign will do
        cells = pd.DataFrame(list(product((0.0, 1.0), repeat=len(signs))), columns=signs)
        asked = cells.assign(persistence_weeks=cells.get("persistence_weeks", 0.0) * weeks)
        held = apply_referral_rules(asked, rules=[str(name)], persistent_weeks=weeks)[name].to_numpy() == 1
        found = _judge_finding(
            column.to_numpy(), serious, origin, base, cells, held, weeks_from=persistent_weeks, level=level
        )
        sensitivity = np.array(estimate_share(found.hits[0], found.n_sick, level=level))
        specificity = np.array(estimate_share(found.alarms[1], found.n_other, level=level))
        n = found.n_sick + found.n_other
        measured = {
            "sensitivity": (*sensitivity, found.n_sick),
            "specificity": (*specificity, found.n_other),
            "likelihood_ratio": (*np.exp(found.log_ratio + z * found.error * np.array([0, -1, 1])), n),
            "ppv": (*found.risks[:, 0], n),
            "missed": (*found.risks[:, 1], n),
            "referred": (*(base.rate * sensitivity + (1 - base.rate) * (1 - specificity[[0, 2, 1]])), n),
        }
        n_unknown, article = int(np.isnan(column).sum()), rows["article"].iloc[0]
        parts += [(name, article, metric, *map(float, told), n_unknown) for metric, told in measured.items()]
    columns = ["rule", "article", "metric", "estimate", "ci_lower", "ci_upper", "n", "n_unknown"]
    frame = pd.DataFrame(parts, columns=columns).astype({"n": int})
    return frame.assign(base_rate=base.rate, advice=ANY_FLAG_ADVICE)


class _Finding(NamedTuple):
    """The 2 x 2 table of a finding against illness in the crowd of a base rate; first with the finding, then without.

    `hits` are serious people, `alarms` others, `log_ratio` is that of having it, with its standard error, and `risks`
    are the shares that are serious and their limits, (3, 2).
    """

    hits: tuple[float, float]
    alarms: tuple[float, float]
    n_sick: float
    n_other: float
    log_ratio: float
    error: float
    risks: FloatArray


def _judge_finding(
    marks: FloatArray, serious: BoolArray, origin: Origin | None, base: BaseRate, cells: pd.DataFrame, held: BoolArray,
    *, weeks_from: float, level: float,
) -> _Finding:  # fmt: skip
    """Return what a finding (1, 0, NaN not known) of people says.

    `cells` has every way in which its signs can be there (1) or not (0), and `held` says in which of them it is there;
    "persistence_weeks" is there from `weeks_from` on.
    """
    told = ~np.isnan(marks)
    n_sick, n_other = float((told & serious).sum()), float((told & ~serious).sum())
    hits, alarms = float((serious & (marks == 1)).sum()), float((~serious & (marks == 1)).sum())
    signs, ways = list(cells.columns), cells.to_numpy(float)
    finding = np.column_stack([held, ~held]), weeks_from
    move = float(move_crowd(origin, base, signs, ways, finding=finding)[0])
    alarms = min(alarms * np.exp(-move), n_other)  # in another crowd, others have it more or less often
    hit, alarm = (hits, n_sick - hits), (alarms, n_other - alarms)
    ratios, errors = compare_shares(hit, alarm, n_sick, n_other)
    middle = ratios + special.logit(base.rate)
    with np.errstate(invalid="ignore"):  # of nobody
        moves = draw_moves(origin, base, signs, ways, middle, finding=finding)
        counted = errors**2 if origin is None or origin.exact else np.zeros(2)
        risks = Odds(middle, counted, moves).bound(level)
    known = np.where(np.isfinite(middle), risks, special.expit(middle))
    return _Finding(hit, alarm, n_sick, n_other, ratios[0], errors[0], known)


def count_people(
    cohort: pd.DataFrame,
    *,
    base_rate: float | str = "adults in general",
    people: int = 100_000,
    outcome: str = "serious",
    signs: Sequence[str] | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Count, among `people` who twitch, those with a serious condition, with and without each sign.

    Parameters
    ----------
    cohort : DataFrame
        Signs and the outcome (1 serious, 0 not), in any mixture.
    base_rate : float or str
        Share of serious cases among the people counted: a number, or a setting of `base_rates`.
    people : int
        How many people to imagine.
    outcome : str
        The outcome column.
    signs : sequence of str, optional
        Signs to show, by default every yes/no sign. "persistence_weeks" counts as present from the threshold
        of `load_signs` on.
    level : float
        Confidence level.

    Returns
    -------
    DataFrame
        ``sign, label, state`` ("present", "absent"; "all" in the first row, which is everybody), ``n_with`` (of the
        people imagined, how many are in this state), ``n_serious`` (of those, how many are serious), ``estimate,
        ci_lower, ci_upper`` (serious cases among `people` people in this state), ``one_in`` (1 / share), ``n_cohort``
        (people of the cohort behind it), ``base_rate, condition`` (what the base rate counts; other
        conditions that need a doctor are not in it), ``advice``. The interval says what is known: of a simulated cohort
        over draws of its parameters, of a real one the sign's (Simel 1991); in both with that of a base rate that is
        named. A simulated clinic sample is moved to the mix of other conditions that goes with the base rate.

    Raises
    ------
    UnknownNameError, OptionError
        A column, sign or base rate that is not possible.
    NotEnoughDataError
        No serious case, or nobody else.

    Examples
    --------
    >>> import twitchstats as tw
    >>> people = tw.simulate_cohort(people=500, seed=1)
    >>> count_people(people, base_rate=0.001, signs=["wasting"])[["sign", "state", "n_cohort"]]
            sign    state  n_cohort
    0  everybody      all       500
    1    wasting  present       467
    2    wasting   absent       467
    """
    check_share("level", level)
    check_whole("people", people, least=1)
    known, serious, origin = read_outcome(cohort, outcome)
    base = read_base_rate(base_rate, origin.serious if origin else ("MND",), option="base_rate")
    marks, table = mark_present(known), load_signs()
    there = [name for name in find_signs(known.columns) if name in marks]
    shown = check_list("signs", signs) or [name for name in there if table.loc[name, "kind"] == "yes/no"]
    check_names("yes/no sign", shown, there)
    everybody = np.array([special.logit(base.rate)])
    whole = Odds(everybody, np.zeros(1), draw_moves(None, base, (), np.empty((1, 0)), everybody)).bound(level)
    rows = [("everybody", "Everybody who twitches", "all", 1.0, *np.ravel(whole), len(known), ANY_FLAG_ADVICE)]
    for name in shown:
        label, least, flag = table.loc[name, ["label", "threshold", "level"]]
        found = _judge_finding(
            marks[name].to_numpy(float), serious, origin, base, pd.DataFrame({name: [1.0, 0.0]}),
            np.array([True, False]), weeks_from=least, level=level,
        )  # fmt: skip
        own = advise({name: 1.0 if pd.isna(least) else least})["advice"].iloc[0]
        for place, state in enumerate(("present", "absent")):
            sick, other = found.hits[place] / max(found.n_sick, 1), found.alarms[place] / max(found.n_other, 1)
            share = base.rate * sick + (1 - base.rate) * other
            advice = own if state == "present" and pd.notna(flag) else ANY_FLAG_ADVICE
            rows.append((name, label, state, share, *found.risks[:, place], int(found.n_sick + found.n_other), advice))
    share, risk, low, high = np.array([row[3:7] for row in rows]).T
    frame = pd.DataFrame([row[:3] for row in rows], columns=["sign", "label", "state"])
    with np.errstate(divide="ignore"):
        return frame.assign(
            n_with=share * people, n_serious=share * people * risk, estimate=risk * people, ci_lower=low * people,
            ci_upper=high * people, one_in=1 / risk, n_cohort=[row[7] for row in rows], base_rate=base.rate,
            condition=base.condition, advice=[row[8] for row in rows],
        )  # fmt: skip
