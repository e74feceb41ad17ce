"""Intervals and p-values of estimates: they agree with each other, and with the normal in the limit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from twitchstats.inference import describe_estimates


@settings(max_examples=60)
@given(st.floats(-5, 5), st.floats(0.01, 3), st.floats(2, 500))
def test_interval_and_p_value_agree(estimate, se, df):
    """The interval leaves out no effect just when p is below 5 %; the 90 % interval lies inside."""
    found = describe_estimates(estimate, se, df)
    outside = found["ci_lower"] > 0 or found["ci_upper"] < 0
    assert outside == (found["p_value"] < 0.05) or abs(found["p_value"] - 0.05) < 1e-9
    assert found["ci_lower"] <= found["ci90_lower"] <= estimate <= found["ci90_upper"] <= found["ci_upper"]


def test_infinite_degrees_of_freedom_are_the_normal():
    found = describe_estimates([1.0], [0.5], np.inf)
    assert found["ci_upper"] == pytest.approx(1 + 1.959964 * 0.5, rel=1e-6)
    assert found["p_value"] == pytest.approx(2 * stats.norm.sf(2))
    assert found["detectable"] == pytest.approx((1.959964 + 0.841621) * 0.5, rel=1e-6)


@pytest.mark.parametrize("se", [0.0, np.nan, np.inf])
def test_without_a_standard_error_nothing_is_told(se):
    assert all(np.isnan(value) for value in describe_estimates(1.0, se, 10).values())
