"""The study's committed table: reading it, judging it by the bars, laying it out."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from twitchstats.errors import check_choice
from twitchstats.files import write_file, write_table
from twitchstats.resources import find_resource
from twitchstats.study.case_time_series import CUMULATIVE, SCENARIOS
from twitchstats.study.methods import REFERENCE

FILE = "validation_study.csv"
MARKS = ("<!-- study: written by `./run study` -->", "<!-- end of study -->")
DAYS = 120
PARTS = ("diary", "beside", "promise", "group", "search", "tracker", "trial", "published")
ANY_LOOK = "ours, any look"
OURS, POOLED = "estimate_effects", "pooled estimate_effects"
VALUES = ("size", "coverage", "power", "gain", "recovered", "refused", "any_finding", "false_discovery", "bias", "rmse")
HOLDING = [name for name, scenario in SCENARIOS.items() if not scenario.breaks]
BAR_COLUMNS = [
    "bar",
    "world",
    "method",
    "days",
    "people",
    "lag",
    "value",
    "lower",
    "upper",
    "mcse",
    "met",
    "met_within_error",
]


def load_study() -> pd.DataFrame:
    """Return the committed result of `run_study` (data/validation_study.csv), columns as there.

    Examples
    --------
    >>> load_study()["part"].unique().tolist()
    ['diary', 'beside', 'promise', 'group', 'search', 'tracker', 'trial', 'published']
    """
    return pd.read_csv(find_resource("data", FILE))


def write_study(study: pd.DataFrame, path: Path) -> None:
    """Write a study as CSV with six significant digits: the same bytes on every machine.

    Parameters
    ----------
    study : DataFrame
        As `run_study` returns it.
    path : Path
        An existing file is replaced.
    """
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
        two Monte Carlo standard errors. Coverage is judged at 120 days, size at all lengths.

    Examples
    --------
    >>> judge_study(load_study())["bar"].unique()[:3].tolist()
    ['size', 'coverage', 'mean estimate over planted']
    """
    diary = study[(study["part"] == "diary") & (study["days"] == DAYS)]
    ours = diary[diary["method"] == OURS]
    groups = study[(study["method"] == POOLED) & (study["people"] >= 3)]
    beside = study[study["part"] == "beside"]
    promise = study[study["part"] == "promise"]
    search = study[(study["part"] == "search") & (study["method"] == OURS)]
    trial = study[study["part"] == "trial"]
    tracker = study[(study["part"] == "tracker") & (study["method"] == ANY_LOOK)]
    published = study[(study["method"] == CUMULATIVE) & (study["part"] == "published") & study["world"].isin(HOLDING)]
    bars = [
        _hold(ours, "size", "size", 0.02, 0.07),
        _hold(ours, "coverage", "coverage", 0.93, 0.97),
        _hold(ours.assign(recovered_mcse=0.0), "mean estimate over planted", "recovered", 0.97, 1.03),
        _hold(beside, "size at each lag", "size", 0.02, 0.07),
        _hold(promise, "power at what is called detectable", "power", 0.75, 0.85),
        _hold(groups, "pooled size", "size", 0.0, 0.06),
        _hold(search, "any finding in a null diary", "any_finding", 0.0, 0.10),
        _hold(trial[trial["size"].notna()], "trial size", "size", 0.045, 0.055),
        _hold(trial[trial["coverage"].notna()], "trial coverage", "coverage", 0.94, 0.96),
        _hold(tracker, "false alarms at any look", "size", 0.0, 0.05),
        _hold(published, "coverage of the published simulation", "coverage", 0.94, 0.96),
    ]
    return pd.concat(bars, ignore_index=True)


def _hold(cells: pd.DataFrame, bar: str, column: str, lower: float, upper: float) -> pd.DataFrame:
    frame = cells[["world", "method", "days", "people", "lag"]].copy()
    frame["value"], frame["mcse"] = cells[column], cells[f"{column}_mcse"]
    frame["bar"], frame["lower"], frame["upper"] = bar, lower, upper
    frame["met"] = frame["value"].between(lower, upper)
    slack = 2 * frame["mcse"]
    frame["met_within_error"] = frame["value"].between(lower - slack, upper + slack)
    return frame[BAR_COLUMNS]


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
    part : {"diary", "beside", "promise", "group", "search", "trial", "tracker", "published"}
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
    """Return the study's result in short as Markdown, for the README: a table of size and power, and every miss.

    Examples
    --------
    >>> describe_study(load_study()).split("|")[1:4]
    [' world ', ' naive: false alarms ', ' shuffled days ']
    """
    ours = study[(study["part"] == "diary") & (study["days"] == DAYS) & (study["method"] == OURS)].set_index("world")
    size, power = (tabulate_study(study, value) for value in ("size", "power"))
    lines = [
        "| world | naive: false alarms | shuffled days | least squares | **ours** | coverage | power: least squares "
        "| **ours** |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for world in ours.index:
        row = ours.loc[world]
        numbers = [size.loc[world, "naive"], size.loc[world, "shuffled days"], size.loc[world, REFERENCE], row["size"],
                   row["coverage"], power.loc[world, REFERENCE], row["power"]]  # fmt: skip
        shown = ["–" if pd.isna(number) else f"{number:.3f}" for number in numbers]
        lines.append(f"| {world} | " + " | ".join(shown) + " |")
    judged = judge_study(study)
    told = (
        _tell_search(study),
        _tell_trackers(study),
        _tell_trials(study),
        _tell_published(study),
        _tell_misses(judged),
    )
    lines += [line for text in told if text for line in ("", text)]
    return "\n".join(lines) + "\n"


def _tell_search(study: pd.DataFrame) -> str:
    found = study[study["part"] == "search"].set_index("method")["any_finding"]
    return (
        "A search through eight triggers at three lags publishes something in "
        f"{100 * found['naive']:.0f} % of diaries in which nothing is planted when each p-value is taken alone, "
        f"and in {100 * found[OURS]:.1f} % with `estimate_effects` and its adjusted p-values."
    )


def _tell_trackers(study: pd.DataFrame) -> str:
    """Say of how many diaries without an effect trackers' rules tell one, in the median world and in the worst."""
    audit = study[study["part"] == "tracker"].groupby("method", sort=False)["size"].agg(["median", "max"])
    told = [f"{name}: {100 * row['median']:.0f} % (at most {100 * row['max']:.0f} %)" for name, row in audit.iterrows()]
    return f"What trackers' rules tell of where nothing is, in 90 days: {'; '.join(told)}." if told else ""


def _tell_trials(study: pd.DataFrame) -> str:
    """Say how wide sizes, coverages and power of trials lie over the worlds, by design."""
    told = [
        f"{name}: size {part['size'].mean():.3f} ({part['size'].min():.3f} to {part['size'].max():.3f}), coverage "
        f"{part['coverage'].mean():.3f} ({part['coverage'].min():.3f} to {part['coverage'].max():.3f})"
        for name, part in study[study["part"] == "trial"].groupby("method", sort=False)
    ]
    return f"Trials of one person, mean over worlds (lowest to highest): {'; '.join(told)}." if told else ""


def _tell_published(study: pd.DataFrame) -> str:
    """Say what came of the published simulation where its assumptions hold, by method."""
    told = [
        f"{name}: bias {part['bias'].median():+.2f} ({part['bias'].min():+.2f} to {part['bias'].max():+.2f}), error "
        f"{part['rmse'].median():.2f}, coverage {part['coverage'].mean():.3f} ({part['coverage'].min():.3f} to "
        f"{part['coverage'].max():.3f})"
        for name, part in study[(study["part"] == "published") & study["world"].isin(HOLDING)].groupby("method")
    ]
    head = (
        "A published simulation (case time series, Gasparrini 2021; there 500 people, no bias and intervals as "
        "promised, no figure known), 50 people over a year, relative to the effect, median over scenarios (lowest to "
        "highest)"
    )
    return f"{head}: {'; '.join(told)}." if told else ""


def _tell_misses(judged: pd.DataFrame) -> str:
    missed = judged[~judged["met"]]
    if missed.empty:
        return f"All {len(judged)} cells that a bar applies to meet it."
    beyond = missed[~missed["met_within_error"]]
    head = f"{len(missed)} of the {len(judged)} cells that a bar applies to miss it"
    if beyond.empty:
        return f"{head}, all of them within Monte Carlo error."
    told = "; ".join(
        f"{row.bar}{', ' + row.method if row.bar.startswith('power') else ''}, {row.world}, {row.days} days"
        + (
            f", {row.people} people"
            if row.people > 1
            else f", {row.method}"
            if row.bar.startswith("trial")
            else f", lag {row.lag:.0f}"
        )
        + f": {row.value:.3f}"
        for row in beyond.itertuples()
    )
    return f"{head}, {len(missed) - len(beyond)} of them within Monte Carlo error. Beyond it: {told}."
