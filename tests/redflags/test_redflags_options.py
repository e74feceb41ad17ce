"""Whatever stands in place of an option ends in the one family of errors."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

import twitchstats as tw
from twitchstats import redflags
from twitchstats.errors import TwitchstatsError

ODD = [
    None, True, 0.2, -1, float("nan"), "x", b"x", [], [1], [["wasting"]], {}, np.array(0.2), np.array([]),
    pd.Series([1]), pd.DataFrame({"wasting": [1]}), object(), pd.NA,
]  # fmt: skip
SIGNS = ["wasting", "weakness_found"]
PEOPLE = tw.simulate_cohort(people=60, seed=1)
MODEL = redflags.RedFlagModel(interactions="none").fit(PEOPLE[SIGNS], PEOPLE["serious"])
SAMPLE = {"model": MODEL, "X": PEOPLE[SIGNS], "y": PEOPLE["serious"]}
PERSON = {"wasting": 1}
CALLS = {
    "fit": (partial(redflags.RedFlagModel().fit, PEOPLE[SIGNS]), {"y": PEOPLE["serious"], "sample_weight": None}),
    "predict_risk": (MODEL.predict_risk, {"X": PERSON, "base_rate": 0.01, "level": 0.9}),
    "at_base_rate": (MODEL.at_base_rate, {"tau": 0.1, "ybar": 0.2}),
    "odds_ratios": (MODEL.odds_ratios, {"method": "wald", "interactions": False, "terms": ["wasting"]}),
    "combinations": (MODEL.combinations, {"signs": ["wasting"], "asked": [["wasting"]]}),
    "point_score": (MODEL.point_score, {"most": 10, "allowed": 0.9}),
    "model_card": (MODEL.model_card, {"validation": None}),
    "build_design": (MODEL.build_design, {"X": PEOPLE[SIGNS], "standardized": True}),
    "load": (MODEL.load, {"path": "none.json"}),
    "advise": (redflags.advise, {"person": PERSON, "ignore": ()}),
    "describe_worth": (redflags.describe_worth, {"frame": None}),
    "explore_assumptions": (redflags.explore_assumptions, {"person": {}, "serious": "MND", "draws": 20, "seed": 1}),
    "shift_risk": (redflags.shift_risk, {"risk": [0.1], "tau": 0.1, "ybar": 0.2}),
    "apply_referral_rules": (redflags.apply_referral_rules, {"people": PERSON, "rules": [], "persistent_weeks": 2}),
    "evaluate_referral_rules": (
        redflags.evaluate_referral_rules, {"cohort": None, "outcome": "serious", "rules": ["A2"]}
    ),
    "count_people": (redflags.count_people, {"cohort": None, "signs": ["wasting"]}),
    "decision_curve": (redflags.decision_curve, SAMPLE | {"thresholds": [0.2], "rules": [], "base_rate": 0.1}),
    "estimate_calibration": (
        redflags.estimate_calibration, SAMPLE | {"n_bootstrap": 2, "held_out": True, "n_points": 3}
    ),
    "group_risks": (redflags.group_risks, {"y": [0, 1], "risk": [0.1, 0.5], "groups": 2, "level": 0.9}),
    "validate_by_site": (redflags.validate_by_site, SAMPLE | {"sites": np.arange(60) % 2, "threshold": 0.2}),
    "validate_risk": (redflags.validate_risk, SAMPLE | {"n_bootstrap": 2, "held_out": True, "sample_weight": None}),
    "RedFlagModel": (
        lambda **options: redflags.RedFlagModel(**options).fit(PEOPLE, PEOPLE["serious"]),
        {"signs": SIGNS, "serious": 1, "ignore": (), "interactions": "none", "penalty": "ridge", "bends": False},
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CALLS)
def test_odd_options_end_in_one_family_of_errors(name):
    """`decision_curve(thresholds=0.2)` was once a bare TypeError, and so were many odd options."""
    call, options = CALLS[name]
    for option, usual in options.items():
        for odd in ODD:
            given = options | {"cohort": PEOPLE} if "cohort" in options else options
            try:
                call(**given | {option: odd})
            except TwitchstatsError:
                continue
            except Exception as error:
                pytest.fail(f"{name}({option}={odd!r}) instead of {usual!r:.40}: {error!r}")
