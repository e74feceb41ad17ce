"""Days without an entry: what the row says where they follow the lot, or the outcome."""

import numpy as np
import pytest

from twitchstats.simulate.series import draw_ar1
from twitchstats.trial.exact import lay_dates
from twitchstats.trial.gaps import compare_gaps
from twitchstats.trial.lots import lay_lots
from twitchstats.triggers.families import choose_family

COUNT = choose_family("count")
CALM = np.random.default_rng(3).poisson(4.0, 56)


def compare(y, leave_out, *, design="days", period=1, draws=499):
    """Compare the gaps of a trial: those days are left out that `leave_out` chooses of the drawn schedule."""
    lots, rng = lay_lots(len(y), design=design, period=period), np.random.default_rng(1)
    drawn = lots.draw(rng, 1)[0].astype(float)
    schedules = lots.list_schedules(drawn, rng, draws)
    return compare_gaps(np.where(leave_out(drawn), np.nan, y), schedules, lay_dates(np.arange(len(y))), COUNT)


def test_week_away_is_one_coin():
    """Eight weeks in blocks, one of them without an entry: seven days of one side, yet decided by one coin."""
    by_lot, by_neighbours, _ = compare(CALM, lambda drawn: np.arange(56) // 7 == 3, design="blocks", period=7)
    assert by_lot == pytest.approx(0.5)  # all schedules tell the same: mid-p
    assert by_neighbours > 0.05


def test_gaps_of_one_side_follow_the_lot():
    """Six gaps, all of them with it: in pairs each has the same chance to be of either side, 2 of 64 in all."""
    by_lot, _, _ = compare(CALM, lambda drawn: (np.cumsum(drawn) <= 6) & (drawn == 1), design="pairs", draws=9999)
    assert by_lot == pytest.approx(1 / 64, abs=0.005)


@pytest.mark.parametrize("sign", [1, -1])
def test_gaps_on_bad_days_are_seen_beside_them(sign):
    """Every other day of the worst (or best) third is left out, and days resemble their neighbours."""
    state = np.exp(0.8 * draw_ar1((1, 56), 0.9, np.random.default_rng(4))[0])
    y, extreme = np.round(10 * state), sign * state > np.quantile(sign * state, 2 / 3)
    by_lot, by_neighbours, higher = compare(y, lambda drawn: extreme & (np.arange(56) % 2 == 0))
    assert by_lot > 0.05
    assert by_neighbours <= 0.05
    assert np.sign(higher) == sign


def test_too_few_gaps_tell_nothing():
    assert compare(CALM, lambda drawn: np.arange(56) < 2) == (1.0, 1.0, 0.0)
