"""Pictures of questions and claims: the answers, who claims what, and articles against data against literature."""

from __future__ import annotations

from textwrap import shorten
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
    from collections.abc import Mapping

    from matplotlib.axes import Axes

VERDICT_COLOURS = dict(zip(VERDICTS, (GREEN, ORANGE, SKY, PURPLE, YELLOW, LIGHT), strict=True))
STANCE_COLOURS = {"agrees": GREEN, "disputes": ORANGE, "mixed": YELLOW, "no figure known": LIGHT}
_LETTERS = dict(zip(VERDICTS, "SC0±?–", strict=True))
_ROW = 0.29  # inches
_SIDES = ("top", "right", "bottom", "left")


def plot_answers(answers: pd.DataFrame, ax: Axes | None = None, *, width: int = 80) -> Axes:
    """Draw answers as a table: question, articles, estimate with interval, verdict by colour and by word.

    Parameters
    ----------
    answers : DataFrame
        Rows of `claims.answer_questions`, in the order to be drawn; some forty fit a page.
    ax : Axes, optional
        Where to draw; a new figure, as high as the table needs, by default.
    width : int
        Longest question in letters; longer ones end in "…".

    Returns
    -------
    Axes
        Estimates say what they are: RR rate ratio, OR odds ratio, LR likelihood ratio, share, or difference.
    """
    ax = ax or make_axes(12.5, _ROW * (len(answers) + 3))
    ax.set(xlim=(0, 1), ylim=(len(answers) + 0.6, -1.2))
    ax.axis("off")
    places = {"Question": 0.0, "Articles": 0.52, "Estimate (95 % interval)": 0.66, "Verdict": 0.855}
    for title, x in places.items():
        ax.text(x, -0.5, title, weight="bold", va="center", fontsize=9)
    ax.axhline(0, color="black", linewidth=0.8)
    for y, row in enumerate(answers.to_dict("records")):
        words = [shorten(row["question"], width, placeholder="…"), row["articles"], _tell_estimate(row)]
        for x, text in zip(places.values(), words, strict=False):
            ax.text(x, y + 0.5, text, va="center", fontsize=8.5)
        _draw_chip(ax, places["Verdict"], y, 0.145, row["verdict"], VERDICT_COLOURS)
        ax.axhline(y + 1, color="#eeeeee", linewidth=0.6, zorder=0)
    return ax


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
    _add_legend(ax, {f"{_LETTERS[word]}  {word}": colour for word, colour in VERDICT_COLOURS.items()}, columns=3)
    return ax


def plot_sources(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw what articles, data and literature say, question by question.

    Parameters
    ----------
    frame : DataFrame
        As `claims.compare_sources` returns it.
    ax : Axes, optional

    Returns
    -------
    Axes
        A dot for each article that claims it; then the data's verdict and the literature's stance, by colour and word.
    """
    ax = ax or make_axes(12.5, _ROW * (len(frame) + 3))
    articles = sorted({name for names in frame["articles"] for name in names.split()})
    for y, row in enumerate(frame.to_dict("records")):
        there = [x for x, name in enumerate(articles) if name in row["articles"].split()]
        ax.scatter(there, [y] * len(there), s=36, color="#333333", zorder=3)
        ax.axhline(y, color="#eeeeee", linewidth=0.6, zorder=0)
        _draw_chip(ax, len(articles) - 0.3, y - 0.5, 4.6, row["data"], VERDICT_COLOURS)
        _draw_chip(ax, len(articles) + 4.6, y - 0.5, 3.4, row["literature"], STANCE_COLOURS)
    places = [*range(len(articles)), len(articles) + 2.0, len(articles) + 6.3]
    ax.set_xticks(places, [*articles, "data", "literature"])
    ax.set_yticks(range(len(frame)), frame["question"], fontsize=8.5)
    ax.set(xlim=(-0.6, len(articles) + 8.2), ylim=(len(frame) - 0.4, -0.6))
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    strip(ax, _SIDES)
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


def _tell_estimate(row: Mapping[str, object]) -> str:
    if not np.isfinite(float(row["estimate"])):  # type: ignore[arg-type]
        return str(row["reason"])
    names = {"rate ratio": "RR", "odds ratio": "OR", "likelihood ratio": "LR", "share": "share"}
    name = names.get(str(row["measure"]), "diff.")
    return f"{name} {row['estimate']:.2f} ({row['ci_lower']:.2f} to {row['ci_upper']:.2f})"


def _draw_chip(ax: Axes, x: float, y: float, width: float, word: str, colours: Mapping[str, str]) -> None:
    from matplotlib.patches import Rectangle

    ax.add_patch(Rectangle((x, y + 0.12), width * 0.97, 0.76, color=colours[word], linewidth=0))
    ax.text(x + width / 2, y + 0.52, word, ha="center", va="center", fontsize=8)


def _add_legend(ax: Axes, entries: dict[str, str], *, columns: int) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(color=colour, label=label) for label, colour in entries.items()]
    ax.legend(handles=handles, ncols=columns, frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.4, 0.0))
