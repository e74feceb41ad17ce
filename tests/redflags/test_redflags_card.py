"""The card alone is enough to recompute a risk: what a reader does by hand, done from its text."""

import re
from math import exp, log2

import numpy as np
import pandas as pd
import pytest

from twitchstats import simulate_cohort
from twitchstats.redflags import RedFlagModel

PERSON = {
    "age": 63.0, "sex": "male", "persistence_weeks": 30.0, "weakness_felt": "yes", "weakness_found": "no",
    "wasting": "yes", "sensory_change": "no", "pain": "yes", "after_injury": "no", "speech_swallowing": "no",
    "spread": "yes", "cramps": "yes",
}  # fmt: skip
OTHER = PERSON | {"age": 38.0, "sex": "female", "persistence_weeks": 0.5, "wasting": "no", "sensory_change": "yes"}


@pytest.fixture(scope="module")
def people():
    """Real people, as far as the model knows: nothing says that they are simulated."""
    return simulate_cohort(people=800, seed=3).drop(columns="source")


def read_coefficients(card):
    """Return each term's log odds ratio and coding, as the table of the card tells them."""
    rows = re.findall(r"^\| (.+?) \| .*? ?\| (-?[\d.e+-]+) \| (.+?) \|$", card.split("## The full model")[1], re.M)
    return {term: (float(value), coding) for term, value, coding in rows}


def code_by_hand(term, coding, person, table):
    """Return the number that the card's words ask for."""
    if coding.startswith("product of "):
        parts = coding.removeprefix("product of ").removesuffix(" as coded").split(", ")
        return np.prod([code_by_hand(part, table[part][1], person, table) for part in parts])
    answer = person.get(term.split(" over ")[0])
    if coding == "1":
        return 1.0
    if found := re.fullmatch(r"1 (\w+), 0 (\w+)", coding):
        return float(answer in (found[1], {"present": "yes"}.get(found[1])))
    if found := re.fullmatch(r"\(years - (\d+)\) / 10(, 0 if younger)?", coding):
        value = (answer - float(found[1])) / 10
        return max(value, 0.0) if found[2] else value
    if coding == "log2(weeks), 0 for a week or less":
        return max(log2(answer), 0.0)
    if found := re.fullmatch(r"log2\(weeks / (\d+)\), 0 if fewer weeks", coding):
        return max(log2(answer / float(found[1])), 0.0)
    raise AssertionError(f"the card does not say how {term} is coded: {coding}")


@pytest.mark.parametrize("person", [PERSON, OTHER])
@pytest.mark.parametrize("options", [{}, {"interactions": "none", "penalty": "firth"}, {"bends": False}])
@pytest.mark.parametrize("base_rate", [None, 0.001])
def test_a_risk_by_hand_from_the_card(people, person, options, base_rate):
    model = RedFlagModel(**options).fit(people, people["serious"])
    if base_rate:
        model = model.at_base_rate(base_rate)
    card = model.model_card()
    table = read_coefficients(card)
    assert list(table) == ["intercept", *model.terms_]
    assert "risk = 1 / (1 + exp(-log odds))" in card
    log_odds = sum(value * code_by_hand(term, coding, person, table) for term, (value, coding) in table.items())
    assert 1 / (1 + exp(-log_odds)) == pytest.approx(model.predict_risk(person)["risk"].item(), rel=1e-4)


def test_the_card_says_where_another_crowd_adds_to_it():
    cohort = simulate_cohort(people=500, seed=1)
    model = RedFlagModel(interactions="none").fit(cohort, cohort["serious"])
    words = "To this the mix of other conditions at this base rate adds what `explain` tells as other conditions"
    assert words not in model.model_card()
    assert words in model.at_base_rate("adults in general").model_card()


def test_what_the_card_shows_of_people_is_theirs(people):
    model = RedFlagModel(interactions="none").fit(people, people["serious"])
    card = model.model_card()
    assert "Overall: unclear" in card
    assert "simulated" not in card.split("## Performance")[0].split("## Outcome")[0]
    counted = pd.Series({row[0]: int(row[1]) for row in re.findall(r"^\| (\w+) \| (\d+) \| \d+ \|$", card, re.M)})
    pd.testing.assert_series_equal(counted, people[model.signs_].notna().sum(), check_names=False)
