"""The study: how often each method is wrong, and what it finds, in worlds whose truth is known."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd
from scipy import special

from twitchstats.errors import OptionError, check_choice
from twitchstats.inference import ALPHA, adjust_p_values
from twitchstats.journal.record import Journal
from twitchstats.panel import build_panel
from twitchstats.resources import find_resource
from twitchstats.simulate.processes import PROCESSES, Process, simulate_process
from twitchstats.study.case_time_series import CUMULATIVE, FIXED, PEOPLE, SCENARIOS, YEAR, count_published
from twitchstats.study.groups import GROUP_METHODS, pool_groups
from twitchstats.study.methods import METHODS, OF_COUNTS, REFERENCE, run_method, score_people
from twitchstats.study.table import DAYS, FILE, PARTS, describe_study, refresh_readme, write_study
from twitchstats.study.trackers import AUDIT_DAYS, AUDIT_WORLDS, LOOKED, TRACKERS, YEAR_LOOKS, look_daily, tell_trackers
from twitchstats.study.trials import CARRY_OVER, TRIAL_DAYS, TRIAL_EFFECT, TRIAL_WORLDS, simulate_trials

COLUMNS = [
    "part", "world", "method", "days", "people", "lag", "replicates", "size", "size_mcse", "coverage", "coverage_mcse",
    "power", "power_mcse", "gain", "gain_mcse", "recovered", "refused", "any_finding", "any_finding_mcse",
    "false_discovery", "false_discovery_mcse", "bias", "bias_mcse", "rmse",
]  # fmt: skip
Cell = dict[str, Any]  # a row: which cell it is, and what was counted there
LAGS = (0, 1, 2)
QUICK = 200  # diaries in a cell of a quick study
PROMISED = ("autocorrelated .8", "zero-heavy", "yes/no trigger", "yes/no outcome", "rating")
QUICK_METHODS = ("naive", REFERENCE, "estimate_effects")  # at other lengths than DAYS
SIDES = ("detectable_up", "detectable_down")
PROMISES = 5
LAG = 1
SLOPE_SD = 0.15  # between people, of the log rate ratio
SEARCH_WORLD, SEARCH_TRIGGERS = "autocorrelated .8", 8
SEARCH_EFFECTS = (0.3, 0.3) + (0.0,) * (SEARCH_TRIGGERS - 2)
SEARCH_METHODS = (  # as it is told, method, adjusted
    ("naive", "naive", False), ("naive, adjusted", "naive", True),
    ("correlate_triggers", "correlate_triggers", True), ("estimate_effects", "estimate_effects", True),
)  # fmt: skip
TRIAL_METHODS = {
    f"{design}{', carry-over' if later else ''}": (design, later) for design in TRIAL_DAYS for later in CARRY_OVER
}


def run_study(
    *,
    worlds: Sequence[str] | None = None,
    methods: Sequence[str] = METHODS,
    days: Sequence[int] = (45, 120, 365),
    people: Sequence[int] = (1, 3, 5, 20, 50, 200),
    replicates: int = 2000,
    parts: Sequence[str] = PARTS,
    seed: int = 1,
    workers: int | None = 1,
) -> pd.DataFrame:
    """Count size, coverage, power and false discoveries by method and world.

    Parameters
    ----------
    worlds : sequence of str, optional
        Of `list_processes`; by default all.
    methods : sequence of str
        Of `METHODS`, for single diaries.
    days : sequence of int
        Lengths of single diaries.
    people : sequence of int
        Group sizes: 1 are the single diaries, larger ones groups whose slopes differ, over 120 days.
    replicates : int
        Diaries in each cell of up to 120 days; longer diaries are fewer, so that the days are as many. Groups are cut
        from one and a half times as many people, or from a tenth as many of the largest groups where nothing is
        planted; trials are five thirds as many.
    parts : sequence of str
        Which of the parts below; those of single diaries and of groups also follow `people`.
    seed : int
        Each cell has a generator of its own, made from the seed and the cell's name: the same number whatever else
        is run.
    workers : int, optional
        Processes to work in; None takes one for each processor.

    Returns
    -------
    DataFrame
        One row for each cell:

        - ``part``: "diary" (one person), "beside" (one person, at every lag beside a planted effect or where nothing is
          planted), "promise" (power at what was called detectable, in either direction), "group" (people put together),
          "search" (many tests in one diary), "tracker" (what diary apps tell), "look" (a year, read every day), "trial"
          (days drawn by lot), "published" (the simulation of case time series);
        - ``world, method, days, people, lag, replicates``;
        - ``size``: share of p-values below .05 where nothing is planted (groups: where the mean effect is none; trials
          without carry-over: of all schedules compared, had each been drawn);
        - ``coverage``: share of 95 % intervals that hold the planted effect (in groups its mean);
        - ``power``: share of diaries, or groups, in which the planted effect is found; in a search, share of planted
          triggers found after adjustment;
        - ``gain``: power minus that of least squares on the same diaries;
        - ``recovered``: mean estimate over planted effect, as a ratio of rate ratios;
        - ``refused``: share of tests that the method declined;
        - ``any_finding``: share of searches through null diaries that publish anything;
        - ``false_discovery``: false findings among the findings of a search, mean over diaries;
        - ``bias, rmse``: of the published simulation, relative to the effect;
        - ``..._mcse``: Monte Carlo standard errors.

    Raises
    ------
    OptionError
        An unknown world or method, or a number out of range.

    Examples
    --------
    >>> cells = {"worlds": ["random walk"], "methods": ["estimate_effects"], "days": [45], "people": [1]}
    >>> told = run_study(**cells, replicates=2, parts=["diary", "beside"])
    >>> told["part"].unique().tolist()
    ['diary', 'beside']
    """
    chosen = tuple(PROCESSES) if worlds is None else tuple(worlds)
    for name, values, allowed in (("world", chosen, PROCESSES), ("method", methods, METHODS), ("part", parts, PARTS)):
        for value in values:
            check_choice(name, value, tuple(allowed))
    if replicates < 2:
        raise OptionError(f"replicates={replicates!r} is not possible: choose a whole number of at least 2.")
    jobs = _list_jobs(chosen, tuple(methods), days, people, replicates=replicates, seed=seed)
    asked = [job for part in parts for job in jobs[part]]
    workers = (os.cpu_count() or 1) if workers is None else workers
    if workers <= 1:
        counted = list(map(_list_cells, asked))
    else:
        with ProcessPoolExecutor(workers) as pool:
            counted = list(pool.map(_list_cells, asked))
    return _sort(pd.DataFrame([cell for cells in counted for cell in cells], columns=COLUMNS))


def _list_jobs(
    worlds: Sequence[str], methods: Sequence[str], days: Sequence[int], people: Sequence[int], **count: int
) -> dict[str, list[Callable[[], Iterator[Cell]]]]:
    """Return what is to be done for each part, the longest diaries first; ``replicates`` and ``seed`` count."""
    sizes = tuple(size for size in people if size > 1)
    diaries = [(world, length) for length in sorted(days, reverse=True) for world in worlds] if 1 in people else []
    audited, tried = ([world for world in some if world in worlds] for some in (AUDIT_WORLDS, TRIAL_WORLDS))
    promised = [world for world in worlds if world in PROMISED and diaries]
    return {
        "diary": [partial(study_diaries, world, length, methods, **count) for world, length in diaries],
        "beside": [partial(study_beside, world, length, **count) for world, length in diaries],
        "promise": [partial(study_promise, world, **count) for world in promised],
        "group": [partial(study_groups, world, sizes, **count) for world in worlds if sizes],
        "search": [partial(study_search, **count)],
        "trial": [partial(study_trials, world, method, **count) for world in tried for method in TRIAL_METHODS],
        "tracker": [partial(study_trackers, world, **count) for world in audited],
        "look": [partial(study_looks, world, **count) for world in audited],
        "published": [partial(study_published, name, **count) for name in SCENARIOS],
    }


def _list_cells(job: Callable[[], Iterator[Cell]]) -> list[Cell]:
    """Return the rows of a job, which a process can send back."""
    return list(job())


def _sort(frame: pd.DataFrame) -> pd.DataFrame:
    """Sort by part, world and method in the order of their tables, then days and people."""
    methods = (
        "naive", "naive, adjusted", *METHODS[1:], *SIDES, *GROUP_METHODS, *TRIAL_METHODS, *TRACKERS, *LOOKED, FIXED,
        CUMULATIVE,
    )  # fmt: skip
    order = {"part": PARTS, "world": (*PROCESSES, *SCENARIOS), "method": methods}
    return frame.sort_values(
        ["part", "world", "days", "people", "method"], kind="stable", ignore_index=True,
        key=lambda column: column.map(order[str(column.name)].index) if column.name in order else column,
    )  # fmt: skip


def _make_rng(seed: int, *words: object) -> np.random.Generator:
    """Return the generator of one cell: it does not depend on which other cells are run."""
    return np.random.default_rng([seed, crc32("/".join(map(str, words)).encode())])


def _simulate(world: str, seed: int, words: tuple[object, ...], **options: object) -> Journal:
    """Return the diaries of one cell."""
    return simulate_process(world, seed=_make_rng(seed, world, *words), **options)[0]  # type: ignore[arg-type]


def _tell_cell(
    part: str, world: str, method: str, days: int, replicates: int, counted: Cell, *, people: int = 1, lag: int = LAG
) -> Cell:
    where = {"part": part, "world": world, "method": method, "days": days, "people": people, "lag": lag}
    return where | {"replicates": replicates} | counted


def study_diaries(world: str, days: int, methods: Sequence[str], replicates: int, seed: int) -> Iterator[Cell]:
    """Study single diaries of one world and length."""
    process, people = PROCESSES[world], _count_people(replicates, days)
    effect, truth, counts = process.effect, tell_effect(process), process.kind == "count"
    journals = [
        _simulate(world, seed, (days, planted), people=people, days=days, effect=planted, lag=LAG)
        for planted in (0.0, effect)
    ]
    reference = run_method(REFERENCE, journals[1], lags=(LAG,))["p_value"] < ALPHA if counts else np.nan
    for method in methods:
        if (days != DAYS and method not in QUICK_METHODS) or (method in OF_COUNTS and not counts):
            continue
        null, found = (run_method(method, journal, lags=(LAG,)) for journal in journals)
        gain = (found["p_value"] < ALPHA).astype(float) - reference
        gained = {"gain": float(gain.mean()), "gain_mcse": float(gain.std() / np.sqrt(people))}
        errors = _count_errors(null["p_value"], found, truth)
        yield _tell_cell("diary", world, method, days, people, gained | errors)


def study_beside(world: str, days: int, replicates: int, seed: int) -> Iterator[Cell]:
    """Study how often something is found at lags without an effect."""
    people = _count_people(replicates, days)
    null = _simulate(world, seed, (days, "beside"), people=people, days=days, lag=LAG)
    found = run_method("estimate_effects", null, lags=LAGS)
    for lag, tests in found.groupby("lag"):
        if lag or not PROCESSES[world].same_day:
            sizes = _count_size(tests["p_value"])
            yield _tell_cell("beside", world, "estimate_effects", days, people, sizes, lag=lag)


def study_promise(world: str, replicates: int, seed: int) -> Iterator[Cell]:
    """Study the power at what was called detectable.

    Diaries without effect are told what they could find. In five parts, from the smallest promise to the largest, the
    same diaries are drawn again with their part's middle promise planted.
    """
    draw = partial(_simulate, world, seed, ("promise",), people=_count_people(replicates, DAYS), days=DAYS)
    told = score_people(draw(effect=0.0), (0,), detect=ALPHA)
    for side in SIDES:
        promised = told[side].dropna().abs().sort_values()
        found = [pd.Series(dtype=bool)]
        for part in np.array_split(promised.index.to_numpy(), max(1, min(PROMISES, len(promised)))):
            if not len(part):  # nothing could be found in any diary
                continue
            planted = draw(effect=float(told.loc[part, side].median()))
            found.append(score_people(planted, (0,), people=part)["p_value"] < ALPHA)
        power = _share("power", pd.concat(found)) | {"refused": float(told[side].isna().mean())}
        yield _tell_cell("promise", world, side, DAYS, len(promised), power, lag=0)


def _count_people(replicates: int, days: int) -> int:
    """Return the diaries of a cell: longer ones are fewer."""
    return min(replicates, max(2, replicates * DAYS // days))


def _count_size(p_values: pd.Series) -> dict[str, float]:
    """Return how often something is found of those tests that were not declined, and the share of those that were."""
    return _share("size", p_values.dropna() < ALPHA) | {"refused": float(p_values.isna().mean())}


def tell_effect(process: Process) -> float:
    """Return the effect that estimates are held to: the planted one, but for yes/no over all days of a person.

    An odds ratio among days with the same hidden state lies further from 1 than that of all days together (Neuhaus,
    Kalbfleisch and Hauck 1991): the state is averaged over at a standard deviation of the trigger up and down.
    """
    if process.kind != "yes/no":
        return process.effect
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    level = special.logit(process.chance) + process.state_sd * nodes
    moved = process.effect * process.trigger_sd
    low, high = (special.logit(special.expit(level + side) @ weights / weights.sum()) for side in (-moved, moved))
    return float((high - low) / (2 * process.trigger_sd))


def _count_errors(null: pd.Series, found: pd.DataFrame, effect: float) -> dict[str, float]:
    """Return size, coverage, power and recovery of one cell with their Monte Carlo errors."""
    known = found["estimate"].notna()
    inside = (found["ci_lower"] <= effect) & (effect <= found["ci_upper"])
    counted = _count_size(null) | _share("power", found["p_value"] < ALPHA) | _share("coverage", inside[known])
    return counted | {"recovered": float(np.exp(found["estimate"].mean() - effect))}


def _share(name: str, hits: pd.Series) -> dict[str, float]:
    """Return a share and its Monte Carlo standard error; NaN of nothing."""
    n = len(hits)
    share = float(hits.mean()) if n else float("nan")
    return {name: share, f"{name}_mcse": float(np.sqrt(share * (1 - share) / n)) if n else float("nan")}


def study_groups(world: str, sizes: Sequence[int], replicates: int, seed: int) -> Iterator[Cell]:
    """Study groups of people whose slopes differ."""
    process, some = PROCESSES[world], replicates * 3 // 2
    effect, truth = process.effect, tell_effect(process)
    groups = []
    for planted, people in ((0.0, max(some, replicates // 10 * max(sizes))), (effect, some)):
        journal = _simulate(
            world, seed, ("group", planted), people=people, days=DAYS, effect=planted, lag=LAG, slope_sd=SLOPE_SD
        )
        pooled = pool_groups(build_panel(journal), kind=process.kind, lag=LAG, sizes=sizes)
        groups.append(pooled.groupby(["people", "method"]))
    for size in sizes:
        for method in GROUP_METHODS:
            null, found = (pooled.get_group((size, method)) for pooled in groups)
            errors = _count_errors(null["p_value"], found, truth)
            yield _tell_cell("group", world, method, DAYS, len(null), errors, people=size)


def study_search(replicates: int, seed: int) -> Iterator[Cell]:
    """Study the search through 8 triggers at 3 lags, without adjustment (naive) and with."""
    people = max(2, replicates // 2)
    null, planted = (
        simulate_process(
            SEARCH_WORLD, people=people, days=DAYS, effect=effects, lag=LAG, triggers=SEARCH_TRIGGERS,
            seed=_make_rng(seed, "search", *effects),
        )[0]
        for effects in ((0.0,) * SEARCH_TRIGGERS, SEARCH_EFFECTS)
    )  # fmt: skip
    real = [f"trigger_{number}" for number, effect in enumerate(SEARCH_EFFECTS, 1) if effect]
    for name, method, adjusted in SEARCH_METHODS:
        tests = [run_method(method, journal, lags=LAGS) for journal in (null, planted)]
        found = _count_findings(*tests, real=real, adjusted=adjusted)
        yield _tell_cell("search", SEARCH_WORLD, name, DAYS, people, found)


def study_trials(world: str, method: str, replicates: int, seed: int) -> Iterator[Cell]:
    """Study trials of one person of one design, with or without what the day before carries over."""
    design, later = TRIAL_METHODS[method]
    days, trials = TRIAL_DAYS[design], replicates * 5 // 3
    null, found = (
        simulate_trials(
            world, trials=trials, days=days, design=design, effect=planted, carry_over=later,
            seed=_make_rng(seed, world, "trial", method, planted),
        )
        for planted in (0.0, TRIAL_EFFECT)
    )  # fmt: skip
    exact = {"size": float(null["size"].mean()), "size_mcse": float(null["size"].std() / np.sqrt(trials))}
    size = _share("size", null["p_planted"].dropna() <= ALPHA) if later else exact
    power = _share("power", found["p_value"] <= ALPHA)
    coverage = _share("coverage", found["p_planted"].dropna() > ALPHA)
    yield _tell_cell("trial", world, method, days, trials, size | power | coverage, lag=0)


def study_trackers(world: str, replicates: int, seed: int) -> Iterator[Cell]:
    """Study what diary apps tell of diaries in which nothing is planted, or an effect on the day."""
    null, found = (
        tell_trackers(_simulate(world, seed, ("audit", planted), people=replicates, days=AUDIT_DAYS, effect=planted))
        for planted in (0.0, PROCESSES[world].effect)
    )
    for name in null:
        told = _share("size", null[name]) | _share("power", found[name])
        yield _tell_cell("tracker", world, str(name), AUDIT_DAYS, replicates, told, lag=0)


def study_looks(world: str, replicates: int, seed: int) -> Iterator[Cell]:
    """Study what diaries of a year without an effect are told on the last day, and on any day."""
    people, days = max(2, replicates // 6), YEAR_LOOKS[-1]
    told = look_daily(_simulate(world, seed, ("looks",), people=people, days=days))
    for name in told:
        yield _tell_cell("look", world, name, days, people, _share("size", told[name]), lag=0)


def study_published(name: str, replicates: int, seed: int) -> Iterator[Cell]:
    """Study one scenario of the published simulation, a data set for each 25 replicates."""
    datasets = max(2, replicates // 25)
    counted = count_published(name, datasets=datasets, rng=_make_rng(seed, "published", name))
    for told in counted.to_dict("records"):
        yield _tell_cell("published", name, told.pop("method"), YEAR, datasets, told, people=PEOPLE, lag=0)


def _count_findings(
    null: pd.DataFrame, planted: pd.DataFrame, *, real: Sequence[str], adjusted: bool
) -> dict[str, float]:
    """Return how searches go: any finding in null diaries, false share and power in diaries with planted effects."""
    nothing, something = (_find(tests, adjusted=adjusted) for tests in (null, planted))
    true = something["trigger"].isin(real)
    by_person = something.assign(
        false=something["found"] & ~true, all=something["found"]
    ).groupby("person")[["false", "all"]].sum()  # fmt: skip
    share = by_person["false"] / by_person["all"].clip(lower=1)
    hits = something[true].groupby(["person", "trigger"])["found"].any()
    counted = _share("any_finding", nothing.groupby("person")["found"].any()) | _share("power", hits)
    return counted | {
        "false_discovery": float(share.mean()),
        "false_discovery_mcse": float(share.std() / np.sqrt(len(share))),
        "refused": float(null["p_value"].isna().mean()),
    }


def _find(tests: pd.DataFrame, *, adjusted: bool) -> pd.DataFrame:
    """Return the tests with ``found``: below .05, after Benjamini and Hochberg over each person's tests if wanted."""
    p_value = tests["p_value"]
    if adjusted:
        p_value = tests.groupby("person")["p_value"].transform(lambda p: adjust_p_values(p.to_numpy()))
    return tests.assign(found=p_value < ALPHA)


def run_quickly() -> str:
    """Return a description of a small study: 120 days, single diaries and a search."""
    parts = [part for part in PARTS if part not in ("trial", "published")]
    return describe_study(run_study(days=(120,), people=(1,), replicates=QUICK, parts=parts, workers=None))


def renew_study(tell: Callable[[str], None], *, out: Path | None = None) -> str:
    """Run the whole study and return its description.

    The table goes to `out`, or to data/validation_study.csv, and then the README is renewed as well.
    """
    tell("Simulating; this takes a few minutes ...")
    study = run_study(workers=None)
    path = out or find_resource("data") / FILE
    write_study(study, path)
    readme = find_resource("data").parent / "README.md"
    written = [path, readme] if out is None and refresh_readme(study, readme) else [path]
    tell("Written: " + ", ".join(map(str, written)))
    return describe_study(study)
