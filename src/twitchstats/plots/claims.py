"""Pictures of claims: who claims what, and how much of it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from twitchstats.inference import VERDICTS
from twitchstats.plots.drawing import (
    BLUE,
    GREEN,
    LIGHT,
    ORANGE,
    PURPLE,
    SKY,
    YELLOW,
    make_axes,
    strip,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

VERDICT_COLOURS = dict(zip(VERDICTS, (GREEN, ORANGE, SKY, PURPLE, YELLOW, LIGHT), strict=True))
_LETTERS = dict(zip(VERDICTS, "SC0±?–", strict=True))
_ROW = 0.29  # inches


def plot_claim_matrix(
    ledger: pd.DataFrame, ax: Axes | None = None, *, min_articles: int = 2, testable: bool = True
) -> Axes:
    """Draw which article claims what: topics down, articles across, each cell with the verdict's colour and letter.

    Parameters
    ----------
    ledger : DataFrame
        As `claims.check_claims` returns it.
    ax : Axes, optional
    min_articles : int
        Only topics that at least so many articles speak of.
    testable : bool
        Only topics with a claim that was tested.

    Returns
    -------
    Axes
        Where an article makes several claims on a topic, the cell shows the first verdict in the order of the legend.
    """
    import seaborn as sns
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    ranked = ledger.assign(rank=ledger["verdict"].map(VERDICTS.index))
    grid = ranked.pivot_table(index="topic", columns="article", values="rank", aggfunc="min")
    grid = grid.reindex(columns=sorted(ledger["article"].unique()))
    grid = grid[grid.notna().sum(axis=1) >= min_articles]
    if testable:
        grid = grid[grid.min(axis=1) < VERDICTS.index("not testable")]
    grid = grid.loc[sorted(grid.index, key=lambda topic: (-grid.loc[topic].notna().sum(), topic))]
    letters = grid.map(lambda rank: _LETTERS[VERDICTS[int(rank)]] if np.isfinite(rank) else "")
    ax = ax or make_axes(6.4, _ROW * (len(grid) + 6))
    sns.heatmap(
        grid, ax=ax, cmap=ListedColormap(list(VERDICT_COLOURS.values())), vmin=-0.5, vmax=len(VERDICTS) - 0.5,
        annot=letters, fmt="", annot_kws={"color": "black", "fontsize": 8.5}, linewidths=1.5, cbar=False,
        yticklabels=True,
    )  # fmt: skip
    ax.set(xlabel="", ylabel="")
    ax.xaxis.tick_top()
    ax.tick_params(length=0, labelsize=8.5, rotation=0)
    handles = [Patch(color=colour, label=f"{_LETTERS[word]}  {word}") for word, colour in VERDICT_COLOURS.items()]
    ax.legend(handles=handles, ncols=3, frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.4, 0.0))
    return ax


def plot_scores(scores: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw how much of each article's decided claims holds, by literature and by data apart.

    Parameters
    ----------
    scores : DataFrame
        As `claims.score_articles` returns it.
    ax : Axes, optional

    Returns
    -------
    Axes
        Bars: share of the decided claims with which the literature agrees, or that the data support; above each how
        many of how many.
    """
    import seaborn as sns

    held = {"literature": "agrees", "data": "supported"}
    rows = pd.DataFrame([
        {"article": article, "by": source, "held": row[column], "decided": row[f"decided_by_{source}"]}
        for article, row in scores.iterrows()
        for source, column in held.items()
    ])  # fmt: skip
    rows["share"] = rows["held"] / rows["decided"].where(rows["decided"] > 0)
    ax = ax or make_axes(7.0, 3.2)
    sns.barplot(rows, x="article", y="share", hue="by", palette=[GREEN, BLUE], errorbar=None, ax=ax)
    for bars, (_, part) in zip(ax.containers, rows.groupby("by", sort=False), strict=True):
        told = [f"{int(a)} of {int(b)}" for a, b in zip(part["held"], part["decided"], strict=True)]
        ax.bar_label(bars, told, fontsize=8, padding=2)  # type: ignore[arg-type]
    ax.set(xlabel="", ylabel="share of decided claims that hold", ylim=(0, 1.12))
    ax.legend(title="", frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=2)
    strip(ax, ("top", "right"))
    return ax
