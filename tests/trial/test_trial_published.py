"""A trial somebody ran and published: 21 pairs of three-day blocks, a blind dose or none, 2012 to 2013.

`data/published_trial.csv` holds the 114 days that its author analysed (Gwern Branwen, 'LSD microdosing RCT', 2013,
gwern.net, released as CC0): minutes of sleep, how rested (1 to 4), mood and work done (1 to 5). The published figures
are those of a linear model of the dose alone, as if days were independent.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from twitchstats.trial.exact import Days, find_effect, find_interval, find_p_value, lay_days
from twitchstats.trial.lots import Lots
from twitchstats.triggers.families import FAMILIES

# coefficient, standard error, two-sided p-value, as printed
PUBLISHED = {
    "mood": ("-0.1430", "0.1293", "0.271"),
    "total_sleep": ("14.28", "9.16", "0.122"),
    "morning_feel": ("0.370", "0.144", "0.0114"),
}
FAMILY = FAMILIES["amount"]


@pytest.fixture(scope="module")
def told() -> pd.DataFrame:
    return pd.read_csv(Path(__file__).parent / "data" / "published_trial.csv", parse_dates=["date"]).set_index("date")


def lay_published(told: pd.DataFrame, outcome: str) -> Days:
    """Lay out the trial as it was drawn: a coin for two blocks, days between blocks not analysed."""
    days = told.reindex(pd.date_range(told.index.min(), told.index.max()))
    block = days["block"].ffill().to_numpy(int)
    lots = Lots(block // 2, block % 2 == 1, block, days["block"].notna().to_numpy())
    dose = days["dose"].ffill().to_numpy(float)
    schedules = lots.list_schedules(dose, np.random.default_rng(1), 1999)
    return lay_days(days[outcome].to_numpy(float), dose, schedules, lots, days.index.day_of_week.to_numpy())


@pytest.mark.parametrize("outcome", PUBLISHED)
def test_the_data_give_the_published_figures(told: pd.DataFrame, outcome: str) -> None:
    fit = smf.ols(f"{outcome} ~ dose", told).fit()
    found = fit.params["dose"], fit.bse["dose"], fit.pvalues["dose"]
    for ours, printed in zip(found, PUBLISHED[outcome], strict=True):
        assert f"{ours:.{len(printed.split('.')[1])}f}" == printed
    assert (told.groupby("block")["dose"].first().to_numpy().reshape(-1, 2).sum(1) == 1).all()  # one of each pair


@pytest.mark.parametrize("outcome", PUBLISHED)
def test_the_exact_test_agrees_with_the_published_figures(told: pd.DataFrame, outcome: str) -> None:
    """Within half of the published standard error, the same verdict; weekday, trend and memory stand beside."""
    estimate, error, p_value = map(float, PUBLISHED[outcome])
    days = lay_published(told, outcome)
    ours, ours_error = find_effect(days, FAMILY)
    assert ours == pytest.approx(estimate, abs=0.5 * error)
    assert ours_error == pytest.approx(error, rel=0.25)
    p_ours = find_p_value(days, 0.0, FAMILY)
    assert (p_ours < 0.05) == (p_value < 0.05)
    low, high = find_interval(days, FAMILY)
    assert low < estimate < high
    assert (low > 0) == (p_ours < 0.05)
