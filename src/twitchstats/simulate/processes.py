"""Diaries of very different processes, made to count how often a statistic is wrong.

Trigger and outcome share nothing but what the process gives both of them (a trend, a season, a weekend), and the effect
that was planted. So every association found without a planted effect is a false alarm.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twitchstats.errors import OptionError, check_choice
from twitchstats.journal.record import VARIABLE_COLUMNS, Journal

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

FIRST_MONDAY = np.datetime64("2024-01-01")
SEASON = 92.0  # days of one wave
MISSED_RUN = 3.0  # days in a row without an entry, on average
LARGEST_MEAN = 1e4


@dataclass(frozen=True)
class Process:
    """How the days of one world come about.

    Attributes
    ----------
    world, about : str
    trigger_memory, outcome_memory : float
        Lag-one autocorrelation of the trigger and of the hidden state of the outcome; 1 is a random walk.
    trigger_sd, state_sd : float
        Spread of the trigger's own part (in its unit), and of the hidden state (of the log rate).
    pattern : {"", "trend", "season", "weekend", "switching"}
        What comes on top; the first three are the same for trigger and outcome, switching is independent.
    trigger_pattern, outcome_pattern : float
        How much of the pattern goes into each side.
    mean : float
        Typical count a day.
    dispersion : float
        Variance beyond Poisson: mean + dispersion * mean^2.
    exciting : float
        Coefficient of log(1 + yesterday's count) in today's log rate.
    missing : float
        Share of days without an entry, in runs.
    yes_no : float
        Probability of a yes/no trigger; 0: the trigger is an amount.
    effect : float
        A planted log rate ratio per unit of the trigger that studies use.
    """

    world: str
    about: str
    trigger_memory: float = 0.7
    outcome_memory: float = 0.7
    trigger_sd: float = 1.0
    state_sd: float = 0.6
    pattern: str = ""
    trigger_pattern: float = 0.0
    outcome_pattern: float = 0.0
    mean: float = 3.0
    dispersion: float = 0.0
    exciting: float = 0.0
    missing: float = 0.0
    yes_no: float = 0.0
    effect: float = 0.2


PROCESSES = {
    process.world: process
    for process in (
        Process("independent", "no day knows of another", 0.0, 0.0, state_sd=0.0),
        Process("autocorrelated .8", "both drift, memory .8", 0.8, 0.8, dispersion=0.2),
        Process("autocorrelated .9", "both drift, memory .9", 0.9, 0.9, state_sd=0.8, dispersion=0.2),
        Process("random walk", "both wander without a home", 1.0, 1.0),
        Process(
            "shared trend", "both rise over the diary", 0.7, 0.7, 0.5, 0.3,
            pattern="trend", trigger_pattern=3.0, outcome_pattern=1.5,
        ),
        Process(
            "seasonal", "both follow one slow wave", 0.7, 0.7, 0.7, 0.6,
            pattern="season", trigger_pattern=1.5, outcome_pattern=0.8,
        ),
        Process(
            "weekly rhythm", "both are higher at weekends", 0.7, 0.7, 0.7, 0.6,
            pattern="weekend", trigger_pattern=1.2, outcome_pattern=0.7, dispersion=0.2,
        ),
        Process(
            "regime switching", "each jumps between two levels", 0.0, 0.0, 0.5, 0.0,
            pattern="switching", trigger_pattern=2.0, outcome_pattern=1.5,
        ),
        Process("zero-heavy", "most days without a twitch", 0.7, 0.8, state_sd=1.0, mean=0.5, dispersion=1.0),
        Process("heavy overdispersion", "few days hold most twitches", dispersion=2.0),
        Process("missing in runs", "a fifth of the days without entry", dispersion=0.2, missing=0.2),
        Process("self-exciting", "twitching breeds twitching", state_sd=0.0, mean=1.5, dispersion=0.25, exciting=0.5),
        Process("yes/no trigger", "the trigger is there or not", dispersion=0.5, yes_no=0.2, effect=0.4),
    )
}  # fmt: skip


def list_processes() -> pd.DataFrame:
    """Return the worlds of `simulate_process` as a table: ``world, about`` and every parameter."""
    names = [field.name for field in fields(Process)]
    return pd.DataFrame([[getattr(process, name) for name in names] for process in PROCESSES.values()], columns=names)


def simulate_process(
    world: str | Process,
    *,
    people: int,
    days: int,
    effect: float | Sequence[float] = 0.0,
    lag: int = 0,
    kind: str = "count",
    seed: int | np.random.Generator = 1,
    slope_sd: float = 0.0,
    triggers: int = 1,
) -> tuple[Journal, pd.DataFrame]:
    """Simulate diaries of one world in which nothing but the planted effect connects trigger and outcome.

    Parameters
    ----------
    world : str or Process
        One of `list_processes`, or a process of your own.
    people, days : int
        Size of the journal before missing days are taken out; at least 1 person and 2 days.
    effect : float or sequence of float
        Planted effect per unit of the trigger: log rate ratio (counts), log odds ratio (yes/no), difference (amounts).
        A number is the effect of the first trigger, the others have none; a sequence gives each trigger's.
    lag : int
        Days after which it acts.
    kind : {"count", "yes/no", "amount"}
        What the outcome `twitches` is.
    seed : int or Generator
    slope_sd : float
        Standard deviation between people of the planted effects and of the first trigger's, which may be 0.
    triggers : int
        Number of independent triggers, named ``trigger_1`` and so on.

    Returns
    -------
    journal : Journal
        Dated days that start on a weekday of each person's own.
    truth : DataFrame
        ``person, trigger, outcome, lag, effect``: what was planted, person by person.

    Raises
    ------
    OptionError
        There is no such world or kind, a number is out of range, or there is not one effect for each trigger.
    """
    process = _find_process(world)
    check_choice("kind", kind, ("count", "yes/no", "amount"))
    _check_sizes(people=people, days=days, triggers=triggers, lag=lag, slope_sd=slope_sd)
    effects = _spread_effects(effect, triggers)
    rng = np.random.default_rng(seed)
    shape = (people, days + lag)
    weekday = (rng.integers(0, 7, (people, 1)) + np.arange(shape[1])) % 7
    x = np.stack([_draw_trigger(process, weekday, rng) for _ in range(triggers)])
    state = process.state_sd * _draw_memory(shape, process.outcome_memory, rng)
    state += process.outcome_pattern * _draw_pattern(process.pattern, weekday, rng)
    varied = (effects != 0) | (np.arange(triggers) == 0)
    slopes = effects[:, None] + slope_sd * varied[:, None] * rng.standard_normal((triggers, people))
    acting = np.einsum("tp,tpd->pd", slopes, x[..., : shape[1] - lag])
    y = _draw_outcome(process, state[:, lag:] + acting, kind, rng)
    seen = ~_draw_missing(y.shape, process.missing, rng)
    return _make_journal(x[..., lag:], y, weekday[:, lag], seen, kind, process), _tell_truth(slopes, lag)


def _find_process(world: str | Process) -> Process:
    if isinstance(world, Process):
        return world
    check_choice("world", world, tuple(PROCESSES))
    return PROCESSES[world]


def _check_sizes(*, people: int, days: int, triggers: int, lag: int, slope_sd: float) -> None:
    for name, value, least in (("people", people, 1), ("days", days, 2), ("triggers", triggers, 1), ("lag", lag, 0)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
            raise OptionError(f"{name}={value!r} is not possible: choose a whole number of at least {least}.")
    if not (np.isfinite(slope_sd) and slope_sd >= 0):
        raise OptionError(f"slope_sd={slope_sd!r} is not possible: a standard deviation is 0 or more.")


def _spread_effects(effect: float | Sequence[float], triggers: int) -> FloatArray:
    """Return one effect for each trigger."""
    given = np.atleast_1d(np.asarray(effect, dtype=float))
    if np.ndim(effect) == 0:
        given = np.append(given, np.zeros(triggers - 1))
    if given.shape != (triggers,) or not np.isfinite(given).all():
        raise OptionError(f"effect={effect!r} is not possible: give one finite number, or one for each of {triggers}.")
    return given


def _draw_trigger(process: Process, weekday: NDArray[np.int64], rng: np.random.Generator) -> FloatArray:
    if process.yes_no:
        return (rng.random(weekday.shape) < process.yes_no).astype(float)
    own = process.trigger_sd * _draw_memory(weekday.shape, process.trigger_memory, rng)
    return own + process.trigger_pattern * _draw_pattern(process.pattern, weekday, rng)


def _draw_memory(shape: tuple[int, int], memory: float, rng: np.random.Generator) -> FloatArray:
    """Draw first-order autoregressive series of variance 1; with memory 1 a walk that ends 2 from its start (1 SD)."""
    noise = rng.standard_normal(shape)
    walks = memory >= 1
    scale = np.sqrt(4 / shape[1]) if walks else np.sqrt(1 - memory**2)
    series = np.empty(shape)
    series[:, 0] = 0.0 if walks else noise[:, 0]
    for day in range(1, shape[1]):
        series[:, day] = memory * series[:, day - 1] + scale * noise[:, day]
    return series


def _draw_pattern(pattern: str, weekday: NDArray[np.int64], rng: np.random.Generator) -> FloatArray:
    time = np.linspace(0, 1, weekday.shape[1])[None, :]
    if pattern == "trend":
        return np.broadcast_to(time, weekday.shape)
    if pattern == "season":
        return np.broadcast_to(np.sin(2 * np.pi * np.arange(weekday.shape[1]) / SEASON), weekday.shape)
    if pattern == "weekend":
        return (weekday >= 5).astype(float)
    if pattern == "switching":
        return _draw_switching(weekday.shape, rng)
    return np.zeros(weekday.shape)


def _draw_switching(shape: tuple[int, int], rng: np.random.Generator, *, leave: float = 0.06) -> FloatArray:
    """Draw two-state Markov chains around 0 that stay 1 / `leave` days in a state on average."""
    switches = rng.random(shape) < leave
    switches[:, 0] = rng.random(shape[0]) < 0.5
    return (np.cumsum(switches, axis=1) % 2).astype(np.float64) - 0.5


def _draw_outcome(process: Process, predictor: FloatArray, kind: str, rng: np.random.Generator) -> FloatArray:
    if kind == "yes/no":
        return (rng.random(predictor.shape) < 1 / (1 + np.exp(-predictor))).astype(float)
    if kind == "amount":
        return predictor + rng.standard_normal(predictor.shape)
    log_rate = np.log(process.mean) + predictor
    if not process.exciting:
        return _draw_counts(log_rate, process.dispersion, rng)
    counts, before = np.empty(predictor.shape), np.full(len(predictor), process.mean)
    for day in range(predictor.shape[1]):
        log_today = log_rate[:, day] + process.exciting * np.log1p(before)
        counts[:, day] = before = _draw_counts(log_today, process.dispersion, rng)
    return counts


def _draw_counts(log_rate: FloatArray, dispersion: float, rng: np.random.Generator) -> FloatArray:
    mean: FloatArray = np.exp(np.minimum(log_rate, np.log(LARGEST_MEAN)))
    if dispersion:
        mean = mean * rng.gamma(1 / dispersion, dispersion, mean.shape)
    return rng.poisson(mean).astype(np.float64)


def _draw_missing(shape: tuple[int, int], share: float, rng: np.random.Generator) -> BoolArray:
    """Draw a two-state Markov chain of days without entry; two days of each person are always there."""
    missed = np.zeros(shape, dtype=bool)
    if not share:
        return missed
    chance = rng.random(shape)
    missed[:, 0] = chance[:, 0] < share
    for day in range(1, shape[1]):
        begins = share / (1 - share) / MISSED_RUN
        missed[:, day] = chance[:, day] < np.where(missed[:, day - 1], 1 - 1 / MISSED_RUN, begins)
    missed[missed.sum(axis=1) > shape[1] - 2, :2] = False
    return missed


def _make_journal(
    x: FloatArray, y: FloatArray, first: NDArray[np.int64], seen: BoolArray, kind: str, process: Process
) -> Journal:
    person, day = np.nonzero(seen)
    names = [f"trigger_{number}" for number in range(1, len(x) + 1)]
    labels = np.array(_name_people(len(y)))
    dates = FIRST_MONDAY.astype("datetime64[us]") + (first[person] + day) * np.timedelta64(1, "D")
    index = pd.MultiIndex.from_arrays([labels[person], pd.DatetimeIndex(dates)], names=["person", "date"])
    columns = {"twitches": y[seen]} | {name: values[seen] for name, values in zip(names, x, strict=True)}
    kinds = {"twitches": kind} | dict.fromkeys(names, "yes/no" if process.yes_no else "amount")
    rows = [_describe(name, kinds[name]) for name in columns]
    variables = pd.DataFrame(rows, columns=VARIABLE_COLUMNS)
    return Journal(pd.DataFrame(columns, index=index), variables, outcome="twitches", rows_read=len(person))


def _name_people(people: int) -> list[str]:
    width = len(str(people))
    return [f"p{number:0{width}d}" for number in range(1, people + 1)]


def _describe(name: str, kind: str) -> dict[str, object]:
    """Return the variable's row of the data dictionary: triggers act by day, the outcome is told at its end."""
    row: dict[str, object] = dict.fromkeys(VARIABLE_COLUMNS, "")
    role = "outcome" if name == "twitches" else "own"
    row |= {"name": name, "label": name.replace("_", " "), "role": role, "kind": kind, "step": 1.0, "source": name}
    return row | {"low": np.nan, "high": np.nan, "timing": "day", "combine": "mean"}


def _tell_truth(slopes: FloatArray, lag: int) -> pd.DataFrame:
    triggers, people = slopes.shape
    names = [f"trigger_{number}" for number in range(1, triggers + 1)]
    labels = pd.MultiIndex.from_product([_name_people(people), names], names=["person", "trigger"])
    return labels.to_frame(index=False).assign(outcome="twitches", lag=lag, effect=slopes.T.ravel())
