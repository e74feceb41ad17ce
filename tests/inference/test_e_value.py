"""E-values against those of VanderWeele and Ding (2017)."""

import pytest

from twitchstats.errors import OptionError
from twitchstats.inference import estimate_e_value


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
