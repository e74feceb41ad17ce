"""How common a serious condition is, and moving a risk from one base rate to another."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from twitchstats.arrays import FloatArray, read_numbers
from twitchstats.errors import OptionError, check_share, unknown_name
from twitchstats.inference import wilson_interval
from twitchstats.resources import find_resource
from twitchstats.simulate.parameters import load_cohort_parameters

ADULTS = "adults in general"
SAMPLE = "the training sample"


def base_rates() -> pd.DataFrame:
    """Return the base rates that the literature supports, by setting.

    Returns
    -------
    DataFrame
        ``setting, base_rate`` (missing: no figure known), ``ci_lower, ci_upper`` (Wilson, where people were counted),
        ``cases, people``; ``low, high`` (between which it is taken to lie) and ``range`` (why); ``crowd`` ("population"
        or "clinic": whose mix of other conditions goes with it), ``condition, source, doi, confidence`` (H seen at the
        source, D derived) and ``note``.

    Examples
    --------
    >>> base_rates().set_index("setting").loc["adults in general", "base_rate"]
    np.float64(6e-05)
    """
    table = pd.read_csv(find_resource("data", "base_rates.csv"))
    lower, upper = wilson_interval(table["cases"], table["people"])
    table.insert(2, "ci_lower", lower)
    table.insert(3, "ci_upper", upper)
    return table


def list_base_rates() -> list[str]:
    """Return a line for each setting: its base rate with interval, condition and source, or "no figure known"."""
    lines = []
    for row in base_rates().itertuples():
        known = np.isfinite(row.ci_lower)
        between = f"95 % interval {row.ci_lower:.2g} to {row.ci_upper:.2g}" if known else "no interval known"
        told = f"{row.base_rate:g}, {between} ({row.condition}; {row.source})"
        lines.append(f"{row.setting}: {told if np.isfinite(row.base_rate) else 'no figure known'}")
    return lines


def estimate_share(hits: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return a share with its Wilson limits; NaN of nobody."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(hits, float) / np.asarray(n, float), *wilson_interval(hits, n, level=level)


@dataclass(frozen=True)
class BaseRate:
    """A share of serious cases, with all that must be known of it."""

    rate: float
    source: str = "given"  # of a number
    crowd: str = ""  # "population" or "clinic": whose mix of other conditions goes with it; "": the training people's
    condition: str = "a serious condition"  # what it counts
    low: float = np.nan  # between which it lies with 95 %, where that is known
    high: float = np.nan
    diagnoses: tuple[str, ...] = ()  # conditions of the simulator whose base rates it adds up, if it does


def read_base_rate(tau: float | str, diagnoses: Sequence[str] = ("MND",), *, option: str = "tau") -> BaseRate:
    """Return a base rate given as a number or as the name of a setting; `option` names it in messages.

    Of `diagnoses`, which count as serious, adults in general have a figure each; other settings have one for motor
    neurone disease only.
    """
    if not isinstance(tau, str):
        return BaseRate(check_share(option, tau))
    if found := re.fullmatch(r"\s*(\d*[.,]?\d+)\s*(%|per ?cent)?\s*", tau):
        share = float(found[1].replace(",", "."))
        share = share / 100 if found[2] or share >= 1 else share
        raise OptionError(f"{option}={tau!r} is not possible. Give a share as a number: {option}={share:g}.")
    settings = base_rates().set_index("setting")
    if tau.strip().lower() not in settings.index:
        raise unknown_name("setting", tau, settings.index)
    row, listed = settings.loc[tau.strip().lower()], tuple(diagnoses)
    rate, crowd = float(row["base_rate"]), row["crowd"]
    own: tuple[str, ...] = ()
    if row.name == ADULTS and listed:  # the share of adults who have any of these, from the parameters of the cohort
        table, own = load_cohort_parameters(), listed
        chosen = table[table["parameter"].eq("base_rate") & table["condition"].isin(listed)]
        rate = float(chosen["value"].sum())
    if not rate > 0 or (not own and listed not in ((), ("MND",))):
        what = f" of {', '.join(listed)}" if listed not in ((), ("MND",)) else ""
        raise OptionError(f"{option}={tau!r}: no figure known for this setting{what}. Give a number, with its source.")
    if own and listed != ("MND",):
        condition = ", ".join(listed)
        cited = "; ".join(f"{one.condition} {one.value:g} ({one.source})" for one in chosen.itertuples())
        return BaseRate(rate, f"{row.name}: {condition} ({cited})", crowd, condition, diagnoses=own)
    low, high = row[["low", "high"]].fillna({"low": row["ci_lower"], "high": row["ci_upper"]}).astype(float)
    source = f"{row.name}: {row['condition']} ({row['source']}; confidence {row['confidence']})"
    return BaseRate(rate, source, crowd, row["condition"], low, high, own)


def shift_log_odds(tau: float, ybar: float) -> float:
    """Return by how much log odds move from a sample with share `ybar` to a base rate `tau` (King and Zeng 2001).

    >>> round(shift_log_odds(0.01, 0.5), 4)
    -4.5951
    """
    return -float(np.log((1 - tau) / tau) + np.log(ybar / (1 - ybar)))


def check_risks(risk: ArrayLike, *, gaps: bool = False) -> FloatArray:
    """Return risks as numbers, or raise OptionError where one is none; with `gaps` they may be missing."""
    share = read_numbers("risk", risk)
    if (wrong := ~((share >= 0) & (share <= 1) | (gaps & np.isnan(share)))).any():
        raise OptionError(f"risk: {share[wrong][0]:g} is not possible. A risk lies between 0 and 1.")
    return share


def shift_risk(risk: ArrayLike, tau: float, ybar: float) -> FloatArray:
    """Move risks (0 to 1) from a sample with share `ybar` to a base rate `tau`; 0 and 1 stay.

    Raises
    ------
    OptionError
        A share that is none.

    Examples
    --------
    >>> shift_risk([0.0, 0.5, 1.0], 0.01, 0.5).round(6).tolist()
    [0.0, 0.01, 1.0]
    """
    share = check_risks(risk, gaps=True)
    factor = np.exp(shift_log_odds(check_share("tau", tau), check_share("ybar", ybar)))
    return share * factor / (share * factor + 1 - share)
