"""Pictures of trigger statistics: lags, effects, people, directions, and naive against honest intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twitchstats.errors import NotEnoughDataError, OptionError, unknown_name
from twitchstats.plots.drawing import (
    BLUE,
    GREEN,
    GREY,
    LIGHT,
    ORANGE,
    PURPLE,
    RATIOS,
    choose_limits,
    choose_ratios,
    draw_intervals,
    make_axes,
    make_panels,
    put_legend_above,
    strip,
    tell_lag,
    tell_step,
    to_line,
    use_log_axis,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

COLOURS = "RdBu_r"  # safe for red-green blindness: red against blue, light in the middle
MARKERS = {"forward": "o", "same time": "s", "backward": "<"}
ORDERS = {
    "forward": "trigger came first",
    "same time": "same time: no order",
    "backward": "outcome came first",
}
_ROW = 0.3  # inches


def plot_lags(frame: pd.DataFrame, ax: Axes | None = None, *, alpha: float = 0.05) -> Axes:
    """Draw a heat map of triggers by lags.

    Parameters
    ----------
    frame : DataFrame
        As `estimate_effects` or `correlate_triggers` returns it, one row for each trigger and lag.
    ax : Axes, optional
        Where to draw; a new figure by default.
    alpha : float
        Adjusted p-value below which an estimate is framed.

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
    measure = _check_frame(frame)
    lags, names = np.unique(frame["lag"]), list(dict.fromkeys(frame["trigger"]))
    grid = np.full((len(names), len(lags)), np.nan)
    row, column = frame["trigger"].map(names.index).to_numpy(int), np.searchsorted(lags, frame["lag"])
    grid[row, column] = to_line(frame["estimate"].to_numpy(float), measure)
    ax = ax or make_axes(5.0 + 0.75 * len(lags), 1.6 + _ROW * len(names))
    reach = np.nanmax(np.abs(grid)) if np.isfinite(grid).any() else 1.0
    reach = max(float(min(reach, 1.0)), 0.02)
    ax.set_facecolor(LIGHT)
    image = ax.imshow(grid, cmap=COLOURS, vmin=-reach, vmax=reach, aspect="auto", interpolation="none")
    _label_colours(ax, image, measure, reach)
    order = frame["order"] if "order" in frame else pd.Series("forward", index=frame.index)
    for i, j, value, p, when in zip(row, column, frame["estimate"], frame["p_adjusted"], order, strict=True):
        _write_cell(ax, i, j, value, when, found=bool(p < alpha), dark=abs(grid[i, j]) > 0.6 * reach)
    ax.set_xticks(range(len(lags)), [tell_lag(lag) for lag in lags], fontsize=8.5)
    ax.set_yticks(range(len(names)), [_name_trigger(frame, name) for name in names], fontsize=8.5)
    ax.tick_params(length=0)
    key = f"frame: stands out (adjusted p < {alpha:g});  (brackets): trigger not first;  –: not tested"
    ax.set_xlabel(key, fontsize=8)
    strip(ax, ("top", "right", "left", "bottom"))
    return ax


def plot_effects(frame: pd.DataFrame, ax: Axes | None = None, *, alpha: float = 0.05) -> Axes:
    """Draw a forest of effects per meaningful step, in the order of the frame.

    Parameters
    ----------
    frame : DataFrame
        As `estimate_effects` or `estimate_cumulative_effects` returns it, one row for each trigger and lag.
    ax : Axes, optional
        Where to draw; a new figure, as high as the rows need, by default.
    alpha : float
        Adjusted p-value below which a row stands out.

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
    none = 1.0 if measure in RATIOS else 0.0
    ax.axvline(none, color=GREY, linewidth=1, zorder=1)
    low, high = choose_limits(rows, measure)
    if measure in RATIOS:
        use_log_axis(ax, low, high)
    ax.set_xlim(low, high)
    found = (rows["p_adjusted"] < alpha).to_numpy(bool)
    order = rows["order"] if "order" in rows else pd.Series("forward", index=rows.index)
    for when, marker in MARKERS.items():
        for stands_out in (False, True):
            mine = (order == when).to_numpy(bool) & (found == stands_out) & rows["estimate"].notna().to_numpy(bool)
            look = BLUE if stands_out else GREY, 2.4 if stands_out else 1.2
            draw_intervals(ax, rows[mine], places[mine], (low, high), marker, *look, hollow=when != "forward")
    _tell_reasons(ax, rows, places, none)
    several = len(set(rows["lag"])) > 1 or "days" in rows
    ax.set_yticks(places, [_name_row(row, with_lag=several) for _, row in rows.iterrows()], fontsize=8.5)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    when = "" if several else f", {tell_lag(rows['lag'].iloc[0])}"
    ax.set_xlabel(f"{measure} of {_tell_outcome(rows)} for one step more{when} (95 % interval)")
    _add_effect_legend(ax, [name for name in MARKERS if (order == name).any()], alpha)
    strip(ax, ("top", "right"))
    return ax


def plot_people(
    frame: pd.DataFrame,
    pooled: pd.DataFrame | None = None,
    axes: Axes | Sequence[Axes] | np.ndarray | None = None,
    *,
    highlight: str | None = None,
) -> np.ndarray:
    """Draw small multiples: a panel for each trigger and lag, a line for each person.

    Parameters
    ----------
    frame : DataFrame
        As `estimate_effects` or `correlate_triggers` returns it with ``by="person"``.
    pooled : DataFrame, optional
        The same with ``by="pooled"``: the group's interval as a band.
    axes : Axes or sequence of Axes, optional
        One for each trigger and lag; a new figure by default.
    highlight : str, optional
        One person among all, in colour.

    Returns
    -------
    ndarray of Axes
        People from the lowest to the highest estimate; those without one are counted in the panel's title.

    Raises
    ------
    NotEnoughDataError
        The frame has no rows.
    OptionError
        The number of axes is not that of the panels, or the frame mixes measures.
    UnknownNameError
        There is no such person to highlight.
    """
    measure = _check_frame(frame, single=False)
    if highlight is not None and highlight not in set(frame["person"]):
        raise unknown_name("person", highlight, sorted(set(frame["person"])))
    pairs = list(frame[["trigger", "lag"]].drop_duplicates().itertuples(index=False, name=None))
    panels = make_panels(len(pairs), frame["person"].nunique()) if axes is None else np.atleast_1d(np.asarray(axes))
    panels = panels.ravel()
    if len(panels) != len(pairs):
        raise OptionError(f"axes= has {len(panels)} axes; {len(pairs)} are needed, one for each trigger and lag.")
    for ax, (trigger, lag) in zip(panels, pairs, strict=True):
        mine = frame[(frame["trigger"] == trigger) & (frame["lag"] == lag)]
        limits = choose_limits(mine, measure)
        if measure in RATIOS:
            use_log_axis(ax, *limits, most=4)
        ax.set_xlim(*limits)
        _draw_people(ax, mine, limits, highlight)
        if pooled is not None:
            _draw_band(ax, pooled[(pooled["trigger"] == trigger) & (pooled["lag"] == lag)])
        ax.axvline(1.0 if measure in RATIOS else 0.0, color="black", linewidth=0.8, zorder=1)
        missing = int(mine["estimate"].isna().sum())
        note = f" ({missing} not tested)" if missing else ""
        ax.set_title(f"{_name_trigger(frame, trigger)},\n{tell_lag(lag)}{note}", fontsize=8.5)
        ax.set_xlabel(measure, fontsize=8)
    return panels


def plot_naive_against_honest(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw what two or more methods say of the same pairs, one under the other.

    Parameters
    ----------
    frame : DataFrame
        ``method, trigger, lag, estimate, ci_lower, ci_upper, p_value``, one row for each method, trigger and lag, all
        on one scale, such as correlations with every day taken as independent ("naive") beside `correlate_triggers`.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        Filled: p-value below 0.05; hollow: not. The legend counts how many each method finds.

    Raises
    ------
    NotEnoughDataError
        The frame has no rows.
    OptionError
        The frame mixes measures.
    """
    measure = _check_frame(frame, single=False)
    methods = list(dict.fromkeys(frame["method"]))
    pairs = list(frame[["trigger", "lag"]].drop_duplicates().itertuples(index=False, name=None))
    ax = ax or make_axes(8.5, 1.7 + 1.15 * _ROW * len(pairs))
    if measure in RATIOS:
        use_log_axis(ax, *choose_limits(frame, measure))
    limits = choose_limits(frame, measure)
    ax.set_xlim(*limits)
    ax.axvline(1.0 if measure in RATIOS else 0.0, color=GREY, linewidth=1, zorder=1)
    offsets = np.linspace(-0.2, 0.2, len(methods)) if len(methods) > 1 else np.zeros(1)
    styles = zip((ORANGE, BLUE, GREEN, PURPLE), ("D", "o", "s", "^"), strict=True)
    for method, offset, (colour, marker) in zip(methods, offsets, styles, strict=False):
        mine = frame[(frame["method"] == method) & frame["estimate"].notna()]
        places = np.array([pairs.index(pair) for pair in zip(mine["trigger"], mine["lag"], strict=True)]) + offset
        below = (mine["p_value"] < 0.05).to_numpy(bool)
        for found in (True, False):
            part = below == found
            draw_intervals(ax, mine[part], places[part], limits, marker, colour, hollow=not found)
        ax.plot([], [], marker, color=colour, label=f"{method}: {below.sum()} of {len(mine)} with p < 0.05")
    ax.set_yticks(range(len(pairs)), [f"{name}, {tell_lag(lag)}" for name, lag in pairs], fontsize=8.5)
    ax.set_ylim(len(pairs) - 0.4, -0.6)
    ax.set_xlabel(f"{measure} with {_tell_outcome(frame)} (95 % interval; filled: p < 0.05)")
    put_legend_above(ax, columns=2)
    strip(ax, ("top", "right"))
    return ax


def plot_directions(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw both directions of each trigger, and in words which way round they speak.

    Parameters
    ----------
    frame : DataFrame
        As `compare_directions` returns it.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        Partial correlations with 95 % intervals: filled dots forward, hollow diamonds reverse.

    Raises
    ------
    NotEnoughDataError
        The frame has no rows.
    """
    measure = "partial correlation"
    _check_frame(frame, single=False)
    names = list(dict.fromkeys(frame["trigger"]))
    ax = ax or make_axes(9.5, 1.7 + 1.3 * _ROW * len(names))
    limits = choose_limits(frame, measure)
    ax.set_xlim(*limits)
    ax.axvline(0.0, color=GREY, linewidth=1, zorder=1)
    outcome, lag = _tell_outcome(frame), frame["lag"].iloc[0]
    later = "the next day" if lag == 1 else f"{lag} days later"
    looks = {
        "forward": (BLUE, "o", -0.17, f"trigger, then {outcome} {later}"),
        "reverse": (ORANGE, "D", 0.17, f"{outcome}, then trigger {later}"),
    }
    for direction, (colour, marker, offset, label) in looks.items():
        mine = frame[(frame["direction"] == direction) & frame["estimate"].notna()]
        places = mine["trigger"].map(names.index).to_numpy(float) + offset
        hollow = direction == "reverse"
        draw_intervals(ax, mine, places, limits, marker, colour, hollow=hollow)
        ax.plot([], [], marker, color=colour, markerfacecolor="white" if hollow else colour, label=label)
    readings = frame.drop_duplicates("trigger").set_index("trigger")["reading"]
    for place, name in enumerate(names):
        ax.text(1.02, place, readings[name], transform=ax.get_yaxis_transform(), va="center", fontsize=8.5)
    ax.set_yticks(range(len(names)), names, fontsize=8.5)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlabel(f"{measure} (95 % interval)")
    put_legend_above(ax, columns=2)
    strip(ax, ("top", "right"))
    return ax


def _check_frame(frame: pd.DataFrame, *, single: bool = True) -> str:
    """Return the measure of a frame that can be drawn."""
    if frame.empty:
        raise NotEnoughDataError("No findings to draw: the frame has no rows.")
    measures = sorted(set(frame["measure"])) if "measure" in frame else ["correlation"]
    if len(measures) > 1:
        raise OptionError(f"The frame mixes {' and '.join(measures)}: draw one outcome at a time.")
    if single and frame.duplicated(["trigger", "lag"]).any():
        first = frame[frame.duplicated(["trigger", "lag"])].iloc[0]
        raise OptionError(
            f"{first['trigger']!r} has several rows at lag {first['lag']}. Choose one person, or use by='pooled'."
        )
    return str(measures[0])


def _draw_people(ax: Axes, rows: pd.DataFrame, limits: tuple[float, float], highlight: str | None) -> None:
    rows = rows.sort_values(["estimate", "person"], kind="stable", ignore_index=True).dropna(subset="estimate")
    places = np.arange(len(rows))
    size = 4.0 if len(rows) <= 30 else 2.0
    chosen = (rows["person"] == highlight).to_numpy(bool)
    draw_intervals(ax, rows[~chosen], places[~chosen], limits, "o", GREY, 0.9, size=size)
    draw_intervals(ax, rows[chosen], places[chosen], limits, "D", ORANGE, 2.2, size=6)
    ax.set_ylim(-0.8, max(len(rows), 1) - 0.2)
    if len(rows) <= 20:
        ax.set_yticks(places, list(rows["person"]), fontsize=7)
    else:
        ax.set_yticks([])
        ax.set_ylabel(f"{len(rows)} people", fontsize=8)
    ax.tick_params(axis="x", labelsize=7.5)
    strip(ax, ("top", "right"))


def _draw_band(ax: Axes, rows: pd.DataFrame) -> None:
    for row in rows.dropna(subset="estimate").itertuples():
        ax.axvspan(row.ci_lower, row.ci_upper, color=BLUE, alpha=0.25, linewidth=0, zorder=0)
        ax.axvline(row.estimate, color=BLUE, linewidth=1.6, linestyle="--", zorder=1)


def _tell_reasons(ax: Axes, rows: pd.DataFrame, places: np.ndarray, none: float) -> None:
    for place, (_, row) in zip(places, rows.iterrows(), strict=True):
        if np.isnan(row["estimate"]):
            words = f"not tested: {row['reason']}" if row.get("reason") else "not tested"
            box = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
            ax.text(none, place, words, color="#555555", fontsize=8, style="italic", ha="center", va="center", bbox=box)


def _label_colours(ax: Axes, image: AxesImage, measure: str, reach: float) -> None:
    bar = ax.figure.colorbar(image, ax=ax, pad=0.02, fraction=0.05, aspect=40, extend=_tell_extend(image, reach))
    if measure in RATIOS:
        ticks = choose_ratios(np.exp(-reach), np.exp(reach))
        bar.set_ticks([float(np.log(tick)) for tick in ticks], labels=[f"{tick:g}" for tick in ticks])
    bar.set_label(measure if "correlation" in measure else f"{measure} for one step more", fontsize=8.5)
    bar.ax.tick_params(labelsize=8)


def _tell_extend(image: AxesImage, reach: float) -> str:
    values = np.ma.masked_invalid(np.asarray(image.get_array(), float)).compressed()
    return "both" if len(values) and np.abs(values).max() > reach * (1 + 1e-9) else "neither"


def _write_cell(ax: Axes, i: int, j: int, value: float, order: str, *, found: bool, dark: bool) -> None:
    from matplotlib.patches import Rectangle

    if np.isnan(value):
        ax.text(j, i, "–", ha="center", va="center", fontsize=8, color="#555555")
        return
    words = f"{round(value, 2) + 0.0:.2f}"  # + 0.0 so that no cell reads "-0.00"
    words, style = (words, "normal") if order == "forward" else (f"({words})", "italic")
    ax.text(j, i, words, ha="center", va="center", fontsize=8, style=style, color="white" if dark else "black")
    if found:
        ax.add_patch(Rectangle((j - 0.46, i - 0.44), 0.92, 0.88, fill=False, edgecolor="black", linewidth=1.8))


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


def _tell_outcome(frame: pd.DataFrame) -> str:
    return str(frame["outcome"].iloc[0]) if "outcome" in frame else "the outcome"


def _add_effect_legend(ax: Axes, orders: Sequence[str], alpha: float) -> None:
    for order in orders:
        face = "black" if order == "forward" else "white"
        ax.plot([], [], MARKERS[order], color="black", markerfacecolor=face, markersize=5.5, label=ORDERS[order])
    ax.plot([], [], color=BLUE, linewidth=2.4, label=f"stands out (adjusted p < {alpha:g})")
    ax.plot([], [], color=GREY, linewidth=1.2, label="does not")
    put_legend_above(ax, columns=len(orders) + 2)
