"""Pictures of trials: what watching had shown beside what the lot says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twitchstats.plots.drawing import BLUE, ORANGE, choose_limits, make_axes, strip, use_log_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROW = 0.5  # inches


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
        Full: the trial; hollow: watching; each with its interval.
    """
    ax = ax or make_axes(8, _ROW * (len(frame) + 4))
    measure = str(frame["measure"].iloc[0])
    watched = frame[["watched", "watched_lower", "watched_upper"]].set_axis(
        ["estimate", "ci_lower", "ci_upper"], axis=1
    )
    ax.axvline(float(measure != "difference"), color="black", linewidth=0.8)
    for side, colour, filled, name, shift in ((watched, ORANGE, "white", "watching", -0.13),
                                              (frame, BLUE, BLUE, "trial", 0.13)):  # fmt: skip
        y = np.arange(len(frame)) + shift
        ax.hlines(y, side["ci_lower"], side["ci_upper"], color=colour, linewidth=2)
        ax.scatter(side["estimate"], y, facecolors=filled, edgecolors=colour, s=40, zorder=3, label=name)
    ax.set_yticks(np.arange(len(frame)), [str(name) for name in frame.index])
    ax.set_ylim(len(frame) - 0.4, -0.6)
    limits = choose_limits(pd.concat([watched, frame[["estimate", "ci_lower", "ci_upper"]]]), measure)
    ax.set_xlim(*limits)
    if measure != "difference":
        use_log_axis(ax, *limits)
    ax.set_xlabel(f"{measure} of days with against days without")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 1.2), ncols=2, frameon=False)
    strip(ax, ("top", "right"))
    return ax
