"""How common a serious condition is, and moving a risk from one base rate to another."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from twitchstats.errors import OptionError, unknown_name
from twitchstats.resources import find_resource

FloatArray = NDArray[np.float64]


def wilson_interval(successes: ArrayLike, trials: ArrayLike, *, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
    """Return the lower and upper limit of a proportion (Wilson 1927); NaN where there were no trials.

    >>> [round(float(limit), 4) for limit in wilson_interval(1, 20)]
    [0.0089, 0.2361]
    """
    hits, n = np.broadcast_arrays(np.asarray(successes, float), np.asarray(trials, float))
    z = stats.norm.ppf(0.5 + level / 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = hits / n
        middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
        reach = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
        lower = np.where(hits <= 0, 0.0, middle - reach)
        upper = np.where(hits >= n, 1.0, middle + reach)
    return np.where(n > 0, lower, np.nan), np.where(n > 0, upper, np.nan)


def base_rates() -> pd.DataFrame:
    """Return the base rates that the literature supports, by setting.

    Returns
    -------
    DataFrame
        ``setting, base_rate`` (missing: no figure known), ``ci_lower, ci_upper`` (Wilson, where people were counted),
        ``cases, people, condition, source, doi, confidence`` (H seen at the source, D derived) and ``note``.

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
    return [_tell_rate(row) for _, row in base_rates().iterrows()]


def _tell_rate(row: pd.Series) -> str:
    if pd.isna(row["base_rate"]):
        return f"{row['setting']}: no figure known"
    known = not pd.isna(row["ci_lower"])
    between = f"95 % interval {row['ci_lower']:.2g} to {row['ci_upper']:.2g}" if known else "no interval known"
    return f"{row['setting']}: {row['base_rate']:g}, {between} ({row['condition']}; {row['source']})"


def check_share(option: str, value: float) -> float:
    """Return the value as a number, or raise OptionError unless it lies between 0 and 1."""
    if not isinstance(value, (int, float, np.number)) or not 0 < value < 1:
        raise OptionError(f"{option}={value} is not possible. It must lie between 0 and 1, both excluded.")
    return float(value)


def find_base_rate(tau: float | str) -> float:
    """Return a base rate given as a number or as the name of a setting.

    Raises
    ------
    OptionError
        A number outside 0 to 1, or a setting for which no figure is known.
    UnknownNameError
        No such setting.
    """
    if not isinstance(tau, str):
        return check_share("tau", tau)
    rate = float(_find_setting(tau)["base_rate"])
    if np.isnan(rate):
        raise OptionError(f"tau={tau!r}: no figure known for this setting. Give a number, with its source.")
    return rate


def cite_base_rate(tau: float | str) -> str:
    """Return where a base rate comes from: "given" for a number, else setting, condition, source and confidence.

    >>> cite_base_rate("gp consultation")
    'gp consultation: motor neurone disease within a year (Mei 2022, BMJ Open 12:e058383; confidence D)'
    """
    if not isinstance(tau, str):
        return "given"
    row = _find_setting(tau)
    return f"{row.name}: {row['condition']} ({row['source']}; confidence {row['confidence']})"


def name_condition(tau: float | str) -> str:
    """Return what a base rate counts: the condition of a setting, "a serious condition" for a number.

    >>> name_condition("gp consultation")
    'motor neurone disease within a year'
    """
    return str(_find_setting(tau)["condition"]) if isinstance(tau, str) else "a serious condition"


def _find_setting(name: str) -> pd.Series:
    table = base_rates().set_index("setting")
    if name.strip().lower() not in table.index:
        raise unknown_name("setting", name, table.index)
    return table.loc[name.strip().lower()]


def shift_log_odds(tau: float, ybar: float) -> float:
    """Return by how much log odds move from a sample with share `ybar` to a base rate `tau` (King and Zeng 2001).

    >>> round(shift_log_odds(0.01, 0.5), 4)
    -4.5951
    """
    return -float(np.log((1 - tau) / tau) + np.log(ybar / (1 - ybar)))


def shift_risk(risk: ArrayLike, tau: float, ybar: float) -> FloatArray:
    """Move risks (0 to 1) from a sample with share `ybar` to a base rate `tau`; 0 and 1 stay.

    >>> shift_risk([0.0, 0.5, 1.0], 0.01, 0.5).round(6).tolist()
    [0.0, 0.01, 1.0]
    """
    share = np.asarray(risk, float)
    factor = np.exp(shift_log_odds(tau, ybar))
    return share * factor / (share * factor + 1 - share)
