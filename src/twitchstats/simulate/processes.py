"""Diaries of very different processes, made to count how often a statistic is wrong.

Trigger and outcome share nothing but what the process gives both of them (a trend, a season, a weekend), and the effect
that was planted. So every association found without a planted effect is a false alarm.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from twitchstats.arrays import BoolArray, FloatArray, IntArray
from twitchstats.errors import OptionError, check_choice, check_whole
from twitchstats.journal.record import Journal
from twitchstats.journal.variable import Variable, tabulate_variables
from twitchstats.panel import shift_days
from twitchstats.simulate.series import draw_ar1, draw_missed, name_people
from twitchstats.variables import load_table

FIRST_MONDAY = np.datetime64("2024-01-01")
SEASON = 92.0  # days of one wave
MONTH = 28
FLARE = 14  # days of a hump
SWITCH = 0.06  # chance a day to go over into the other state
MISSED_RUN = 3.0  # days in a row without an entry, on average
LARGEST_MEAN = 1e4


@dataclass(frozen=True)
class Process:
    """How the days of one world come about."""

    world: str
    about: str
    # lag-one autocorrelation of the trigger and of the hidden state of the outcome; 1 is a random walk
    trigger_memory: float = 0.7
    outcome_memory: float = 0.7
    trigger_sd: float = 1.0  # spread of the trigger's own part, in its unit
    state_sd: float = 0.6  # of the hidden state, on the log rate
    pattern: str = ""  # trend, season, month, weekend: the same for both sides; switching, flares: each side's own
    trigger_pattern: float = 0.0  # how much of the pattern goes into each side
    outcome_pattern: float = 0.0
    mean: float = 3.0  # typical count a day
    dispersion: float = 0.0  # variance beyond Poisson: mean + dispersion * mean^2
    exciting: float = 0.0  # coefficient of log(1 + yesterday's count) in today's log rate
    missing: float = 0.0  # share of days without an entry, in runs
    yes_no: float = 0.0  # probability of a yes/no trigger; 0: the trigger is an amount
    effect: float = 0.2  # a planted log rate ratio per unit of the trigger that studies use
    cycle: float = 0.0  # days of a cycle of both sides' own (a second-order autoregression); 0: none
    kind: str = "count"  # of the outcome: count, yes/no, amount
    chance: float = 0.5  # typical probability of a yes/no outcome
    volatility: str = ""  # when both sides vary more: weekend, spells; the outcome after days with the trigger: exposed
    same_day: float = 0.0  # an effect on the trigger's own day that is always there, to look for false alarms beside it
    feedback: float = 0.0  # effect of the log of the outcome on the next day's trigger
    copied: float = 0.0  # share of days that were filled in with the values of the day before


def _read_processes() -> dict[str, Process]:
    """Return the worlds of data/processes.csv by name; an empty cell is what most worlds have."""
    numbers = {field.name for field in fields(Process) if isinstance(field.default, float)}
    told = ({name: float(text) if name in numbers else text for name, text in row.items() if text}
            for row in load_table("processes.csv").to_dict("records"))  # fmt: skip
    return {str(row["world"]): Process(**row) for row in told}  # type: ignore[arg-type]


PROCESSES = _read_processes()


def list_processes() -> pd.DataFrame:
    """Return the worlds of `simulate_process` as a table: ``world, about`` and every parameter."""
    return pd.DataFrame(list(PROCESSES.values()))


def simulate_process(
    world: str | Process,
    *,
    people: int,
    days: int,
    effect: float | Sequence[float] = 0.0,
    lag: int = 0,
    kind: str | None = None,
    seed: int | np.random.Generator = 1,
    slope_sd: float = 0.0,
    triggers: int = 1,
    drawn: FloatArray | None = None,
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
    kind : {"count", "yes/no", "amount"}, optional
        What the outcome `twitches` is; by default the world's own kind.
    seed : int or Generator
    slope_sd : float
        Standard deviation between people of the planted effects and of the first trigger's, which may be 0.
    triggers : int
        Number of independent triggers, named ``trigger_1`` and so on.
    drawn : (people, days), optional
        The first trigger as it was drawn by lot for a trial, whatever the world would have made of it.

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
    if isinstance(world, str):
        check_choice("world", world, tuple(PROCESSES))
    process = world if isinstance(world, Process) else PROCESSES[world]
    kind = process.kind if kind is None else kind
    check_choice("kind", kind, ("count", "yes/no", "amount"))
    for name, value, least in (("people", people, 1), ("days", days, 2), ("triggers", triggers, 1), ("lag", lag, 0)):
        check_whole(name, value, least=least)
    if not (np.isfinite(slope_sd) and slope_sd >= 0):
        raise OptionError(f"slope_sd={slope_sd!r} is not possible: a standard deviation is 0 or more.")
    effects = _spread_effects(effect, triggers)
    rng = np.random.default_rng(seed)
    shape = (people, days + lag)
    weekday = (rng.integers(0, 7, (people, 1)) + np.arange(shape[1])) % 7
    volatile = _draw_volatility(process.volatility, weekday, rng)
    pattern = _draw_pattern(process.pattern, weekday, rng)
    x = np.stack([_draw_trigger(process, weekday, volatile, pattern, rng) for _ in range(triggers)])
    if drawn is not None:
        x[0] = np.pad(np.asarray(drawn, float), ((0, 0), (lag, 0)))
    own = process.outcome_pattern * _draw_side(process.pattern, pattern, rng)
    state = process.state_sd * _draw_own(shape, process.outcome_memory, process.cycle, rng) * volatile + own
    if process.volatility == "exposed":
        state += _vary_exposed(process, shift_days(x[0], lag), kind, rng)
    varied = (effects != 0) | (np.arange(triggers) == 0)
    slopes = effects[:, None] + slope_sd * varied[:, None] * rng.standard_normal((triggers, people))
    if process.feedback:
        y, x = _draw_feedback(process, state, x, slopes, lag, kind, rng)
    else:
        acting = np.einsum("tp,tpd->pd", slopes, x[..., :days]) + process.same_day * x[0][:, lag:]
        y, x = _draw_outcome(process, state[:, lag:] + acting, kind, rng), x[..., lag:]
    if process.copied:
        _copy_days(process.copied, x, y, rng)
    missed = np.zeros(y.shape, dtype=bool)
    if process.missing:
        missed = draw_missed(np.full(y.shape, process.missing), MISSED_RUN, rng)
        missed[missed.sum(axis=1) > days - 2, :2] = False  # two days of each person are always there
    return _make_journal(x, y, weekday[:, lag], ~missed, kind, process), _tell_truth(slopes, lag)


def _draw_volatility(kind: str, weekday: IntArray, rng: np.random.Generator) -> FloatArray | float:
    """Draw by how much each day's spread differs, the same for both sides."""
    if kind == "weekend":
        return np.where(weekday >= 5, 2.0, 0.8)
    return np.exp(0.7 * draw_ar1(weekday.shape, 0.9, rng)) if kind == "spells" else 1.0


def _vary_exposed(process: Process, exposed: FloatArray, kind: str, rng: np.random.Generator) -> FloatArray:
    """Draw what days after the trigger vary more by, without changing the mean outcome."""
    extra = 2.0 * process.state_sd
    noise = extra * rng.standard_normal(exposed.shape) - (extra**2 / 2 if kind == "count" else 0.0)
    return np.where(exposed > 0, noise, 0.0)


def _draw_feedback(
    process: Process,
    state: FloatArray,
    x: FloatArray,
    slopes: FloatArray,
    lag: int,
    kind: str,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Draw day by day: the outcome raises the first trigger of the next day."""
    x, y = x.copy(), np.zeros(state.shape)
    for day in range(state.shape[1]):
        if day:
            before = np.log1p(y[:, day - 1]) - np.log1p(process.mean) if kind == "count" else y[:, day - 1]
            x[0][:, day] += process.feedback * before
        acting = np.einsum("tp,tp->p", slopes, x[..., day - lag]) if day >= lag else 0.0
        y[:, day] = _draw_outcome(process, (state[:, day] + acting)[:, None], kind, rng)[:, 0]
    return y[:, lag:], x[..., lag:]


def _copy_days(share: float, x: FloatArray, y: FloatArray, rng: np.random.Generator) -> None:
    """Fill days in with the values of the day before, in place."""
    copied = rng.random(y.shape) < share
    for day in range(1, y.shape[1]):
        y[:, day] = np.where(copied[:, day], y[:, day - 1], y[:, day])
        x[..., day] = np.where(copied[:, day], x[..., day - 1], x[..., day])


def _spread_effects(effect: float | Sequence[float], triggers: int) -> FloatArray:
    """Return one effect for each trigger."""
    given = np.atleast_1d(np.asarray(effect, dtype=float))
    if np.ndim(effect) == 0:
        given = np.append(given, np.zeros(triggers - 1))
    if given.shape != (triggers,) or not np.isfinite(given).all():
        raise OptionError(f"effect={effect!r} is not possible: give one finite number, or one for each of {triggers}.")
    return given


def _draw_trigger(
    process: Process,
    weekday: IntArray,
    volatile: FloatArray | float,
    pattern: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    if process.yes_no:
        return (rng.random(weekday.shape) < process.yes_no).astype(float)
    own = process.trigger_sd * _draw_own(weekday.shape, process.trigger_memory, process.cycle, rng) * volatile
    return own + process.trigger_pattern * _draw_side(process.pattern, pattern, rng)


def _draw_own(shape: tuple[int, int], memory: float, cycle: float, rng: np.random.Generator) -> FloatArray:
    """Draw series of variance 1: first-order autoregressive, or with a cycle second-order (damping .93 a day)."""
    if not cycle:
        return draw_ar1(shape, memory, rng)
    first, second, start = 2 * 0.93 * np.cos(2 * np.pi / cycle), -(0.93**2), 60
    noise = rng.standard_normal((shape[0], shape[1] + start))
    series = noise.copy()
    for day in range(2, noise.shape[1]):
        series[:, day] += first * series[:, day - 1] + second * series[:, day - 2]
    spread = np.sqrt((1 - second) / ((1 + second) * ((1 - second) ** 2 - first**2)))
    kept: FloatArray = series[:, start:] / spread
    return kept


def _draw_pattern(pattern: str, weekday: IntArray, rng: np.random.Generator) -> FloatArray:
    time = np.linspace(0, 1, weekday.shape[1])[None, :]
    if pattern == "trend":
        return np.broadcast_to(time, weekday.shape)
    if pattern == "season":
        return np.broadcast_to(np.sin(2 * np.pi * np.arange(weekday.shape[1]) / SEASON), weekday.shape)
    if pattern == "month":
        start = rng.integers(0, MONTH, (weekday.shape[0], 1))
        return np.sqrt(2) * np.sin(2 * np.pi * (np.arange(weekday.shape[1]) + start) / MONTH)
    if pattern == "weekend":
        return (weekday >= 5).astype(float)
    return np.zeros(weekday.shape)


def _draw_side(name: str, shared: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return the pattern of one side: one of its own where each side has that, else the shared one."""
    draw = {"switching": _draw_switching, "flares": _draw_flares}.get(name)
    return draw(shared.shape, rng) if draw else shared


def _draw_flares(shape: tuple[int, int], rng: np.random.Generator) -> FloatArray:
    """Draw humps, half waves of FLARE days, one every SEASON / 2 days on average; they may lie over each other."""
    hump = np.sin(np.pi * (np.arange(FLARE) + 0.5) / FLARE)
    starts = rng.random((shape[0], shape[1] + FLARE)) < 2 / SEASON
    flares = np.stack([np.convolve(row, hump) for row in starts.astype(float)])
    return flares[:, FLARE : FLARE + shape[1]]


def _draw_switching(shape: tuple[int, int], rng: np.random.Generator) -> FloatArray:
    """Draw two-state Markov chains around 0 that stay 1 / SWITCH days in a state on average."""
    switches = rng.random(shape) < SWITCH
    switches[:, 0] = rng.random(shape[0]) < 0.5
    return (np.cumsum(switches, axis=1) % 2).astype(np.float64) - 0.5


def _draw_outcome(process: Process, predictor: FloatArray, kind: str, rng: np.random.Generator) -> FloatArray:
    if kind == "yes/no":
        level = np.log(process.chance / (1 - process.chance))
        return (rng.random(predictor.shape) < 1 / (1 + np.exp(-level - predictor))).astype(float)
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


def _make_journal(
    x: FloatArray, y: FloatArray, first: IntArray, seen: BoolArray, kind: str, process: Process
) -> Journal:
    person, day = np.nonzero(seen)
    names = [f"trigger_{number}" for number in range(1, len(x) + 1)]
    labels = np.array(name_people(len(y), letter="p"))
    dates = FIRST_MONDAY.astype("datetime64[us]") + (first[person] + day) * np.timedelta64(1, "D")
    index = pd.MultiIndex.from_arrays([labels[person], pd.DatetimeIndex(dates)], names=["person", "date"])
    columns = {"twitches": y[seen]} | {name: values[seen] for name, values in zip(names, x, strict=True)}
    kinds = {"twitches": kind} | dict.fromkeys(names, "yes/no" if process.yes_no else "amount")
    variables = tabulate_variables([
        Variable(name, name, name.replace("_", " "), "outcome" if name == "twitches" else "own", own, timing="day")
        for name, own in kinds.items()
    ])  # fmt: skip
    return Journal(pd.DataFrame(columns, index=index), variables, outcome="twitches", rows_read=len(person))


def _tell_truth(slopes: FloatArray, lag: int) -> pd.DataFrame:
    triggers, people = slopes.shape
    names = [f"trigger_{number}" for number in range(1, triggers + 1)]
    labels = pd.MultiIndex.from_product([name_people(people, letter="p"), names], names=["person", "trigger"])
    return labels.to_frame(index=False).assign(outcome="twitches", lag=lag, effect=slopes.T.ravel())
