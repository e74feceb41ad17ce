"""The register is data that the ledger rests on: every code in it must resolve."""

import re

import numpy as np
import pandas as pd
import pytest

from twitchstats.claims import (
    ANALYSES,
    find_disagreements,
    load_articles,
    load_claims,
    load_evidence,
    load_questions,
)
from twitchstats.journal.record import EPISODE_COLUMNS
from twitchstats.reasons import REASONS
from twitchstats.redflags import load_referral_rules
from twitchstats.resources import find_resource
from twitchstats.signs import load_signs
from twitchstats.simulate.cohort import load_serious_conditions
from twitchstats.simulate.parameters import load_cohort_parameters
from twitchstats.simulate.world import load_world
from twitchstats.variables import list_choices, load_variables

CLAIMS = load_claims()
QUESTIONS = load_questions()
TESTED = QUESTIONS[QUESTIONS["test"] != ""]


def test_ids_are_unique_and_in_the_order_of_the_articles():
    assert CLAIMS["claim_id"].is_unique
    assert QUESTIONS["question_id"].is_unique
    assert (CLAIMS["claim_id"].str[:2] == CLAIMS["article"]).all()
    number = CLAIMS["claim_id"].str[3:].astype(int)
    assert CLAIMS["article"].is_monotonic_increasing
    assert number.groupby(CLAIMS["article"]).apply(lambda numbers: numbers.is_monotonic_increasing).all()


def test_every_article_is_covered():
    counts = CLAIMS["article"].value_counts()
    assert sorted(counts.index) == load_articles()["id"].tolist() == ["A1", "A2", "A3", "A4", "A5"]
    assert counts.min() >= 50


def test_kinds_directions_and_words():
    told = load_claims.__doc__.split("kind`` (")[1].split(")")[0]
    assert set(CLAIMS["kind"]) == set(re.split(r",\s+| or ", told))
    assert set(CLAIMS["direction"]) <= {-1, 0, 1}
    assert set(CLAIMS["hedge"]) == {"may", "can", "often", "most", "none"}
    assert (CLAIMS["statement"].str.len() > 15).all()
    assert (CLAIMS["topic"].str.len() > 1).all()
    assert set(QUESTIONS["literature"]) == {"agrees", "disputes", "mixed", "no figure known"}
    assert QUESTIONS["question"].str.endswith("?").all()
    assert QUESTIONS["question"].is_unique


def test_each_claim_has_a_question_or_a_reason_and_never_both():
    assert ((CLAIMS["question_id"] != "") ^ (CLAIMS["reason"] != "")).all()
    assert set(CLAIMS["reason"]) - {""} <= set(REASONS)
    assert set(CLAIMS["question_id"]) - {""} <= set(QUESTIONS["question_id"])
    assert "variable not in this journal" not in set(CLAIMS["reason"])  # no column is promised that nobody can fill


def test_each_question_is_asked_by_a_claim():
    """All but one: whether numbness is a sign of ALS is what readers of the articles ask."""
    assert set(QUESTIONS["question_id"]) - set(CLAIMS["question_id"]) == {"ALS-numbness"}


def test_each_question_has_a_test_or_a_reason_and_never_both():
    assert ((QUESTIONS["test"] != "") ^ (QUESTIONS["reason"] != "")).all()
    assert set(QUESTIONS["reason"]) - {""} <= set(REASONS)
    assert set(TESTED["test"]) <= set(ANALYSES)


def test_a_tested_question_says_what_would_hold_and_what_would_matter_and_why():
    assert TESTED["direction"].isin([-1, 1]).all()
    assert (TESTED["margin"] > 0).all()
    assert (TESTED["margin_reason"].str.len() > 20).all()
    assert TESTED["margin"].nunique() > 5
    timed = TESTED["test"].isin(["trigger", "remedy", "threshold", "phase"])
    assert set(TESTED.loc[timed, "lag"]) == {"0", "1", "0;1"}
    assert (TESTED.loc[TESTED["test"] == "remedy", "lag"] == "0;1").all()
    assert TESTED["share"].dropna().between(0, 1, inclusive="neither").all()


def test_no_two_questions_ask_the_same():
    """The same test on the same outcome is asked twice only where the second is asked by a stand-in.

    How many would be left if outcomes or lists were one is told in CONTRIBUTING.md.
    """
    keys = ["test", "variables", "lag", "outcome", "level", "share"]
    assert not TESTED[TESTED["stand_in"] == ""].duplicated(keys).any()
    one = TESTED.assign(outcome=TESTED["outcome"].replace(["cramps", "spasms"], "twitches"))
    level = one["level"].mask(one["kind"].isin(["sign", "rule"]), "")
    left = [len(table.drop_duplicates(keys)) for table in (one, one.assign(level=level))]
    assert [len(TESTED), *left] == [124, 95, 85]


def test_variables_and_outcomes_exist():
    daily = set(load_variables().reset_index()["name"])
    people = {*load_signs().index, "serious", "diagnosis"}
    diagnoses = set(load_cohort_parameters()["condition"])
    for row in TESTED.itertuples():
        names = {name for part in row.variables.split(";") for name in part.split("|")}
        assert names <= daily | set(EPISODE_COLUMNS) | people, row.question_id
        assert row.outcome in daily | {""}, row.question_id
        if row.test in ("site_share", "stress_site"):
            assert set(row.level.split(";")) <= set(list_choices("site"))
        if row.test == "remedy":
            assert row.level in daily | {""}
        if row.kind in ("sign", "rule"):
            assert set(row.level.split(": ")[-1].split(";")) <= diagnoses
        if row.test == "rule":
            assert row.level.split(": ")[0] in set(load_referral_rules()["rule"])


def test_an_articles_list_is_what_its_claims_call_serious():
    """A1 names neuromyotonia, dystrophies (muscle disease), ALS, SMA and neuropathy; A2 all but the first."""
    named = QUESTIONS.set_index("question_id")["level"]
    assert named["weakness-sign-A1"] == "MND;SMA;myopathy;neuropathy;Isaacs"
    assert named["weakness-sign-A2"] == "MND;SMA;myopathy;neuropathy"
    assert named["weakness-sign-A4"] == "MND;neuropathy;MS"
    lists = load_serious_conditions().set_index("name")["diagnoses"]
    assert named["weakness-sign-A1"] == lists["article A1"]


def test_evidence_keys_resolve_and_every_figure_has_a_source():
    evidence = load_evidence()
    assert evidence["key"].is_unique
    assert set(evidence["confidence"]) == {"H", "M", "D"}
    assert (evidence["source"].str.len() > 3).all()
    used = {key for keys in QUESTIONS["evidence"] for key in keys.split(";") if key}
    assert used <= set(evidence["key"])
    told = QUESTIONS["literature"] != "no figure known"
    assert (QUESTIONS.loc[told, "evidence"] != "").all()


@pytest.mark.parametrize(
    ("article", "topics"),
    [
        ("A1", "stress anxiety caffeine Isaacs_syndrome muscular_dystrophy ALS SMA neuropathy weakness wasting "
               "sensory_change persistent_and_weak_and_wasted acupuncture massage stretching rest heat potassium "
               "magnesium acidic_food posture electrolytes MRI surgery thyroid_blood_test tension"),
        ("A2", "caffeine amphetamines sleep diuretics corticosteroids estrogens exercise stress low_potassium uremia "
               "kidney_disease site:_eyelid site:_calf site:_thumb comes_back gone_in_a_few_days myopathy prednisone "
               "carisoprodol rimabotulinumtoxin_B history:_pregnancy history:_same_place benign"),
        ("A3", "fluid_and_dehydration sweating low_potassium low_calcium low_magnesium overuse athletes statins "
               "Parkinson_drugs peripheral_artery_disease herniated_disc spinal_stenosis stress_site:_jaw warming_up "
               "breaks pain_relievers improper_lifting debilitating underlying_condition electrolyte_balance"),
        ("A4", "twitches_and_cramps benign_fasciculation_syndrome low_magnesium low_potassium pain after_an_injury "
               "multiple_sclerosis:_vision_problems neuropathy:_numbness neuropathy:_tingling ALS self-care "
               "electrolyte_imbalance physical_therapy sleep"),
        ("A5", "low_sodium low_calcium asthma_drugs Parkinson's_disease menstruation pregnancy cirrhosis "
               "stiffness_before limited_movement_during pain_by_intensity yoga deep_breathing trigger_point_therapy "
               "TENS medication_review counselling stress_site:_face muscle_tension difficulty_in_using_the_muscle"),
    ],
)  # fmt: skip
def test_what_an_article_speaks_of_is_in_the_register(article, topics):
    coded = set(CLAIMS.loc[CLAIMS["article"] == article, "topic"])
    assert {topic.replace("_", " ") for topic in topics.split()} <= coded


def test_the_articles_world_plants_what_the_questions_test():
    """What is asked of a day's count has its effect, at one of its lags and with its sign, in data/worlds.csv.

    A pregnancy lasts through a simulated diary: what goes on for so long can't be tested within a person.
    """
    world = load_world("articles")
    world = world[world["effect"].isin(["trigger", "medicine", "remedy"])]
    daily = TESTED[
        TESTED["test"].isin(["trigger", "remedy"]) & TESTED["outcome"].isin(["twitches", "cramps", "spasms"])
    ]
    assert len(daily) > 60
    for row in daily.itertuples():
        planted = world[(world["trigger"] == row.variables) & (world["outcome"] == row.outcome)
                        & world["lag"].isin([float(lag) for lag in row.lag.split(";")])]  # fmt: skip
        assert len(planted) == len(row.lag.split(";")) or row.variables == "muscle_relaxant", row.question_id
        assert set(np.sign(planted["size"] - planted["reference"])) == {row.direction}, row.question_id


def test_frames_are_copies():
    claims = load_claims()
    claims.loc[0, "topic"] = "changed"
    assert load_claims().loc[0, "topic"] == CLAIMS.loc[0, "topic"]


def test_disagreements_name_the_known_ones():
    table = find_disagreements().set_index("debate")
    assert table.loc["corticosteroids", "where"] == "within A2"
    assert table.loc["exercise", "articles_b"] == "A5"
    assert "A4" in table.loc["twitches and cramps", "articles_b"]
    assert table.loc["and or or", "articles_a"] == "A1"
    ids = {name for column in ("claims_a", "claims_b") for names in table[column] for name in names.split(";")}
    assert ids <= set(CLAIMS["claim_id"])
    written = pd.read_csv(find_resource("data", "disagreements.csv"), dtype=str, keep_default_na=False)
    listed = {name for column in ("claims_a", "claims_b") for names in written[column] for name in names.split(";")}
    assert listed <= set(CLAIMS["claim_id"])
    assert table.index.tolist() == written["debate"].tolist()  # none made up of two ways to say one thing


def test_no_topic_with_both_directions_escapes():
    told = find_disagreements()
    both = CLAIMS[CLAIMS["direction"] != 0].groupby("topic")["direction"].nunique()
    named = {name for column in ("claims_a", "claims_b") for names in told[column] for name in names.split(";")}
    for topic in both.index[both > 1]:
        assert set(CLAIMS.loc[CLAIMS["topic"] == topic, "claim_id"]) & named, topic


def test_a_new_contradiction_is_derived_from_topic_and_direction():
    added = pd.DataFrame(
        {"claim_id": ["X-1", "X-2"], "article": ["X", "Y"], "topic": "moonlight", "direction": [1, -1]}
    )
    found = find_disagreements(added)
    assert found[["debate", "claims_a", "claims_b", "where"]].to_numpy().tolist() == [
        ["moonlight", "X-1", "X-2", "between articles"]
    ]
    assert find_disagreements(CLAIMS[CLAIMS["article"] == "A3"])["where"].str.startswith("within A3").all()


def test_evidence_speaks_of_the_topics_that_claims_do():
    """A topic that was merged into another is merged here too; what is no claim's is guidance or of diaries."""
    topics = {topic for listed in load_evidence()["topics"] for topic in listed.split(";")}
    others = {topic for topic in topics - set(CLAIMS["topic"]) if not topic.startswith("diary: ")}
    assert others == {"red flags", "refer", "treatment"}


def test_a_hedge_is_that_of_the_sentence_a_claim_stands_in():
    """Said of many twitches: often; a list that a visit 'might' go through: may; some of many possible causes: can."""
    hedge = CLAIMS.set_index("claim_id")["hedge"]
    assert (hedge[["A1-04", "A1-05", "A1-16", "A1-17", "A5-11", "A5-19"]] == "often").all()
    assert (hedge[[f"A2-{number}" for number in range(63, 70)]] == "may").all()
    assert (hedge[["A2-81", "A3-67", "A4-07", "A5-110"]] == "can").all()


def test_minerals_are_taken_against_it_so_that_harm_is_never_told():
    """Of 40 diaries in which magnesium was taken on days with cramps, 3 were told that it brings them."""
    minerals = QUESTIONS[QUESTIONS["variables"].isin(["magnesium", "potassium", "calcium"])]
    assert len(minerals) == 6
    assert (minerals["kind"] == "remedy").all()
