"""The register is data that the ledger rests on: every code in it must resolve."""

import numpy as np
import pandas as pd
import pytest

from twitchstats.claims import (
    ANALYSES,
    KINDS,
    count_agreement,
    find_disagreements,
    load_articles,
    load_claims,
    load_evidence,
)
from twitchstats.journal.record import EPISODE_COLUMNS
from twitchstats.reasons import REASONS
from twitchstats.redflags import load_referral_rules
from twitchstats.signs import load_signs
from twitchstats.simulate.world import load_world
from twitchstats.variables import load_variables
from twitchstats.vocabulary import list_choices

CLAIMS = load_claims()
TESTED = CLAIMS[CLAIMS["test"] != ""]


def test_ids_are_unique_and_numbered_by_article():
    assert CLAIMS["claim_id"].is_unique
    for article, group in CLAIMS.groupby("article"):
        assert group["claim_id"].tolist() == [f"{article}-{n:02d}" for n in range(1, len(group) + 1)]


def test_every_article_is_covered():
    counts = CLAIMS["article"].value_counts()
    assert sorted(counts.index) == load_articles()["id"].tolist() == ["A1", "A2", "A3", "A4", "A5"]
    assert counts.min() >= 50


def test_kinds_directions_and_words():
    assert set(CLAIMS["kind"]) == set(KINDS)
    assert set(CLAIMS["direction"]) <= {-1, 0, 1}
    assert set(CLAIMS["literature"]) <= {"agrees", "disputes", "mixed", "no figure known", ""}
    assert (CLAIMS["statement"].str.len() > 15).all()
    assert (CLAIMS["topic"].str.len() > 1).all()


def test_each_claim_has_a_test_or_a_reason_and_never_both():
    assert ((CLAIMS["test"] != "") ^ (CLAIMS["reason"] != "")).all()
    assert set(CLAIMS["reason"]) - {""} <= set(REASONS)
    assert set(TESTED["test"]) <= set(ANALYSES)


def test_a_tested_claim_says_what_would_hold_and_what_would_matter():
    assert TESTED["expected"].isin([-1, 1]).all()
    assert (TESTED["margin"] > 0).all()
    assert TESTED["lag"].dropna().isin(range(8)).all()
    assert TESTED.loc[TESTED["test"].isin(["trigger", "remedy", "threshold", "phase"]), "lag"].notna().all()


def test_variables_and_outcomes_exist():
    daily = set(load_variables().reset_index()["name"])
    people = {*load_signs().index, "serious", "diagnosis"}
    for row in TESTED.itertuples():
        names = {name for part in row.variables.split(";") for name in part.split("|")}
        assert names <= daily | set(EPISODE_COLUMNS) | people, row.claim_id
        assert set(filter(None, row.outcome.split(";"))) <= daily, row.claim_id
        if row.test in ("site_share", "stress_site"):
            assert row.level in list_choices("site")
        if row.test == "rule":
            assert row.level in set(load_referral_rules()["rule"])


def test_evidence_keys_resolve_and_every_figure_has_a_source():
    evidence = load_evidence()
    assert evidence["key"].is_unique
    assert set(evidence["confidence"]) == {"H", "M", "D"}
    assert (evidence["source"].str.len() > 3).all()
    used = {key for keys in CLAIMS["evidence"] for key in keys.split(";") if key}
    assert used <= set(evidence["key"])
    told = CLAIMS["literature"].isin(["agrees", "disputes", "mixed"])
    assert (CLAIMS.loc[told, "evidence"] != "").all()


@pytest.mark.parametrize(
    ("article", "topics"),
    [
        ("A1", "stress anxiety caffeine Isaacs_syndrome muscular_dystrophy ALS SMA neuropathy weakness wasting "
               "sensory_change persistent_and_weak_and_wasted acupuncture massage stretching rest heat potassium "
               "magnesium acidic_food posture electrolytes MRI surgery thyroid_blood_test"),
        ("A2", "caffeine amphetamines sleep diuretics corticosteroids estrogens exercise stress low_potassium uremia "
               "kidney_disease site:_eyelid site:_calf site:_thumb comes_back gone_in_a_few_days myopathy prednisone "
               "carisoprodol rimabotulinumtoxin_B history:_pregnancy history:_same_place"),
        ("A3", "dehydration sweating low_potassium low_calcium low_magnesium overuse athletes statins Parkinson_drugs "
               "peripheral_artery_disease herniated_disc spinal_stenosis stress_site:_jaw warming_up breaks "
               "pain_relievers improper_lifting debilitating"),
        ("A4", "twitches_and_cramps benign_fasciculation_syndrome low_magnesium low_potassium pain after_an_injury "
               "multiple_sclerosis:_vision_problems neuropathy:_numbness neuropathy:_tingling ALS:_twitching "
               "electrolyte_imbalance:_cramps physical_therapy sleep"),
        ("A5", "low_sodium low_calcium asthma_drugs Parkinson's_disease menstruation pregnancy cirrhosis "
               "stiffness_before limited_movement_during pain_by_intensity yoga deep_breathing trigger_point_therapy "
               "TENS medication_review counselling stress_site:_face"),
    ],
)  # fmt: skip
def test_what_an_article_speaks_of_is_in_the_register(article, topics):
    coded = set(CLAIMS.loc[CLAIMS["article"] == article, "topic"])
    assert {topic.replace("_", " ") for topic in topics.split()} <= coded


def test_shared_tests_are_coded_alike():
    """The same exposure on the same outcome at the same lag has one margin and one expected sign."""
    keys = ["test", "variables", "lag", "outcome", "level"]
    for _, group in TESTED.groupby(keys, dropna=False):
        assert len(group[["expected", "margin"]].drop_duplicates()) == 1, group["claim_id"].tolist()


def test_the_articles_world_plants_what_the_register_tests():
    """Each daily claim that can be tested has its effect, at its lag and with its sign, in data/worlds.csv.

    A pregnancy lasts through a simulated diary: what goes on for so long can't be tested within a person.
    """
    world = load_world("articles")
    daily = TESTED[TESTED["test"].isin(["trigger", "remedy"])]
    for row in daily.itertuples():
        planted = world[
            (world["trigger"] == row.variables)
            & (world["outcome"] == row.outcome.split(";")[0])
            & (world["lag"] == row.lag)
            & world["effect"].isin(["trigger", "medicine", "remedy"])
        ]
        assert len(planted) == 1, row.claim_id
        assert np.sign(planted["size"].iloc[0] - planted["reference"].iloc[0]) == row.expected, row.claim_id


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


def test_agreement_counts_articles_not_claims():
    table = count_agreement()
    assert table.loc["stress", ["A1", "A2", "A3", "A4", "A5"]].tolist() == [2, 2, 1, 2, 1]
    assert table.loc["stress", "articles"] == 5
    assert not table.loc["corticosteroids", "agree"]
    assert table["articles"].is_monotonic_decreasing
    assert np.array_equal(table[["A1", "A2", "A3", "A4", "A5"]].sum().to_numpy(),
                          CLAIMS["article"].value_counts().sort_index().to_numpy())  # fmt: skip
