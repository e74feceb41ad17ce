"""The pictures of a report, each with words for those who can't see it; the numbers stand in the table beside it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING, cast

import pandas as pd

from twitchstats.journal import Journal
from twitchstats.plots import journal as plots
from twitchstats.report.summary import count_values, lay_calendar, summarise_people, summarise_weeks
from twitchstats.report.tables import Table, format_share, show_table
from twitchstats.report.wording.prose import Prose
from twitchstats.report.wording.reading import label_of, tabulate_months

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 144  # sharp on paper
_MOST_FOREST = 40


class Picture:
    """A drawn figure as PNG with its description; the bytes hold no software version and no date."""

    def __init__(self, ax: Axes, alt: str) -> None:
        from matplotlib import pyplot as plt
        from matplotlib.text import Text

        self.alt = alt
        stream = BytesIO()
        figure = cast("Figure", ax.figure)
        for text in figure.findobj(Text):
            text.set_parse_math(False)  # a $ in somebody's label is a $, and nothing that could fail to be drawn
        figure.savefig(stream, format="png", dpi=DPI, metadata={"Software": None}, bbox_inches="tight")
        plt.close(figure)  # else the notebook would show it a second time
        self.png = base64.b64encode(stream.getvalue()).decode("ascii")

    def __repr__(self) -> str:
        return f"Picture: {self.alt}"

    def _repr_mimebundle_(self, **options: object) -> tuple[Mapping[str, str], Mapping[str, object]]:
        return {"image/png": self.png, "text/plain": repr(self)}, {"image/png": {"alt": self.alt}}


def draw_outcome(journal: Journal, outcome: str) -> Picture:
    """Draw the outcome on the calendar of one person, as rows of many, or as shares where there is no order in time."""
    label = label_of(journal, outcome)
    if journal.calendar == "none":
        counted = count_values(journal, outcome)
        return Picture(plots.plot_values(counted, label=label), f"Bars: how often each value of {label} occurs.")
    calendar = lay_calendar(journal, outcome)
    people = calendar["person"].nunique()
    if people == 1:
        ax = plots.plot_calendar(calendar, label=label)
        return Picture(ax, f"Calendar of {label}, darker is more, grey is a day without an entry.")
    ax = plots.plot_diaries(calendar, label=label)
    return Picture(ax, f"{label} of {people} people, a row each, darker is more, grey is a day without an entry.")


def tabulate_outcome(journal: Journal, outcome: str) -> Table:
    """Show the numbers behind `draw_outcome`."""
    if journal.calendar == "none":
        labels = {"value": label_of(journal, outcome), "n_days": "Days", "share": "Share"}
        counted = count_values(journal, outcome)
        shown = counted.assign(share=counted["share"].map(format_share))
        return show_table(shown, "The same in numbers.", labels=labels)
    return tabulate_months(lay_calendar(journal, outcome))


def draw_weeks(journal: Journal) -> Picture | Prose:
    """Draw how complete the diary is by week."""
    if journal.calendar == "none" or summarise_people(journal)["span"].max() < 14:
        return Prose("")
    ax = plots.plot_weeks(summarise_weeks(journal))
    return Picture(ax, "Bars: share of days reported in each week of the diary.")


def tabulate_weeks(journal: Journal) -> Table | Prose:
    """Show the numbers behind `draw_weeks`, in blocks of four weeks."""
    if journal.calendar == "none" or summarise_people(journal)["span"].max() < 14:
        return Prose("")
    weeks = summarise_weeks(journal)
    block = (weeks["week"] - 1) // 4
    blocks = weeks.groupby(block)[["possible", "reported"]].sum()
    first = 4 * blocks.index + 1
    blocks["weeks"] = [f"{a} to {min(a + 3, int(weeks['week'].max()))}" for a in first]
    blocks["share"] = blocks["reported"] / blocks["possible"]
    blocks["share"] = blocks["share"].map(format_share)
    labels = {"weeks": "Weeks", "possible": "Days possible", "reported": "Days reported", "share": "Share"}
    return show_table(blocks, "Days reported, by weeks since the first entry.", labels=labels)


def draw_triggers(journal: Journal, primary: pd.DataFrame) -> Picture | Prose:
    """Draw the effects of the triggers with their intervals."""
    from twitchstats.plots.triggers import plot_effects

    tested = primary[primary["estimate"].notna()]
    if tested.empty:
        return Prose("")
    shown = _name_triggers(journal, tested.head(_MOST_FOREST))
    return Picture(plot_effects(shown), "Effect of one step of each trigger, with its 95 % interval; see the table.")


def draw_lags(journal: Journal, effects: pd.DataFrame) -> Picture | Prose:
    """Draw the effects by days back."""
    from twitchstats.plots.triggers import plot_lags

    tested = effects[effects["estimate"].notna()]
    if tested.empty or journal.calendar == "none":
        return Prose("")
    return Picture(plot_lags(_name_triggers(journal, tested)), "Effect of each trigger by days back; see the table.")


def _name_triggers(journal: Journal, effects: pd.DataFrame) -> pd.DataFrame:
    return effects.assign(trigger=[label_of(journal, name) for name in effects["trigger"]])
