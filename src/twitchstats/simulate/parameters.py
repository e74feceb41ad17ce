"""The parameters of the cohort: what is published, of how many people, what is assumed, and draws of all of it."""

from collections.abc import Mapping
from functools import cache

import numpy as np
import pandas as pd
from scipy import special, stats

from twitchstats.errors import OptionError, check_choice, check_whole, unknown_name
from twitchstats.resources import find_resource

DRAWN = "drawn"
_MOST_SHARED = 0.95  # of a sign's variance by what it shares with others
_LOG = ("age_sd", "persistence_median", "persistence_sigma", "brief_median", "examined_weakness_odds", "clinic_weight")


@cache
def _read_table() -> pd.DataFrame:
    table = pd.read_csv(find_resource("data", "cohort_parameters.csv"), keep_default_na=False)
    numbers = ["n", "low", "high"]
    table[numbers] = table[numbers].apply(pd.to_numeric)
    return table


def load_cohort_parameters() -> pd.DataFrame:
    """Return every parameter of the cohort simulator with what is known of it.

    Returns
    -------
    DataFrame
        ``parameter, condition, value``; ``n`` (people behind it) or ``low, high`` (between which it lies with 95 %,
        published or assumed); ``source, doi, confidence`` (H seen at the source, M second-hand, D derived, "assumed"
        where no figure is known) and ``note``.

    Examples
    --------
    >>> table = load_cohort_parameters()
    >>> int(table["confidence"].eq("assumed").sum()), len(table)
    (129, 149)
    """
    return _read_table().copy()


def draw_cohort_parameters(*, draws: int = 200, seed: int = 1) -> pd.DataFrame:
    """Draw every parameter of the cohort from what is known of it: a column for each draw, from 0 on.

    A share that was counted in n people is drawn from its beta distribution (Jeffreys' prior); any other parameter
    from a normal one between its ``low`` and ``high``, on the scale on which it may lie anywhere (log odds for shares,
    log for positive numbers). Draws are a Latin hypercube, so that few of them fill the range evenly.

    Raises
    ------
    OptionError
        Fewer than one draw.

    >>> draw_cohort_parameters(draws=3).shape
    (149, 3)
    """
    check_whole("draws", draws, least=1)
    table = _read_table()
    even = stats.qmc.LatinHypercube(len(table), rng=np.random.default_rng(seed)).random(draws).T
    drawn = np.vstack([_draw(row, chances) for row, chances in zip(table.itertuples(), even, strict=True)])
    frame = pd.DataFrame(drawn, index=pd.MultiIndex.from_frame(table[["parameter", "condition"]]))
    return _keep_room(frame)


def _draw(row: object, chances: np.ndarray) -> np.ndarray:
    name, value, n, low, high = (getattr(row, field) for field in ("parameter", "value", "n", "low", "high"))
    if np.isfinite(n):
        return stats.beta.ppf(chances, value * n + 0.5, (1 - value) * n + 0.5)
    there, back = _find_scale(name)
    middle, reach = there(value), (there(high) - there(low)) / (2 * stats.norm.ppf(0.975))
    return back(middle + reach * stats.norm.ppf(chances))


def _find_scale(name: str) -> tuple[np.ufunc, np.ufunc]:
    """Return the function to the scale on which a parameter is drawn, and the way back."""
    if name == "age_mean" or name.endswith("_loading"):
        return np.positive, np.positive
    return (np.log, np.exp) if name in _LOG else (special.logit, special.expit)


def _keep_room(drawn: pd.DataFrame) -> pd.DataFrame:
    """Shrink loadings that would leave a sign nothing of its own."""
    loadings = drawn.index.get_level_values("parameter").str.endswith("_loading")
    shared = drawn[loadings].pow(2).groupby("condition").sum().clip(lower=_MOST_SHARED) / _MOST_SHARED
    signs = drawn.index.get_level_values("condition")[loadings]
    drawn.loc[loadings] = drawn[loadings].to_numpy() / np.sqrt(shared.loc[signs].to_numpy())
    return drawn


def read_parameters(parameters: object = None, *, seed: int = 1) -> pd.Series:
    """Return the values of all parameters, index ``parameter, condition``.

    Parameters
    ----------
    parameters : None, "drawn", DataFrame, Series or mapping
        None: those of the table. "drawn": one draw of `draw_cohort_parameters` with this seed. A frame as
        `load_cohort_parameters` returns it, with other values. A series (a column of `draw_cohort_parameters`) or a
        mapping of (parameter, condition) to a value: these instead of the table's.

    Raises
    ------
    OptionError, UnknownNameError
        Something else; a parameter that is not in the table, or a value that is no number.

    >>> float(read_parameters({("wasting", "benign"): 0.05})["wasting", "benign"])
    0.05
    """
    table = _read_table().set_index(["parameter", "condition"])["value"]
    if parameters is None:
        return table
    if isinstance(parameters, str):
        check_choice("parameters", parameters, [DRAWN])
        return draw_cohort_parameters(draws=1, seed=seed)[0]
    given = _as_series(parameters)
    for key in given.index:
        if key not in table.index:
            raise unknown_name("parameter", " of ".join(map(str, np.atleast_1d(np.array(key, object)))),
                               [" of ".join(known) for known in table.index])  # fmt: skip
    if not np.isfinite(given).all():
        raise OptionError(f"parameters: {given.index[~np.isfinite(given)][0]} is no number. Leave it out.")
    return given.reindex(table.index).fillna(table)


def _as_series(parameters: object) -> pd.Series:
    if isinstance(parameters, pd.DataFrame) and {"parameter", "condition", "value"} <= set(parameters.columns):
        return parameters.set_index(["parameter", "condition"])["value"].astype(float)
    if isinstance(parameters, (pd.Series, Mapping)):
        return pd.Series(parameters, dtype=float)
    raise OptionError(
        f"parameters={parameters!r:.60} is not possible. Give 'drawn', a frame as load_cohort_parameters returns it, a "
        "column of draw_cohort_parameters, or {('wasting', 'benign'): 0.05}."
    )
