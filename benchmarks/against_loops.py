"""Time correlations and effects against a loop over people, triggers and lags, as ratios from one run.

The loops are what one writes without this package: `scipy.stats.spearmanr` and a Poisson `statsmodels` GLM with the
same columns (trend, weekday, yesterday, neighbouring day), each called once for every person, trigger and lag. A random
sample of the calls is timed and scaled up to all of them.
"""

import itertools
import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats

import twitchstats as tw
from twitchstats.journal import Journal

LAGS = (0, 1, 2, 3)


def make_journal(people: int, days: int, triggers: int, *, seed: int = 1) -> Journal:
    """Return a journal of drifting triggers and counts, with runs of missed days."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(triggers + 1, people, days))
    drift = np.empty_like(noise)
    drift[..., 0] = noise[..., 0]
    for day in range(1, days):
        drift[..., day] = 0.6 * drift[..., day - 1] + 0.8 * noise[..., day]
    counts = rng.poisson(np.exp(1 + 0.5 * drift[0]) * rng.gamma(5, 0.2, size=(people, days)))
    names = [f"trigger{number:02d}" for number in range(triggers)]
    index = pd.MultiIndex.from_product(
        [[f"p{number:04d}" for number in range(people)], pd.date_range("2025-01-06", periods=days)],
        names=["person", "date"],
    )
    frame = pd.DataFrame(drift[1:].reshape(triggers, -1).T, index=index, columns=names)
    frame.insert(0, "twitches", counts.ravel().astype(float))
    missed = (rng.random(size=(people, -(-days // 3))) < 0.12).repeat(3, axis=1)[:, :days]
    return tw.read_journal(frame[~missed.ravel()].reset_index())


def time_job(job: Callable[[], object], *, repeats: int = 3) -> float:
    """Return the median of the seconds that a job takes."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        job()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds))


def time_loop(journal: Journal, call: Callable[[pd.DataFrame, str, int], object], *, sample: int) -> float:
    """Return the seconds that `call` would take over all people, triggers and lags, from a sample of them."""
    names = [name for name in journal.days.columns if name != "twitches"]
    people = {person: frame.droplevel("person").asfreq("D") for person, frame in journal.days.groupby("person")}
    every = list(itertools.product(people, names, LAGS))
    chosen = np.random.default_rng(0).choice(len(every), size=min(sample, len(every)), replace=False)
    seconds = 0.0
    for person, name, lag in (every[number] for number in chosen):
        start = time.perf_counter()
        call(people[person], name, lag)
        seconds += time.perf_counter() - start
    return seconds / len(chosen) * len(every)


def correlate_one(frame: pd.DataFrame, name: str, lag: int) -> object:
    """Call spearmanr for one person, trigger and lag."""
    y, x = frame["twitches"].to_numpy(), frame[name].shift(lag).to_numpy()
    ok = np.isfinite(y) & np.isfinite(x)
    return stats.spearmanr(x[ok], y[ok])


def fit_one(frame: pd.DataFrame, name: str, lag: int) -> object:
    """Fit one Poisson GLM for one person, trigger and lag."""
    days = len(frame)
    y = frame["twitches"].to_numpy()
    trend = np.polynomial.legendre.legvander(np.linspace(-1, 1, days), min(13, max(2, round(days / 30) + 1)) - 1)
    weekday = (frame.index.dayofweek.to_numpy()[:, None] == np.arange(1, 7)).astype(float)
    before = np.log1p(frame["twitches"].shift(1).to_numpy())
    x, older = frame[name].shift(lag).to_numpy(), frame[name].shift(lag + 1).to_numpy()
    design = np.column_stack([trend, weekday, before, older, x])
    ok = np.isfinite(y) & np.isfinite(design).all(1)
    return sm.GLM(y[ok], design[ok], family=sm.families.Poisson()).fit(scale="X2")


def compare(people: int, days: int, triggers: int, sample: int) -> pd.DataFrame:
    """Return one row for each job: seconds of the package and of the loop, and their ratio."""
    warnings.simplefilter("ignore")
    journal = make_journal(people, days, triggers)
    jobs = {
        "correlate_triggers / scipy.stats.spearmanr": (tw.correlate_triggers, correlate_one),
        "estimate_effects / statsmodels GLM": (tw.estimate_effects, fit_one),
    }
    rows = []
    for job, (function, call) in jobs.items():
        ours = time_job(lambda function=function: function(journal, lags=LAGS, by="person"))
        loop = time_loop(journal, call, sample=sample)
        rows.append({"job": job, "package_s": ours, "loop_s": loop, "ratio": loop / ours})
    return pd.DataFrame(rows)
