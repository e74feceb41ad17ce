"""Pictures of what a journal holds: its calendar, its diaries side by side, how complete they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import ListedColormap

COLOURS = "YlGnBu"  # one hue, dark is more: readable in grey and by colour-blind eyes
MISSING_COLOUR = "#e9e9e9"
BAR_COLOUR = "#0072b2"
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
    """
    dated = pd.api.types.is_datetime64_any_dtype(frame["date"])
    first = frame["date"].iloc[0]
    offset = first.weekday() if dated else 0
    position = frame["day"].to_numpy() + offset
    grid = np.full((7, position.max() // 7 + 1), np.nan)
    inside = np.zeros(grid.shape, dtype=bool)
    grid[position % 7, position // 7] = frame["value"].to_numpy(float)
    inside[position % 7, position // 7] = True
    ax = ax or _make_axes(9.0, 2.6)
    _draw_grid(ax, grid, inside, label)
    ax.set_yticks(range(7), _WEEKDAYS if dated else [f"{number}" for number in range(1, 8)])
    ax.set_ylabel("" if dated else "Day of the week of the study")
    ticks = np.unique(np.linspace(0, grid.shape[1] - 1, min(8, grid.shape[1])).round().astype(int))
    if dated:
        mondays = [first + pd.Timedelta(days=7 * int(tick) - offset) for tick in ticks]
        ax.set_xticks(ticks, [f"{day.day} {day:%b %Y}" for day in mondays], rotation=30, ha="right")
        ax.set_xlabel("Week that begins on")
    else:
        ax.set_xticks(ticks, [str(tick + 1) for tick in ticks])
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
    """
    people, row = np.unique(frame["person"].to_numpy(dtype=str), return_inverse=True)
    day = frame["day"].to_numpy()
    grid = np.full((len(people), day.max() + 1), np.nan)
    inside = np.zeros(grid.shape, dtype=bool)
    grid[row, day] = frame["value"].to_numpy(float)
    inside[row, day] = True
    ax = ax or _make_axes(9.0, min(8.0, 1.4 + 0.14 * len(people)))
    _draw_grid(ax, grid, inside, label)
    ax.set_xlabel("Days since the first entry")
    ax.set_ylabel("Each row is a person")
    if len(people) <= 12:
        ax.set_yticks(range(len(people)), list(people))
        ax.set_ylabel("")
    else:
        ax.set_yticks([])
    return ax


def plot_values(frame: pd.DataFrame, ax: Axes | None = None, *, label: str = "Value") -> Axes:
    """Draw how often each value occurs.

    Parameters
    ----------
    frame : DataFrame
        ``value, share`` as `count_values` returns them.
    ax : Axes, optional
        Where to draw; a new figure by default.
    label : str
        What the values are.
    """
    ax = ax or _make_axes(7.0, 2.8)
    places = np.arange(len(frame))
    ax.bar(places, 100 * frame["share"].to_numpy(float), color=BAR_COLOUR)
    ax.set_xticks(places, [f"{value:.3g}" for value in frame["value"]])
    ax.set_xlabel(label)
    ax.set_ylabel("Days in %")
    _strip(ax)
    return ax


def plot_weeks(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the share of days reported by week of the diary.

    Parameters
    ----------
    frame : DataFrame
        ``week, share`` as `summarise_weeks` returns them.
    ax : Axes, optional
        Where to draw; a new figure by default.
    """
    from matplotlib.ticker import MaxNLocator

    ax = ax or _make_axes(9.0, 2.4)
    ax.bar(frame["week"], 100 * frame["share"], color=BAR_COLOUR, width=0.85)
    ax.set_ylim(0, 100)
    ax.set_xlim(0.4, float(frame["week"].max()) + 0.6)
    ax.set_xlabel("Week of the diary")
    ax.set_ylabel("Days reported in %")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    _strip(ax)
    return ax


def _make_axes(width: float, height: float) -> Axes:
    from matplotlib import pyplot as plt

    return plt.subplots(figsize=(width, height), layout="constrained")[1]


def _draw_grid(ax: Axes, grid: np.ndarray, inside: np.ndarray, label: str) -> None:
    """Colour the cells; days inside the diary without a value are grey, days outside it are blank."""
    known = grid[np.isfinite(grid)]
    top = float(np.quantile(known, 0.98)) if len(known) else 1.0
    top = max(top, float(known.max()) if len(known) and top == known.min() else top) or 1.0
    gaps = np.where(inside & np.isnan(grid), 1.0, np.nan)
    ax.imshow(gaps, cmap=_one_colour(MISSING_COLOUR), aspect="auto", interpolation="none")
    shown = ax.imshow(grid, cmap=COLOURS, vmin=min(0.0, float(known.min()) if len(known) else 0.0), vmax=top,
                      aspect="auto", interpolation="none")  # fmt: skip
    extend = "max" if len(known) and known.max() > top else "neither"
    ax.figure.colorbar(shown, ax=ax, label=label, extend=extend, pad=0.015)
    _strip(ax)
    ax.tick_params(length=0)


def _one_colour(colour: str) -> ListedColormap:
    from matplotlib.colors import ListedColormap

    return ListedColormap([colour])


def _strip(ax: Axes) -> None:
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
