"""E-values against those of VanderWeele and Ding (2017)."""

import pytest

from twitchstats.errors import OptionError
from twitchstats.inference import estimate_e_value, find_tipping_point


@pytest.mark.parametrize(
    ("ratio", "limit", "expected"),
    [
        (3.9, 1.8, (7.26, 3.0)),  # formula feeding and infants' deaths, their main example
        (1 / 3.9, 1 / 1.8, (7.26, 3.0)),  # a protective ratio is turned round
        (1.5, 0.9, (2.37, 1.0)),
        (1.0, 1.0, (1.0, 1.0)),
    ],
)
def test_published_values(ratio, limit, expected):
    assert tuple(estimate_e_value(ratio, limit).values()) == pytest.approx(expected, abs=0.005)


def test_what_is_no_ratio():
    with pytest.raises(OptionError, match="^ratio=-1 is no ratio. Give a positive number.$"):
        estimate_e_value(-1)
    with pytest.raises(OptionError, match="^limit=0 is no ratio. Give a positive number.$"):
        estimate_e_value(2, 0)


@pytest.mark.parametrize(("estimate", "limit"), [(2, 3), (0.5, 0.4)])
def test_the_far_limit_is_refused(estimate, limit):
    """With the far limit of an interval, its e-value was above that of the estimate."""
    told = f"^limit={limit} lies beyond the estimate, {estimate}. Give the limit that is nearer to 1, no effect.$"
    with pytest.raises(OptionError, match=told):
        estimate_e_value(estimate, limit)
    with pytest.raises(OptionError, match=told):
        find_tipping_point(estimate, 0.2, limit)
    told = "^limit=-3 lies beyond the estimate, -2. Give the limit that is nearer to 0, no effect.$"
    with pytest.raises(OptionError, match=told):
        find_tipping_point(-2, 0.2, -3, measure="difference")
