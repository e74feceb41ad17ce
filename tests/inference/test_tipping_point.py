"""How much worse skipped days would have to be: by hand, and on diaries in which just that was done."""

import numpy as np
import pytest

from twitchstats.errors import OptionError
from twitchstats.inference import find_tipping_point


@pytest.mark.parametrize(
    ("estimate", "missing", "limit", "measure", "expected"),
    [
        # 80 of 100 days reported at 4 a day without, 6 with: the 20 skipped at 14 make (320 + 280) / 100 = 6
        (1.5, 0.2, 1.1, "rate ratio", (14 / 4, 1.5)),
        (1 / 1.5, 0.2, 1 / 1.1, "rate ratio", (14 / 4, 1.5)),  # a protective ratio is turned round
        (1.5, 0.2, 0.9, "rate ratio", (3.5, 1.0)),  # the interval holds no effect
        (1.5, 0.0, 1.2, "rate ratio", (np.inf, np.inf)),
        (1.0, 0.0, 1.0, "rate ratio", (1.0, 1.0)),
        (-0.6, 0.3, -0.15, "difference", (2.0, 0.5)),
        (-0.6, 0.3, 0.1, "difference", (2.0, 0.0)),
    ],
)
def test_by_hand(estimate, missing, limit, measure, expected):
    told = find_tipping_point(estimate, missing, limit, measure=measure)
    assert tuple(told.values()) == pytest.approx(expected)
    assert np.isnan(find_tipping_point(estimate, missing, measure=measure)["tipping_limit"])


def test_diary_without_an_effect_whose_bad_days_were_skipped():
    """3 in 10 days are skipped, on days without the trigger the worse ones: what it takes is what was done."""
    rng = np.random.default_rng(3)
    twitches = rng.poisson(5.0, (2, 50_000))  # with, without
    skipped = rng.random(twitches.shape) < 0.3
    worst = np.argsort(twitches[1] + rng.normal(0, 3, 50_000))[-skipped[1].sum() :]
    skipped[1] = np.isin(np.arange(50_000), worst)
    reported = [side[~left].mean() for side, left in zip(twitches, skipped, strict=True)]
    found = find_tipping_point(reported[0] / reported[1], 0.3)["tipping_point"]
    assert reported[0] / reported[1] > 1.1
    assert found == pytest.approx(twitches[1][skipped[1]].mean() / reported[1], rel=0.02)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"estimate": -1, "missing": 0.1}, "estimate=-1 is no rate ratio. Give a positive number."),
        ({"estimate": 2, "missing": 0.1, "limit": 0}, "limit=0 is no rate ratio. Give a positive number."),
        ({"estimate": 2, "missing": 1}, "missing=1 is no share of days. Give a number from 0 to below 1."),
        (
            {"estimate": np.inf, "missing": 0.1, "measure": "difference"},
            "estimate=inf is no difference. Give a finite number.",
        ),
        (
            {"estimate": 2, "missing": 0.1, "measure": "odds ratio"},
            "measure='odds ratio' is not possible. Choose one of 'rate ratio', 'difference'.",
        ),
    ],
)
def test_what_is_not_possible(options, message):
    with pytest.raises(OptionError) as caught:
        find_tipping_point(**options)
    assert str(caught.value) == message
