"""Pictures of what a journal holds: its calendar, and its diaries side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twitchstats.plots.drawing import LIGHT, make_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = "YlGnBu"  # one hue, dark is more: readable in grey and by colour-blind eyes
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def plot_calendar(frame: pd.DataFrame, ax: Axes | None = None, *, label: str = "a day") -> Axes:
    """Draw one person's days as a calendar: a column for each week, a row for each weekday.

    Parameters
    ----------
    frame : DataFrame
        As `lay_calendar` returns it, of one person.
    ax : Axes, optional
        Where to draw; a new figure by default.
    label : str
        What the colours mean.

    Returns
    -------
    Axes
        Grey is a day without an entry.

    Examples
    --------
    >>> import twitchstats as tw
    >>> from twitchstats.report.summary import lay_calendar
    >>> plot_calendar(lay_calendar(tw.read_demo(), "twitches"), label="twitches").get_xlabel()
    'Week that begins on'
    """
    dated = pd.api.types.is_datetime64_any_dtype(frame["date"])
    first = frame["date"].iloc[0]
    offset = first.weekday() if dated else 0
    position = frame["day"].to_numpy() + offset
    ax = ax or make_axes(9.0, 2.6)
    n_weeks = _draw_grid(ax, 7, position % 7, position // 7, frame["value"], label)
    ax.set_yticks(np.arange(7) + 0.5, _WEEKDAYS if dated else [f"{number}" for number in range(1, 8)], rotation=0)
    ax.set_ylabel("" if dated else "Day of the week of the study")
    ticks = np.unique(np.linspace(0, n_weeks - 1, min(8, n_weeks)).round().astype(int))
    if dated:
        mondays = [first + pd.Timedelta(days=7 * int(tick) - offset) for tick in ticks]
        ax.set_xticks(ticks + 0.5, [f"{day.day} {day:%b %Y}" for day in mondays], rotation=30, ha="right")
        ax.set_xlabel("Week that begins on")
    else:
        ax.set_xticks(ticks + 0.5, [str(tick + 1) for tick in ticks])
        ax.set_xlabel("Week")
    return ax


def plot_diaries(frame: pd.DataFrame, ax: Axes | None = None, *, label: str = "a day") -> Axes:
    """Draw many people's days: a row for each person, a column for each day since their first entry.

    Parameters
    ----------
    frame : DataFrame
        As `lay_calendar` returns it.
    ax : Axes, optional
        Where to draw; a new figure by default.
    label : str
        What the colours mean.

    Returns
    -------
    Axes
        Grey is a day without an entry between a person's first and last. Colours end at the 98th percentile.

    Examples
    --------
    >>> import twitchstats as tw
    >>> from twitchstats.report.summary import lay_calendar
    >>> plot_diaries(lay_calendar(tw.read_demo("group"), "twitches")).get_ylabel()
    'Each row is a person'
    """
    people, row = np.unique(frame["person"].to_numpy(dtype=str), return_inverse=True)
    ax = ax or make_axes(9.0, min(8.0, 1.4 + 0.14 * len(people)))
    _draw_grid(ax, len(people), row, frame["day"].to_numpy(), frame["value"], label)
    ax.set_xlabel("Days since the first entry")
    ax.set_ylabel("Each row is a person")
    if len(people) <= 12:
        ax.set_yticks(np.arange(len(people)) + 0.5, list(people), rotation=0)
        ax.set_ylabel("")
    return ax


def _draw_grid(ax: Axes, n_rows: int, row: np.ndarray, column: np.ndarray, values: pd.Series, label: str) -> int:
    """Colour the days; those without a value are grey, places without a day blank. Return the number of columns."""
    import seaborn as sns

    grid = np.full((n_rows, int(column.max()) + 1), np.nan)
    inside = np.zeros(grid.shape, dtype=bool)
    grid[row, column], inside[row, column] = values.to_numpy(float), True
    known = grid[np.isfinite(grid)] if np.isfinite(grid).any() else np.zeros(1)
    top = float(np.quantile(known, 0.98))
    top = max(top, float(known.max()) if top == known.min() else top) or 1.0
    plain = {"ax": ax, "xticklabels": False, "yticklabels": False}
    sns.heatmap(np.where(inside & np.isnan(grid), 1.0, np.nan), cmap=[LIGHT], vmin=0.0, vmax=1.0, cbar=False, **plain)
    bar = {"label": label, "extend": "max" if known.max() > top else "neither", "pad": 0.015}
    sns.heatmap(grid, cmap=COLOURS, vmin=min(0.0, float(known.min())), vmax=top, cbar_kws=bar, **plain)
    ax.tick_params(length=0)
    return grid.shape[1]
