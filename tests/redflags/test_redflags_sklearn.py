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


@pytest.fixture(scope="module")
def cohort():
    return simulate_cohort(people=500, seed=4)


def test_pipeline_search_and_clone(cohort):
    model = make_pipeline(FunctionTransformer(), RedFlagModel(interactions="none"))
    search = GridSearchCV(model, {"redflagmodel__strength": [1.0, 100.0]}, cv=3, scoring="roc_auc")
    search.fit(cohort, cohort["serious"])
    assert search.best_score_ > 0.8
    assert clone(search.best_estimator_).get_params()["redflagmodel__strength"] in (1.0, 100.0)
    scores = cross_val_score(RedFlagModel(), cohort, cohort["serious"], cv=3)
    assert np.mean(scores) > 0.8


def test_frame_without_known_signs_is_used_as_it_is(cohort):
    other = cohort[["wasting", "weakness_felt"]].set_axis(["a", "b"], axis=1)
    own = RedFlagModel(signs=["a", "b"]).fit(other, cohort["serious"])
    assert RedFlagModel().fit(other, cohort["serious"]).signs_ == own.signs_ == ["a", "b"]
