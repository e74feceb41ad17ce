"""Pictures of trigger statistics: effects by lag, and a forest of effects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twitchstats.errors import NotEnoughDataError, OptionError
from twitchstats.inference import ALPHA
from twitchstats.plots.drawing import (
    BLUE,
    GREY,
    LIGHT,
    ORANGE,
    RATIOS,
    choose_ratios,
    draw_intervals,
    lay_forest,
    make_axes,
    put_legend_above,
    strip,
    tell_lag,
    tell_step,
    to_line,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

COLOURS = "RdBu_r"  # safe for red-green blindness: red against blue, light in the middle
MARKERS = {"forward": "o", "same time": "s", "backward": "<"}
ORDERS = {
    "forward": "trigger came first",
    "same time": "same time: no order",
    "backward": "outcome came first",
}
_ROW = 0.3  # inches


def plot_lags(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw a heat map of triggers by lags.

    Parameters
    ----------
    frame : DataFrame
        As `estimate_effects` or `correlate_triggers` returns it, one row for each trigger and lag.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        Each cell tells its estimate: red is more of the outcome, blue is less. A black frame: it stands out after
        Benjamini and Hochberg. Grey with a dash: could not be tested. Italics in brackets: the trigger did not come
        first (same time, or the outcome came first).

    Raises
    ------
    NotEnoughDataError
        The frame has no rows.
    OptionError
        A trigger has several rows at one lag (several people, say), or the frame mixes measures.
    """
    import seaborn as sns

    measure = _check_frame(frame)
    lags, names = np.unique(frame["lag"]), list(dict.fromkeys(frame["trigger"]))
    grid = np.full((len(names), len(lags)), np.nan)
    row, column = frame["trigger"].map(names.index).to_numpy(int), np.searchsorted(lags, frame["lag"])
    grid[row, column] = to_line(frame["estimate"].to_numpy(float), measure)
    ax = ax or make_axes(5.0 + 0.75 * len(lags), 1.6 + _ROW * len(names))
    reach = np.nanmax(np.abs(grid)) if np.isfinite(grid).any() else 1.0
    reach = max(float(min(reach, 1.0)), 0.02)
    ax.set_facecolor(LIGHT)
    sns.heatmap(grid, ax=ax, cmap=COLOURS, vmin=-reach, vmax=reach, cbar=False)
    _label_colours(ax, measure, reach)
    order = frame["order"] if "order" in frame else pd.Series("forward", index=frame.index)
    for i, j, value, p, when in zip(row, column, frame["estimate"], frame["p_adjusted"], order, strict=True):
        _write_cell(ax, i, j, value, when, found=bool(p < ALPHA), dark=abs(grid[i, j]) > 0.6 * reach)
    ax.set_xticks(np.arange(len(lags)) + 0.5, [tell_lag(lag) for lag in lags], fontsize=8.5, rotation=0)
    ax.set_yticks(np.arange(len(names)) + 0.5, [_name_trigger(frame, name) for name in names], fontsize=8.5, rotation=0)
    ax.tick_params(length=0)
    key = f"frame: stands out (adjusted p < {ALPHA:g});  (brackets): trigger not first;  –: not tested"
    ax.set_xlabel(key, fontsize=8)
    strip(ax, ("top", "right", "left", "bottom"))
    return ax


def plot_effects(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw a forest of effects per meaningful step, in the order of the frame.

    Parameters
    ----------
    frame : DataFrame
        As `estimate_effects` or `estimate_cumulative_effects` returns it, one row for each trigger and lag.
    ax : Axes, optional
        Where to draw; a new figure, as high as the rows need, by default.

    Returns
    -------
    Axes
        Dots with 95 % intervals, ratios on a log axis; an arrow where an interval goes on. The shape tells the order
        in time, blue and a thick line what stands out after Benjamini and Hochberg. Rows that could not be tested
        tell their reason.

    Raises
    ------
    NotEnoughDataError
        The frame has no rows.
    OptionError
        A trigger has several rows at one lag, or the frame mixes measures.
    """
    measure = _check_frame(frame)
    rows = frame.reset_index(drop=True)
    ax = ax or make_axes(9.0, 1.7 + _ROW * len(rows))
    places = np.arange(len(rows))
    several = len(set(rows["lag"])) > 1 or "days" in rows
    limits = lay_forest(ax, rows, [_name_row(row, with_lag=several) for _, row in rows.iterrows()], measure)
    found = (rows["p_adjusted"] < ALPHA).to_numpy(bool)
    order = rows["order"] if "order" in rows else pd.Series("forward", index=rows.index)
    for when, marker in MARKERS.items():
        for stands_out in (False, True):
            mine = (order == when).to_numpy(bool) & (found == stands_out) & rows["estimate"].notna().to_numpy(bool)
            look = BLUE if stands_out else GREY, 2.4 if stands_out else 1.2
            draw_intervals(ax, rows[mine], places[mine], limits, marker, *look, hollow=when != "forward")
    _tell_reasons(ax, rows, places, 1.0 if measure in RATIOS else 0.0)
    outcome = rows["outcome"].iloc[0] if "outcome" in rows else "the outcome"
    when = "" if several else f", {tell_lag(rows['lag'].iloc[0])}"
    ax.set_xlabel(f"{measure} of {outcome} for one step more{when} (95 % interval)")
    _add_effect_legend(ax, [name for name in MARKERS if (order == name).any()])
    return ax


def plot_remedies(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw what each remedy seems to do before and after a start, beside its effect on days just as bad.

    Parameters
    ----------
    frame : DataFrame
        Rows of `triggers.estimate_remedy_effects` on one outcome; those without an estimate are left out.
    ax : Axes, optional

    Returns
    -------
    Axes
        Hollow: before against after. Full, with its 95 % interval: the estimate. To the left of the line is less.
    """
    shown = frame[frame["estimate"].notna()].reset_index(drop=True)
    naive = shown.assign(**dict.fromkeys(["estimate", "ci_lower", "ci_upper"], shown["naive"]))
    names = shown["remedy"].str.replace("_", " ").to_list()
    return _draw_beside(ax, shown, naive, names, ("against days just as bad", "before and after"), "with the remedy")


def plot_trials(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw what each trial found beside what the diary before it had shown.

    Parameters
    ----------
    frame : DataFrame
        Rows of `trial.analyze_trial` of one measure; the index names them.
    ax : Axes, optional

    Returns
    -------
    Axes
        Full: the trial; hollow: watching; each with its interval. To the left of the line is less.
    """
    watched = frame.assign(estimate=frame["watched"], ci_lower=frame["watched_lower"], ci_upper=frame["watched_upper"])
    names = [str(name) for name in frame.index]
    return _draw_beside(ax, frame, watched, names, ("trial", "watching"), "on days with it")


def _draw_beside(
    ax: Axes | None, rows: pd.DataFrame, others: pd.DataFrame, names: list[str], labels: tuple[str, str], where: str
) -> Axes:
    """Draw one set of estimates in full, another hollow, side by side."""
    ax = ax or make_axes(8.0, 1.2 + 1.4 * _ROW * len(rows))
    measure = str(rows["measure"].iloc[0]) if len(rows) else "rate ratio"
    limits = lay_forest(ax, pd.concat([rows, others]), names, measure)
    draw_intervals(ax, rows, np.arange(len(rows)) + 0.13, limits, "o", BLUE, 2.0, label=labels[0])
    draw_intervals(ax, others, np.arange(len(rows)) - 0.13, limits, "s", ORANGE, 2.0, hollow=True, label=labels[1])
    ax.set_xlabel(f"{measure} and 95 % interval (left of the line: less {where})")
    put_legend_above(ax, columns=2)
    return ax


def _check_frame(frame: pd.DataFrame) -> str:
    """Return the measure of a frame that can be drawn."""
    if frame.empty:
        raise NotEnoughDataError("No findings to draw: the frame has no rows.")
    measures = sorted(set(frame["measure"])) if "measure" in frame else ["correlation"]
    if len(measures) > 1:
        raise OptionError(f"The frame mixes {' and '.join(measures)}: draw one outcome at a time.")
    if frame.duplicated(["trigger", "lag"]).any():
        first = frame[frame.duplicated(["trigger", "lag"])].iloc[0]
        raise OptionError(
            f"{first['trigger']!r} has several rows at lag {first['lag']}. Choose one person, or use by='pooled'."
        )
    return str(measures[0])


def _tell_reasons(ax: Axes, rows: pd.DataFrame, places: np.ndarray, none: float) -> None:
    for place, (_, row) in zip(places, rows.iterrows(), strict=True):
        if np.isnan(row["estimate"]):
            words = f"not tested: {row['reason']}" if row.get("reason") else "not tested"
            box = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
            ax.text(none, place, words, color="#555555", fontsize=8, style="italic", ha="center", va="center", bbox=box)


def _label_colours(ax: Axes, measure: str, reach: float) -> None:
    cells = ax.collections[0]
    values = np.ma.masked_invalid(np.asarray(cells.get_array(), float)).compressed()
    beyond = len(values) and np.abs(values).max() > reach * (1 + 1e-9)
    bar = ax.figure.colorbar(cells, ax=ax, pad=0.02, fraction=0.05, aspect=40, extend="both" if beyond else "neither")
    if measure in RATIOS:
        ticks = choose_ratios(np.exp(-reach), np.exp(reach))
        bar.set_ticks([float(np.log(tick)) for tick in ticks], labels=[f"{tick:g}" for tick in ticks])
    bar.set_label(measure if "correlation" in measure else f"{measure} for one step more", fontsize=8.5)
    bar.ax.tick_params(labelsize=8)


def _write_cell(ax: Axes, i: int, j: int, value: float, order: str, *, found: bool, dark: bool) -> None:
    from matplotlib.patches import Rectangle

    if np.isnan(value):
        ax.text(j + 0.5, i + 0.5, "–", ha="center", va="center", fontsize=8, color="#555555")
        return
    words = f"{round(value, 2) + 0.0:.2f}"  # + 0.0 so that no cell reads "-0.00"
    words, style = (words, "normal") if order == "forward" else (f"({words})", "italic")
    colour = "white" if dark else "black"
    ax.text(j + 0.5, i + 0.5, words, ha="center", va="center", fontsize=8, style=style, color=colour)
    if found:
        ax.add_patch(Rectangle((j + 0.04, i + 0.06), 0.92, 0.88, fill=False, edgecolor="black", linewidth=1.8))


def _name_trigger(frame: pd.DataFrame, name: str) -> str:
    if "step" not in frame:
        return str(name)
    row = frame[frame["trigger"] == name].iloc[0]
    unit = "" if pd.isna(row["unit"]) else row["unit"]
    return str(name) if pd.isna(row["step"]) else f"{name} ({tell_step(row['step'], unit)})"


def _name_row(row: pd.Series, *, with_lag: bool) -> str:
    words = _name_trigger(row.to_frame().T, row["trigger"])
    if "days" in row:
        return f"{words}, each of {row['days']} days up to {tell_lag(row['lag'])}"
    return f"{words}, {tell_lag(row['lag'])}" if with_lag else words


def _add_effect_legend(ax: Axes, orders: Sequence[str]) -> None:
    for order in orders:
        face = "black" if order == "forward" else "white"
        ax.plot([], [], MARKERS[order], color="black", markerfacecolor=face, markersize=5.5, label=ORDERS[order])
    ax.plot([], [], color=BLUE, linewidth=2.4, label=f"stands out (adjusted p < {ALPHA:g})")
    ax.plot([], [], color=GREY, linewidth=1.2, label="does not")
    put_legend_above(ax, columns=len(orders) + 2)
