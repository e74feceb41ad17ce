"""Guard rails: a red flag always brings the advice, and nothing reassures."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import twitchstats
from twitchstats import simulate_cohort
from twitchstats.errors import JournalError
from twitchstats.redflags import RedFlagModel, advise
from twitchstats.signs import load_signs

SIGNS = load_signs()
FLAGS = list(SIGNS.index[SIGNS["level"] == "red flag"])
REASSURING = re.compile(
    r"you are fine|nothing to worry|no need to (see|worry)|don't worry|do not worry|you are safe|harmless|rules? out",
    re.I,
)


@pytest.mark.parametrize("flag", FLAGS)
def test_any_red_flag_sends_to_a_doctor(flag):
    told = advise({name: 1.0 if name == flag else 0.0 for name in FLAGS}).iloc[0]
    assert told["see_doctor"]
    assert told["advice"].startswith("See a doctor soon, whatever the computed risk: ")
    assert SIGNS.loc[flag, "label"].lower() in told["advice"]


@pytest.mark.parametrize(
    ("column", "value", "flag"),
    [("falls", "yes", "Falls"), ("Stürze", 3, "Falls"), ("shortness of breath", True, "Trouble breathing")],
)
def test_red_flags_that_are_in_no_model_send_to_a_doctor(column, value, flag):
    told = advise({column: value, "wasting": "no"}).iloc[0]
    assert told["see_doctor"]
    assert told["red_flags"] == flag
    assert told["advice"].startswith(f"See a doctor soon, whatever the computed risk: {flag.lower()}.")
    assert not advise({column: "no"})["see_doctor"].item()


def test_a_model_that_was_not_told_of_falls_still_advises():
    cohort = simulate_cohort(people=200, seed=1).assign(falls=0)
    model = RedFlagModel(signs=["wasting", "age"], interactions="none").fit(cohort, cohort["serious"])
    for told in (model.predict_risk({"fell": "yes"}), model.predict_risk(cohort.assign(falls=1).head(1))):
        assert "Falls" in told["red_flags"].item()
        assert told["advice"].item().startswith("See a doctor soon")


def test_a_low_risk_takes_nothing_back():
    cohort = simulate_cohort(people=600, seed=1)
    told = RedFlagModel(interactions="none").fit(cohort, cohort["serious"]).at_base_rate(1e-9).predict_risk(cohort)
    flagged = (cohort[FLAGS] == 1).any(axis=1)
    assert told.loc[flagged, "advice"].str.startswith("See a doctor soon").all()
    assert (told["base_rate"] == 1e-9).all()


def test_persistence_is_a_reason_to_ask():
    told = advise(pd.DataFrame({"persistence_weeks": [1.0, 2.0, np.nan]}))
    assert told["reasons_to_ask"].tolist() == ["", "Twitching persists", ""]
    assert not told["see_doctor"].any()


def test_what_is_not_known_is_told():
    told = advise({"weakness_felt": 0.0}).iloc[0]
    assert "weakness found by an examiner" in told["advice"]
    assert "does not rule out a disease" in told["advice"]


def test_wrong_values_are_refused():
    with pytest.raises(JournalError, match=re.escape("person person, wasting: maybe must be 1, 0, yes or no.")):
        advise({"wasting": "maybe"})


def test_nothing_reassures():
    """No text of the room, and no advice it gives, says that somebody is well."""
    room = Path(twitchstats.__file__).parent
    for path in [*(room / "redflags").glob("*.py"), room / "plots" / "redflags.py", room / "signs.py"]:
        words = path.read_text(encoding="utf-8").replace("does not rule out", "")
        assert not REASSURING.search(words), path.name
    for row in advise(simulate_cohort(people=300, seed=2))["advice"]:
        assert not REASSURING.search(row.replace("does not rule out", ""))
