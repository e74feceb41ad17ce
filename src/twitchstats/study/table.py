"""The study's committed table: reading it, judging it by the bars, laying it out."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from twitchstats.errors import check_choice
from twitchstats.files import write_file, write_table
from twitchstats.resources import find_resource
from twitchstats.study.case_time_series import CUMULATIVE, SCENARIOS
from twitchstats.study.methods import REFERENCE
from twitchstats.study.trackers import LOOKED

FILE = "validation_study.csv"
MARKS = ("<!-- study: written by `./run study` -->", "<!-- end of study -->")
DAYS = 120  # of most cells
PARTS = ("diary", "beside", "promise", "group", "search", "tracker", "look", "trial", "published")
OURS, POOLED = "estimate_effects", "pooled estimate_effects"
VALUES = ("size", "coverage", "power", "gain", "recovered", "refused", "any_finding", "false_discovery", "bias", "rmse")
PUBLISHED_HEAD = (
    "A published simulation (case time series, Gasparrini 2021; there 500 people, no bias and intervals as promised, no"
    " figure known), 50 people over a year, relative to the effect, median over scenarios (lowest to highest):"
)
HOLDING = [name for name, scenario in SCENARIOS.items() if not scenario.breaks]
BARS = (  # name, part, method ("" is any), figure, lowest and highest
    ("size", "diary", OURS, "size", 0.02, 0.07),
    ("coverage", "diary", OURS, "coverage", 0.93, 0.97),
    ("mean estimate over planted", "diary", OURS, "recovered", 0.97, 1.03),
    ("size at each lag", "beside", "", "size", 0.02, 0.07),
    ("power at what is called detectable", "promise", "", "power", 0.75, 0.85),
    ("pooled size", "group", POOLED, "size", 0.0, 0.06),
    ("any finding in a null diary", "search", OURS, "any_finding", 0.0, 0.10),
    ("trial size", "trial", "", "size", 0.045, 0.055),
    ("trial coverage", "trial", "", "coverage", 0.94, 0.96),
    ("false alarms at any look", "tracker", LOOKED[-1], "size", 0.0, 0.05),
    ("false alarms, read daily", "look", LOOKED[-1], "size", 0.0, 0.05),
    ("coverage of the published simulation", "published", CUMULATIVE, "coverage", 0.94, 0.96),
)


def load_study() -> pd.DataFrame:
    """Return the committed result of `run_study` (data/validation_study.csv), columns as there.

    Examples
    --------
    >>> load_study()["part"].unique().tolist()
    ['diary', 'beside', 'promise', 'group', 'search', 'tracker', 'look', 'trial', 'published']
    """
    return pd.read_csv(find_resource("data", FILE))


def write_study(study: pd.DataFrame, path: Path) -> None:
    """Write a study as CSV with six significant digits, the same bytes on every machine; a file there is replaced."""
    write_table(study, path, float_format="%.6g", replace=True)


def refresh_readme(study: pd.DataFrame, path: Path) -> bool:
    """Put `describe_study` between the marks of a README; return whether there were marks."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if not all(mark in text for mark in MARKS):
        return False
    before, rest = text.split(MARKS[0], 1)
    after = rest.split(MARKS[1], 1)[1]
    write_file(path, f"{before}{MARKS[0]}\n{describe_study(study)}{MARKS[1]}{after}", replace=True)
    return True


def judge_study(study: pd.DataFrame) -> pd.DataFrame:
    """Hold the package's own statistics against what they promise.

    Parameters
    ----------
    study : DataFrame
        As `run_study` returns it.

    Returns
    -------
    DataFrame
        ``bar, world, method, days, people, lag, value, lower, upper, mcse, met, met_within_error``: one row for
        each cell that a bar applies to. A bar is met where ``lower <= value <= upper``; within error, where it is by
        two Monte Carlo standard errors (its own, or those of a share at the bar). Coverage is judged at 120 days, size
        at all lengths.

    Examples
    --------
    >>> judge_study(load_study())["bar"].unique()[:3].tolist()
    ['size', 'coverage', 'mean estimate over planted']
    """
    held = study[
        ((study["part"] != "diary") | (study["days"] == DAYS))
        & ((study["part"] != "group") | (study["people"] >= 3))
        & ((study["part"] != "published") | study["world"].isin(HOLDING))
    ]
    judged = []
    for bar, part, method, figure, lower, upper in BARS:
        cells = held[(held["part"] == part) & held[figure].notna() & (held["method"].eq(method) | (not method))]
        value, mcse = cells[figure], cells.get(f"{figure}_mcse", pd.Series(0.0, cells.index))
        if f"{figure}_mcse" in cells:  # near 0 and 1 the error of the bar itself is larger
            end = value.clip(lower, upper)
            mcse = np.maximum(mcse, np.sqrt(end * (1 - end) / cells["replicates"]))
        told = cells[["world", "method", "days", "people", "lag"]].assign(value=value, lower=lower, upper=upper)
        within = value.between(lower - 2 * mcse, upper + 2 * mcse)
        told = told.assign(mcse=mcse, met=value.between(lower, upper), met_within_error=within)
        told.insert(0, "bar", bar)
        judged.append(told)
    return pd.concat(judged, ignore_index=True)


def tabulate_study(
    study: pd.DataFrame,
    value: str,
    *,
    part: str = "diary",
    days: int = DAYS,
    people: int | None = None,
    methods: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Lay one figure of the study out: worlds down, methods across.

    Parameters
    ----------
    study : DataFrame
        As `run_study` returns it.
    value : str
        "size", "coverage", "power", "gain", "recovered", "refused", "any_finding", "false_discovery", "bias" or "rmse".
    part : {"diary", "beside", "promise", "group", "search", "tracker", "look", "trial", "published"}
    days : int
    people : int, optional
        Group size; needed only for groups.
    methods : sequence of str, optional
        Which, in this order; by default all that have the value, in the study's order.

    Returns
    -------
    DataFrame
        Index ``world``, a column for each method, unrounded.

    Raises
    ------
    OptionError
        There is no such value or part.

    Examples
    --------
    >>> table = tabulate_study(load_study(), "size", methods=["estimate_effects"])
    >>> table.index[:3].to_list()
    ['independent', 'autocorrelated .8', 'autocorrelated .9']
    """
    check_choice("value", value, VALUES)
    check_choice("part", part, PARTS)
    rows = study[(study["part"] == part) & (study["days"] == days) & study[value].notna()]
    rows = rows if people is None else rows[rows["people"] == people]
    worlds, known = rows["world"].unique(), list(rows["method"].unique())
    table = rows.pivot_table(index="world", columns="method", values=value)
    return table.reindex(index=pd.Index(worlds, name="world"), columns=list(methods or known)).rename_axis(columns=None)


def describe_study(study: pd.DataFrame) -> str:
    """Return the study's result in short as Markdown, for the README: a table for each part, and every miss.

    Examples
    --------
    >>> describe_study(load_study()).split("|")[1:4]
    [' world ', ' naive: false alarms ', ' shuffled days ']
    """
    told = (_tell_diaries, _tell_search, _tell_trackers, _tell_trials, _tell_published, _tell_misses)
    return "\n\n".join(text for tell in told if (text := tell(study))) + "\n"


def _tell_diaries(study: pd.DataFrame) -> str:
    ours = study[(study["part"] == "diary") & (study["days"] == DAYS) & (study["method"] == OURS)].set_index("world")
    size, power = (tabulate_study(study, value).reindex(ours.index) for value in ("size", "power"))
    columns = {
        "naive: false alarms": size["naive"], "shuffled days": size["shuffled days"], REFERENCE: size[REFERENCE],
        "**ours**": ours["size"], "coverage": ours["coverage"], f"power: {REFERENCE}": power[REFERENCE],
        "power: **ours**": ours["power"],
    }  # fmt: skip
    return _lay_table(pd.DataFrame(columns).map(_tell_share))


def _tell_search(study: pd.DataFrame) -> str:
    found = study[study["part"] == "search"].set_index("method")["any_finding"]
    return (
        "A search through eight triggers at three lags publishes something in "
        f"{100 * found['naive']:.0f} % of diaries in which nothing is planted when each p-value is taken alone, "
        f"and in {100 * found[OURS]:.1f} % with `estimate_effects` and its adjusted p-values."
    )


def _tell_trackers(study: pd.DataFrame) -> str:
    cells = study[study["part"].isin(["tracker", "look"])].replace({"part": {"tracker": "90 days", "look": "a year"}})
    sizes = cells.groupby(["method", "part"], sort=False)["size"]
    table = pd.DataFrame({"in half of the worlds at most": sizes.median(), "in the worst world": sizes.max()})
    told = table.map(lambda size: f"{100 * size:.0f} %").reset_index(names=["what trackers do, and ours", "read over"])
    return _lay_under("How often each rule tells of something where nothing is:", told, "what trackers do, and ours")


def _tell_trials(study: pd.DataFrame) -> str:
    cells = study[study["part"] == "trial"].groupby("method", sort=False)
    table = pd.DataFrame({figure: cells[figure].apply(_tell_range) for figure in ("size", "coverage")})
    table.index.name = "days drawn by lot"
    return _lay_under("Trials of one person, mean over worlds (lowest to highest):", table)


def _tell_published(study: pd.DataFrame) -> str:
    cells = study[(study["part"] == "published") & study["world"].isin(HOLDING)].sort_values("method", kind="stable")
    methods = cells.groupby("method", sort=False)
    table = pd.DataFrame({
        "bias": methods["bias"].apply(_tell_range, middle="median", form="+.2f"),
        "error": methods["rmse"].median().map("{:.2f}".format),
        "coverage": methods["coverage"].apply(_tell_range, middle="median"),
    })  # fmt: skip
    return _lay_under(PUBLISHED_HEAD, table)


def _tell_misses(study: pd.DataFrame) -> str:
    judged = judge_study(study)
    missed = judged[~judged["met"]]
    if missed.empty:
        return f"All {len(judged)} cells that a bar applies to meet it."
    beyond = missed[~missed["met_within_error"]]
    head = f"{len(missed)} of the {len(judged)} cells that a bar applies to miss it"
    if beyond.empty:
        return f"{head}, all of them within Monte Carlo error."
    table = beyond[["bar", "world"]].assign(
        method=beyond["method"].str.replace("_", " "),
        days=beyond["days"],
        people=beyond["people"],
        lag=beyond["lag"].map(lambda lag: "–" if pd.isna(lag) else f"{lag:.0f}"),
        found=beyond["value"].map(_tell_share),
        promised=[f"{lower:g} to {upper:g}" for lower, upper in zip(beyond["lower"], beyond["upper"], strict=True)],
    )
    return _lay_under(f"{head}, {len(missed) - len(beyond)} of them within Monte Carlo error. Beyond it:", table, "bar")


def _tell_share(share: float) -> str:
    return "–" if pd.isna(share) else f"{share:.3f}"


def _tell_range(values: pd.Series, *, middle: str = "mean", form: str = ".3f") -> str:
    return f"{values.agg(middle):{form}} ({values.min():{form}} to {values.max():{form}})"


def _lay_under(head: str, table: pd.DataFrame, index: str = "") -> str:
    """Set a table of texts under its heading; an empty one is left out with it."""
    told = table.set_index(index) if index else table
    return "" if told.empty else f"{head}\n\n{_lay_table(told)}"


def _lay_table(table: pd.DataFrame) -> str:
    """Write a table of texts as Markdown, its index first."""
    rows = [[table.index.name, *table.columns], ["---"] * (table.shape[1] + 1), *table.itertuples(name=None)]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)
