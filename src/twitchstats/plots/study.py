"""Pictures of the validation study: rates by world and method against the band they should lie in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twitchstats.plots.drawing import AMBER, BLACK, BLUE, GREEN, GREY, LIGHT, ORANGE, PURPLE, SKY, make_axes, strip

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's colours, each with a mark of its own
STYLES = {
    "naive": (ORANGE, "X"),
    "naive, adjusted": (ORANGE, "P"),
    "shuffled days": (AMBER, "s"),
    "circular shift": (PURPLE, "D"),
    "least squares": (SKY, "^"),
    "quasi-Poisson": (BLACK, "v"),
    "quasi-Poisson HC3": (GREY, "<"),
    "correlate_triggers": (GREEN, "h"),
    "estimate_effects": (BLUE, "o"),
    "three days with, three without": (ORANGE, "X"),
    "r over .3 in 30 days": (AMBER, "s"),
    "median split": (PURPLE, "D"),
    "p of r, read weekly": (BLACK, "v"),
    "ours, read once": (SKY, "^"),
    "ours, any look": (BLUE, "o"),
    "rows pooled": (ORANGE, "X"),
    "one slope for all": (AMBER, "s"),
    "random effects, z": (SKY, "^"),
    "pooled estimate_effects": (BLUE, "o"),
}
_ROW = 0.36  # inches
_SPREAD = 0.5  # of a row, over which the methods are laid


def plot_rates(
    study: pd.DataFrame,
    ax: Axes | None = None,
    *,
    value: str = "size",
    methods: Sequence[str] | None = None,
    band: tuple[float, float] | None = None,
    label: str = "",
) -> Axes:
    """Draw a rate of each method as dots with Monte Carlo intervals (two standard errors), one row for each world.

    Parameters
    ----------
    study : DataFrame
        Rows of `study.run_study`, one for each method and world.
    ax : Axes, optional
        Where to draw; a new figure, as high as the rows need, by default.
    value : str
        Column with the rate; ``<value>_mcse`` holds its standard error where there is one.
    methods : sequence of str, optional
        Which, in this order; by default all that have the value.
    band : (float, float), optional
        Where the rate should lie; drawn in grey.
    label : str
        Name of the axis.

    Returns
    -------
    Axes
    """
    known = study[study[value].notna()]
    rows, shown = list(known["world"].unique()), list(known["method"].unique() if methods is None else methods)
    ax = ax or make_axes(8.0, _ROW * (len(rows) + 3))
    if band is not None:
        ax.axvspan(*band, color=LIGHT, zorder=0, linewidth=0)
    offsets = np.linspace(-_SPREAD / 2, _SPREAD / 2, len(shown)) if len(shown) > 1 else np.zeros(1)
    for offset, method in zip(offsets, shown, strict=True):
        part = known[known["method"] == method]
        colour, mark = STYLES.get(method, (BLACK, "."))
        height = part["world"].map(rows.index).to_numpy(float) + offset
        error = 2 * part.get(f"{value}_mcse", pd.Series(0.0, index=part.index)).to_numpy(float)
        ax.errorbar(part[value], height, xerr=error, fmt=mark, color=colour, markersize=6, elinewidth=1, label=method)
    ax.set_yticks(range(len(rows)), [str(row) for row in rows])
    ax.set(ylim=(len(rows) - 0.4, -0.6), xlabel=label or value.replace("_", " "))
    ax.grid(axis="y", color="#eeeeee", zorder=-1)
    ax.set_axisbelow(True)
    strip(ax, ("top", "right", "left"))
    ax.tick_params(axis="y", length=0)
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    return ax


def plot_rate_lines(
    study: pd.DataFrame,
    ax: Axes | None = None,
    *,
    value: str = "size",
    band: tuple[float, float] | None = None,
    label: str = "",
    x_label: str = "",
) -> Axes:
    """Draw how a rate of one method goes with the length of the diary, a line for each world.

    Parameters
    ----------
    study : DataFrame
        Rows of `study.run_study` of one method.
    ax : Axes, optional
    value : str
        Column with the rate.
    band : (float, float), optional
        Where the rate should lie; drawn in grey.
    label, x_label : str
        Names of the axes.

    Returns
    -------
    Axes
        The lines are grey, for their spread is the message; names stand in the table beside it.
    """
    known = study[study[value].notna()]
    ax = ax or make_axes(6.4, 3.4)
    if band is not None:
        ax.axhspan(*band, color=LIGHT, zorder=0, linewidth=0)
    places = {number: place for place, number in enumerate(sorted(known["days"].unique()))}
    for _, part in known.groupby("world", sort=False):
        ax.plot(part["days"].map(places), part[value], color="#999999", marker=".", linewidth=0.8)
    ax.set_xticks(list(places.values()), [str(number) for number in places])
    ax.set(xlabel=x_label or "days", ylabel=label or value)
    ax.set_ylim(bottom=0)
    strip(ax, ("top", "right"))
    return ax
