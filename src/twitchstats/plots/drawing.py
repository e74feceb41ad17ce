"""What pictures of estimates share: limits, log axes, intervals with arrows, words for lags and steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twitchstats.numbers import format_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

# Okabe and Ito's colours; a shape or a word always says the same as the colour
BLUE, ORANGE, GREEN, PURPLE = "#0072b2", "#d55e00", "#009e73", "#cc79a7"
SKY, YELLOW, AMBER = "#56b4e9", "#f0e442", "#e69f00"
BLACK, GREY, LIGHT = "#000000", "#8c8c8c", "#dddddd"
RATIOS = ("rate ratio", "odds ratio")


def to_line(values: np.ndarray, measure: str) -> np.ndarray:
    """Return values on the scale where no effect is 0."""
    return np.log(values) if measure in RATIOS else values


def choose_limits(frame: pd.DataFrame, measure: str) -> tuple[float, float]:
    """Return where the axis ends: all intervals where that leaves the estimates readable, else a cut."""
    names = ["estimate", "ci_lower", "ci_upper"]
    shown = frame.loc[frame["estimate"].notna(), names].to_numpy(float)
    with np.errstate(divide="ignore"):
        line = to_line(shown, measure)
    least = {"rate ratio": 0.1, "odds ratio": 0.1}.get(measure, 0.05)
    if not len(line):
        low, high = -least, least
    else:
        reach = line[:, 2] - line[:, 0]
        widest = float(np.median(reach[np.isfinite(reach)])) if np.isfinite(reach).any() else 0.0
        most = max(3 * float(np.abs(line[:, 0]).max()), 2.5 * widest, least)  # an interval may have no end
        low = max(min(float(line.min()), -least), -most)
        high = min(max(float(line.max()), least), most)
    if "correlation" in measure:
        low, high = max(low, -1.0), min(high, 1.0)
    pad = 0.04 * (high - low)
    ends = np.array([low - pad, high + pad])
    left, right = np.exp(ends) if measure in RATIOS else ends
    return float(left), float(right)


def use_log_axis(ax: Axes, low: float, high: float) -> None:
    """Give an axis of ratios round numbers as ticks."""
    from matplotlib.ticker import FixedLocator, NullFormatter

    ax.set_xscale("log")
    ax.xaxis.set_major_locator(FixedLocator(choose_ratios(low, high)))
    ax.xaxis.set_major_formatter("{x:g}")
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.minorticks_off()


def choose_ratios(low: float, high: float, *, most: int = 7) -> list[float]:
    """Return round ratios between two limits, 1 always among them where it lies between."""
    from matplotlib.ticker import MaxNLocator

    if high / low < 6:
        ticks = MaxNLocator(most, steps=[1, 2, 5, 10]).tick_values(low, high)
    else:
        powers = np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
        powers = powers[powers % (1 + len(powers) // (most + 2)) == 0]
        ticks = (10 ** powers[:, None] * (np.array([1, 2, 5]) if high / low < 200 else np.array([1]))).ravel()
    return [float(tick) for tick in ticks if low <= tick <= high and tick > 0]


def lay_forest(ax: Axes, rows: pd.DataFrame, names: Sequence[str], measure: str) -> tuple[float, float]:
    """Prepare a forest, the first row at the top: the line of no effect, names, and the limits, which it returns."""
    limits = choose_limits(rows, measure)
    ax.axvline(1.0 if measure in RATIOS else 0.0, color=GREY, linewidth=1, zorder=1)
    if measure in RATIOS:
        use_log_axis(ax, *limits)
    ax.set_xlim(*limits)
    ax.set_yticks(np.arange(len(names)), names, fontsize=8.5)
    ax.set_ylim(len(names) - 0.4, -0.6)
    strip(ax, ("top", "right"))
    return limits


def draw_intervals(
    ax: Axes,
    rows: pd.DataFrame,
    places: np.ndarray,
    limits: tuple[float, float],
    marker: str,
    color: str,
    linewidth: float = 1.4,
    *,
    hollow: bool = False,
    label: str = "_nolegend_",
) -> None:
    """Draw dots with intervals; where an interval passes the limits, an arrow."""
    if rows.empty:
        return
    low, high = rows["ci_lower"].to_numpy(float), rows["ci_upper"].to_numpy(float)
    ends = np.clip(np.stack([low, high]), *limits)
    ax.hlines(places, *ends, color=color, linewidth=linewidth, zorder=2)
    for cut, end, arrow in ((low < limits[0], limits[0], 8), (high > limits[1], limits[1], 9)):  # caret left, right
        if cut.any():  # an empty line that isn't clipped would claim the corner of the figure
            ends_at = np.full(cut.sum(), end)
            ax.plot(ends_at, places[cut], linestyle="", marker=arrow, color=color, markersize=6, clip_on=False)
    face = "white" if hollow else color
    ax.plot(rows["estimate"].to_numpy(float), places, linestyle="", marker=marker, color=color, markersize=5.5,
            markerfacecolor=face, zorder=3, label=label)  # fmt: skip


def tell_lag(lag: float) -> str:
    """Return a lag in words."""
    return {0: "same day", 1: "the day before"}.get(int(lag), f"{int(lag)} days before")


def tell_step(step: float, unit: str) -> str:
    """Return one step in words: "100 mg", "1 point of 10", "yes against no"."""
    if step == 1 and unit == "days":  # the dictionary's unit of yes/no
        return "yes against no"
    first, *rest = str(unit).split(" ")
    singular = first[:-1] if step == 1 and first.endswith("s") and len(first) > 3 else first  # a short one is a symbol
    return " ".join(part for part in (format_number(step, 6), singular, *rest) if part)


def put_legend_above(ax: Axes, *, columns: int) -> None:
    """Put the legend where it can hide nothing."""
    options = {"frameon": False, "fontsize": 8, "borderaxespad": 0.2, "handletextpad": 0.4, "columnspacing": 1.2}
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=columns, **options)


def strip(ax: Axes, sides: Sequence[str]) -> None:
    """Hide spines."""
    for side in sides:
        ax.spines[side].set_visible(False)


def make_axes(width: float, height: float) -> Axes:
    """Return the axes of a new figure, in inches."""
    from matplotlib import pyplot as plt

    return plt.subplots(figsize=(width, height), layout="constrained")[1]
