"""The model behaves as a scikit-learn classifier."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks

from twitchstats import simulate_cohort
from twitchstats.redflags import RedFlagModel


@parametrize_with_checks([RedFlagModel(), RedFlagModel(penalty="firth", interactions="none")])
def test_estimator_checks(estimator, check):
    check(estimator)
