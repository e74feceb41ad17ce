"""Pictures of the risk model: odds ratios, combinations, calibration, decisions, and the base-rate picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twitchstats.errors import NotEnoughDataError, OptionError
from twitchstats.numbers import format_number
from twitchstats.plots.drawing import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    draw_intervals,
    lay_forest,
    make_axes,
    put_legend_above,
    strip,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

# shape or line style always says the same as the colour
STRATEGY_STYLES = {
    "model": (BLUE, "-", 2.2),
    "refer all": (BLACK, "-", 1.0),
    "refer none": (GREY, "-", 1.0),
    "A1 and": (ORANGE, "-", 1.4),
    "A1 any": (ORANGE, "--", 1.4),
    "A2": (GREEN, "-", 1.4),
    "A3": (PURPLE, "-", 1.4),
    "A4": (GREEN, "--", 1.4),
    "A5": (PURPLE, ":", 1.8),
    "NICE NG127": (SKY, "-.", 1.6),
}
DOCTOR = "Any red flag: see a doctor, whatever the number."
SIMULATED = "No diagnosis. A share says nothing certain about one person."


def _split(ax: Axes, heights: list[float]) -> list[Axes]:
    """Return axes below each other, in place of one."""
    place, figure = ax.get_subplotspec(), ax.figure
    if place is None:
        raise OptionError("These axes have no place in a grid, so they can't be split. Make them with plt.subplots.")
    rows = place.subgridspec(len(heights), 1, height_ratios=heights)
    ax.remove()
    first = figure.add_subplot(rows[0])
    return [first, *(figure.add_subplot(rows[row], sharex=first) for row in range(1, len(heights)))]


def _need_rows(frame: pd.DataFrame, what: str) -> None:
    if frame.empty:
        raise NotEnoughDataError(f"No {what} to draw: the frame has no rows.")


def plot_odds_ratios(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw a forest of odds ratios, the strongest at the top.

    Parameters
    ----------
    frame : DataFrame
        As `RedFlagModel.odds_ratios` returns it.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        Dots with intervals on a log scale; hollow diamonds are the model's own, shrunken odds ratios.
    """
    _need_rows(frame, "odds ratios")
    rows = frame.sort_values("estimate", ascending=False, kind="stable").reset_index(drop=True)
    ax = ax or make_axes(8.5, 0.36 * len(rows) + 1.6)
    places = np.arange(len(rows))
    plain = rows["unit"].eq("present against absent") | rows["term"].str.contains(":")
    names = rows["label"].where(plain, rows["label"] + " (" + rows["unit"] + ")")
    limits = lay_forest(ax, rows, names.to_list(), "odds ratio")
    draw_intervals(ax, rows, places, limits, "o", BLUE, label="odds ratio, interval")
    if rows["shrunken"].notna().any():
        ax.plot(rows["shrunken"], places, "D", markerfacecolor="none", color=ORANGE, label="the model's, shrunken")
        put_legend_above(ax, columns=2)
    ax.set_xlabel("odds ratio of a serious condition (log scale; 1 = makes no difference)")
    return ax


def plot_combinations(frame: pd.DataFrame, ax: Axes | None = None, *, most: int = 15) -> Axes:
    """Draw combinations of signs as dots joined by a line, with how often they were seen and how serious they are.

    Parameters
    ----------
    frame : DataFrame
        As `RedFlagModel.combinations` returns it; people whose signs are not all known are left out.
    ax : Axes, optional
        A subplot whose place is taken; a new figure by default.
    most : int
        How many combinations, those seen most often.

    Returns
    -------
    Axes
        The first of three below each other: risk with interval (model filled, observed hollow), people seen, and the
        signs of each column.
    """
    from twitchstats.redflags.combining import NONE
    from twitchstats.redflags.telling import describe_term

    rows = frame[frame["n_signs"].notna()].head(most).reset_index(drop=True)
    _need_rows(rows, "combinations")
    parts = [set() if name == NONE else set(name.split(" + ")) for name in rows["combination"]]
    signs = sorted({sign for members in parts for sign in members}, key=lambda s: (-sum(s in p for p in parts), s))
    places = np.arange(len(rows))
    ax = ax or make_axes(max(8.0, 0.55 * len(rows) + 3.4), 5.2 + 0.27 * len(signs))
    top, middle, bottom = _split(ax, [3, 1.1, 0.27 * max(len(signs), 2)])
    _draw_risks(top, rows, places)
    bottom.set_xlabel(f"{DOCTOR} {SIMULATED}", fontsize=9)
    middle.bar(places, rows["n"], color=GREY, width=0.6)
    middle.set_ylabel("people")
    middle.margins(y=0.25)
    for place, row in zip(places, rows.itertuples(), strict=True):
        middle.annotate(f"{row.n}", (place, row.n), xytext=(0, 2), textcoords="offset points", ha="center", fontsize=8)
    _draw_members(bottom, parts, signs)
    bottom.set_yticks(range(len(signs)), [describe_term(sign).label for sign in signs])
    for panel in (top, middle):
        strip(panel, ("top", "right"))
        panel.tick_params(labelbottom=False, bottom=False)
    return top


def _draw_risks(ax: Axes, rows: pd.DataFrame, places: np.ndarray) -> None:
    seen = rows["n"] > 0
    for shift, name, ends, marker, fill, colour, label in (
        (-0.13, "risk", ("risk_lower", "risk_upper"), "o", BLUE, BLUE, "the model's risk"),
        (0.13, "observed_rate", ("observed_lower", "observed_upper"), "s", "none", ORANGE, "observed"),
    ):
        value = rows[name].where(seen | (name == "risk")).to_numpy(float)
        reach = np.abs(np.vstack([value - rows[ends[0]], rows[ends[1]] - value]))
        ax.errorbar(
            places + shift, value, yerr=reach, fmt=marker, color=colour, markerfacecolor=fill, capsize=2, label=label
        )
    rate = float(rows["base_rate"].iloc[0])
    ax.axhline(rate, color=BLACK, linewidth=1, linestyle="--", label=f"base rate, {rate:.3g}")
    if rate < 0.02:
        ax.set_yscale("log")
        ax.set_ylim(bottom=max(float(rows["risk_lower"].min()) / 2, 1e-9), top=1)
    else:
        ax.set_ylim(0, 1)
    ax.set_ylabel("share serious")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False, fontsize=9)


def _draw_members(ax: Axes, parts: list[set[str]], signs: list[str]) -> None:
    for place, members in enumerate(parts):
        there = [k for k, sign in enumerate(signs) if sign in members]
        ax.plot([place] * len(signs), range(len(signs)), "o", color="#dddddd", markersize=7, zorder=1)
        ax.plot([place] * len(there), there, "o-", color=BLACK, markersize=7, linewidth=1.6, zorder=2)
        if not there:
            ax.annotate("none", (place, len(signs) - 0.6), ha="center", va="top", fontsize=8, annotation_clip=False)
    ax.set_ylim(len(signs) + 0.2, -0.6)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0, labelbottom=False)


def plot_calibration(
    curve: pd.DataFrame, risks: ArrayLike, ax: Axes | None = None, *, groups: pd.DataFrame | None = None
) -> Axes:
    """Draw predicted against observed risk, with a histogram of the predicted risks below.

    Parameters
    ----------
    curve : DataFrame
        As `redflags.estimate_calibration` returns it.
    risks : array-like
        The predicted risk of each person, for the histogram.
    ax : Axes, optional
        A subplot whose place is taken; a new figure by default.
    groups : DataFrame, optional
        As `redflags.group_risks` returns it: dots with intervals.

    Returns
    -------
    Axes
        Of the curve; those of the histogram lie below.
    """
    _need_rows(curve, "calibration curve")
    top, bottom = _split(ax or make_axes(6.2, 7.2), [4, 1])
    top.tick_params(labelbottom=False)
    top.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="perfect")
    top.fill_between(curve["risk"], curve["ci_lower"], curve["ci_upper"], color=BLUE, alpha=0.2, linewidth=0)
    top.plot(curve["risk"], curve["observed"], color=BLUE, linewidth=2, label="observed, with interval")
    if (curve["optimism"] != 0).any():
        top.plot(curve["risk"], curve["apparent"], color=ORANGE, linestyle=":", linewidth=1.6, label="apparent")
    if groups is not None:
        reach = np.abs(np.vstack([groups["observed"] - groups["ci_lower"], groups["ci_upper"] - groups["observed"]]))
        top.errorbar(
            groups["risk"], groups["observed"], yerr=reach, fmt="o", color=BLACK, markersize=4, capsize=2,
            linewidth=1, label="tenths of the people",
        )  # fmt: skip
    top.set(ylabel="observed share serious", xlim=(-0.01, 1.01), ylim=(-0.02, 1.02))
    top.legend(loc="upper left", frameon=False, fontsize=9)
    bottom.hist(np.asarray(risks, dtype=float), bins=np.linspace(0, 1, 41).tolist(), color=GREY)
    bottom.set(xlabel="predicted risk, at the share of the sample", ylabel="people")
    for panel in (top, bottom):
        strip(panel, ("top", "right"))
    return top


def plot_decision_curve(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the net benefit of each strategy over the threshold, the model with its interval.

    Parameters
    ----------
    frame : DataFrame
        As `redflags.decision_curve` returns it.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Examples
    --------
    >>> rows = {"strategy": ["model"], "threshold": 0.1, "net_benefit": 0.02, "ci_lower": 0.01, "ci_upper": 0.03}
    >>> plot_decision_curve(pd.DataFrame(rows).assign(base_rate=0.05)).get_ylabel()
    'net benefit for a person'
    """
    _need_rows(frame, "decision curve")
    ax = ax or make_axes(8.5, 5.4)
    rate = float(frame["base_rate"].iloc[0])
    scale, per = (1.0, "a person") if rate > 0.02 else (1e5, "100,000 people")
    for name, rows in frame.groupby("strategy", sort=False):
        colour, style, width = STRATEGY_STYLES.get(str(name), (GREY, "-.", 1.2))
        look = {"color": colour, "linestyle": style, "linewidth": width, "label": name}
        ax.plot(rows["threshold"], rows["net_benefit"] * scale, **look)
        if name == "model":
            band = (rows[end] * scale for end in ("ci_lower", "ci_upper"))
            ax.fill_between(rows["threshold"], *band, color=colour, alpha=0.18, linewidth=0)
    ax.set_ylim(-0.35 * rate * scale, 1.12 * rate * scale)
    if rate <= 0.02:
        ax.set_xscale("log")
    ax.set_xlabel("risk from which on a referral is worth it (threshold)")
    ax.set_ylabel(f"net benefit for {per}")
    ax.set_title(
        f"Serious cases found, less the weighted false alarms; base rate {rate:.3g}\n{DOCTOR}", loc="left", fontsize=10
    )
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=9)
    strip(ax, ("top", "right"))
    return ax


def plot_base_rates(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the base-rate picture: of 100,000 people who twitch, how many have a serious condition, sign by sign.

    Parameters
    ----------
    frame : DataFrame
        As `redflags.count_people` returns it.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        For each sign a filled dot (people who have it) and a hollow one (people who don't), with intervals, on a log
        scale; the dashed line is everybody.
    """
    from matplotlib.transforms import ScaledTranslation

    _need_rows(frame, "base rates")
    everybody = frame[frame["state"] == "all"].iloc[0]
    order = frame[frame["state"] == "present"].sort_values("estimate", kind="stable")["sign"]
    people = round(everybody["estimate"] / everybody["base_rate"])
    ax = ax or make_axes(10.5, 0.62 * len(order) + 2.3)
    shown = frame[np.isfinite(frame["estimate"])]
    lowest, highest = shown["ci_lower"].min(), min(shown["ci_upper"].max(), people)
    ax.set_xscale("log")
    ax.axvline(everybody["estimate"], color=BLACK, linewidth=1.2, linestyle="--")
    places = np.arange(len(order))
    for state, shift, colour, words in (("present", 0.17, ORANGE, "with"), ("absent", -0.17, BLUE, "without")):
        rows = frame[frame["state"] == state].set_index("sign").loc[order]
        label, limits = f"people {words} the sign", (lowest / 2, people)
        draw_intervals(ax, rows, places + shift, limits, "o", colour, hollow=words == "without", label=label)
        for place, row in zip(places, rows.itertuples(), strict=True):
            told = f"{words}: {format_number(row.estimate, 2)} (1 in {_round_count(row.one_in)})"
            ax.text(highest * 1.6, place + shift, told, va="center", fontsize=9, color=colour)
    ax.set_yticks(places, rows["label"])
    ax.set_ylim(-0.7, len(order) - 0.3)
    ax.set_xlim(lowest / 2, highest * 40)
    condition = everybody["condition"]
    ax.set_xlabel(f"of {people:,} such people, how many have {condition} (log scale)")
    ax.set_title(
        f"Of {people:,} people who twitch, about {everybody['estimate']:.3g} have {condition} (dashed line)\n"
        f"{DOCTOR} {SIMULATED}",
        loc="left", fontsize=10,
    )  # fmt: skip
    ticks = 10.0 ** np.arange(np.ceil(np.log10(lowest / 2)), np.floor(np.log10(people)) + 1)
    ax.set_xticks(ticks[ticks <= highest * 2], [f"{tick:,.10g}" for tick in ticks[ticks <= highest * 2]])
    ax.minorticks_off()
    below = ax.transAxes + ScaledTranslation(0, -42 / 72, ax.figure.dpi_scale_trans)  # under the axis label, any height
    spot = {"bbox_to_anchor": (0.4, 0), "bbox_transform": below}
    ax.legend(loc="upper center", ncols=2, frameon=False, fontsize=9, **spot)
    strip(ax, ("top", "right"))
    return ax


def _round_count(value: float) -> str:
    """Return a count with two figures: nobody should read more into it."""
    if not np.isfinite(value):
        return "no known number"
    digits = max(int(np.floor(np.log10(max(value, 1)))) - 1, 0)
    return f"{round(value, -digits):,.0f}"


def plot_tornado(frame: pd.DataFrame, ax: Axes | None = None, *, most: int = 12) -> Axes:
    """Draw which parameters a person's risk hangs on, the widest at the top.

    Parameters
    ----------
    frame : DataFrame
        As `redflags.explore_assumptions` returns it.
    ax : Axes, optional
        Where to draw; a new figure by default.
    most : int
        How many parameters.

    Returns
    -------
    Axes
        For each parameter a bar from the risk at the lower end of what is known of it to that at the upper end, on a
        log scale; the band is the interval over all of them together, the line the risk itself.
    """
    _need_rows(frame, "parameters")
    rows = frame.head(most).iloc[::-1]
    ax = ax or make_axes(9.5, 0.4 * len(rows) + 2.0)
    places, whole = np.arange(len(rows)), frame.iloc[0]
    assumed = rows["known"].eq("assumed").to_numpy()
    ends = rows[["risk_at_low", "risk_at_high"]].to_numpy()
    ax.axvspan(
        whole["risk_lower"], whole["risk_upper"], color=GREY, alpha=0.18, linewidth=0, label="all together, 95 %"
    )
    ax.axvline(whole["risk"], color=BLACK, linewidth=1)
    for chosen, colour, hatch, words in ((~assumed, BLUE, "", "published"), (assumed, ORANGE, "//", "assumed")):
        if chosen.any():
            width = np.ptp(ends, axis=1)[chosen]
            ax.barh(
                places[chosen], width, left=ends.min(axis=1)[chosen], color=colour, hatch=hatch, label=words, height=0.6
            )
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter("{x:.2g}")
    ax.minorticks_off()
    names = [f"{row.parameter.replace('_', ' ')}: {row.condition.replace('_', ' ')}" for row in rows.itertuples()]
    ax.set_yticks(places, names)
    ax.set_xlabel("risk (log scale)")
    ax.set_title(f"What this risk hangs on\n{DOCTOR} {SIMULATED}", loc="left", fontsize=10)
    ax.legend(loc="upper center", bbox_to_anchor=(0.4, -0.16), ncols=3, frameon=False, fontsize=9)
    strip(ax, ("top", "right"))
    return ax


def plot_stability(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw how much each risk would differ had other people been in the training sample.

    Parameters
    ----------
    frame : DataFrame
        As `redflags.measure_stability` returns it.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        Each person's risk against its range over bootstrap models; the title tells the mean absolute difference.

    Examples
    --------
    >>> rows = pd.DataFrame({"risk": [0.1, 0.3], "lower": [0.05, 0.2], "upper": [0.2, 0.5], "mape": [0.02, 0.04]})
    >>> plot_stability(rows).get_title(loc="left")
    'Mean absolute difference (MAPE) 0.030'
    """
    _need_rows(frame, "risks")
    ax = ax or make_axes(6.4, 5.8)
    rows = frame.sort_values("risk", kind="stable")
    ax.vlines(
        rows["risk"], rows["lower"], rows["upper"], color=BLUE, alpha=0.25, linewidth=0.8, label="95 % of the models"
    )
    ax.plot([0, 1], [0, 1], color=BLACK, linestyle="--", linewidth=1, label="no difference")
    ax.set(xlabel="risk by the model", ylabel="risk by models of other samples", xlim=(-0.01, 1.01), ylim=(-0.02, 1.02))
    ax.set_title(f"Mean absolute difference (MAPE) {frame['mape'].mean():.3f}", loc="left", fontsize=10)
    ax.legend(loc="upper left", frameon=False, fontsize=9)
    strip(ax, ("top", "right"))
    return ax
