"""The ledger: verdict rules by hand, reasons, multiplicity, and the three worlds."""

import re

import numpy as np
import pandas as pd
import pytest

from twitchstats.claims import (
    ANALYSES,
    LEDGER_COLUMNS,
    check_claims,
    compare_sources,
    count_verdicts,
    load_claims,
    summarize_ledger,
)
from twitchstats.claims.analyses import Analysis
from twitchstats.claims.ledger import to_effect_scale
from twitchstats.errors import JournalError, OptionError, UnknownNameError
from twitchstats.inference import VERDICTS
from twitchstats.reasons import REASONS
from twitchstats.simulate import simulate_cohort, simulate_journal


def pick(*ids: str) -> pd.DataFrame:
    claims = load_claims()
    return claims[claims["claim_id"].isin(ids)]


def by_topic(topic: str, article: str) -> pd.DataFrame:
    claims = load_claims()
    return claims[(claims["topic"] == topic) & (claims["article"] == article)].head(1)


def fake(monkeypatch, name: str, **found: object) -> None:
    """Let one analysis find the same thing for every request."""

    def run(requests, journal, cohort):
        return [{"n_people": 1, "n_days": 50, "measure": "rate ratio", "reason": ""} | found for _ in requests]

    monkeypatch.setitem(ANALYSES, name, Analysis(run, ANALYSES[name].table))


@pytest.fixture
def stressed(journal_of):
    rng = np.random.default_rng(1)
    columns = {"twitches": rng.poisson(4, (2, 50)).astype(float), "stress": rng.integers(0, 11, (2, 50)).astype(float)}
    return journal_of(columns)


@pytest.mark.parametrize(
    ("estimate", "half", "p_value", "verdict"),
    [
        (1.30, 0.10, 0.001, "supported"),
        (0.70, 0.10, 0.001, "contradicted"),
        (1.02, 0.05, 0.5, "practically null"),  # 90 % interval within 1/1.10 to 1.10
        (1.02, 0.12, 0.5, "inconclusive"),
        (1.05, 0.02, 0.001, "practically null"),  # sure, but too small to matter
    ],
)
def test_verdicts_by_hand(monkeypatch, stressed, estimate, half, p_value, verdict):
    fake(monkeypatch, "trigger", estimate=estimate, p_value=p_value, ci90_lower=estimate * np.exp(-half),
         ci90_upper=estimate * np.exp(half), ci_lower=0.1, ci_upper=9.0, detectable=1.5)  # fmt: skip
    row = check_claims(stressed, claims=by_topic("stress", "A4")).iloc[0]
    assert (row["verdict"], row["reason"]) == (verdict, "")
    needed = np.ceil(50 * (np.log(1.5) / np.log(1.1)) ** 2)
    assert row["days_needed"] == needed if verdict == "inconclusive" else np.isnan(row["days_needed"])


def test_expected_sign_turns_the_verdict(monkeypatch, journal_of):
    columns = {"twitches": np.ones((1, 30)), "sleep": np.ones((1, 30))}
    fake(monkeypatch, "trigger", estimate=0.8, p_value=0.001, ci90_lower=0.7, ci90_upper=0.9)
    row = check_claims(journal_of(columns), claims=by_topic("sleep", "A2")).iloc[0]
    assert (row["expected"], row["verdict"]) == (-1, "supported")


def test_shares_are_judged_against_their_reference(monkeypatch, stressed):
    fake(monkeypatch, "spell", estimate=0.2, p_value=0.001, ci90_lower=0.1, ci90_upper=0.3, measure="share",
         reference=0.5)  # fmt: skip
    assert check_claims(stressed, claims=by_topic("gone in a few days", "A2"))["verdict"].tolist() == ["contradicted"]


def test_effect_scale_by_hand():
    values, measures = pd.Series([2.0, 0.75, -0.3]), pd.Series(["odds ratio", "share", "difference"])
    scaled = to_effect_scale(values, measures, pd.Series([1.0, 0.5, 0.0]))
    assert scaled.tolist() == pytest.approx([np.log(2), np.log(3), -0.3])


def test_claims_that_ask_the_same_count_once(monkeypatch, stressed):
    """Six rows about stress, one test of the data: adjusted p is p itself, not a sixth of a crowd."""
    fake(monkeypatch, "trigger", estimate=1.2, p_value=0.04, ci90_lower=1.05, ci90_upper=1.4)
    claims = load_claims()
    asked = claims[(claims["topic"] == "stress") & claims["article"].isin(["A1", "A2", "A4"])]
    ledger = check_claims(stressed, claims=asked)
    assert len(ledger) == len(asked) > 4
    assert ledger["p_adjusted"].tolist() == [0.04] * len(asked)


def test_multiplicity_is_over_all_tests_of_the_call(monkeypatch, journal_of):
    columns = {name: np.ones((1, 30)) for name in ("twitches", "stress", "anxiety")}
    found = iter([0.01, 0.04])

    def run(requests, journal, cohort):
        return [{"estimate": 1.2, "p_value": next(found), "ci90_lower": 1, "ci90_upper": 2, "measure": "rate ratio"}
                for _ in requests]  # fmt: skip

    monkeypatch.setitem(ANALYSES, "trigger", Analysis(run, "days"))
    claims = pd.concat([by_topic("stress", "A4"), by_topic("anxiety", "A4")])
    assert check_claims(journal_of(columns), claims=claims)["p_adjusted"].tolist() == pytest.approx([0.02, 0.04])


def test_a_missing_variable_is_named(stressed):
    ledger = check_claims(stressed)
    assert ledger.columns.tolist() == LEDGER_COLUMNS
    row = ledger[ledger["topic"] == "site: eyelid"].iloc[0]
    assert (row["verdict"], row["reason"], row["needs"]) == ("not testable", "variable not in this journal", "site")
    cramps = ledger[(ledger["topic"] == "statins")].iloc[0]
    assert cramps["needs"] == "statin; cramps or spasms or episodes"
    assert (ledger.loc[ledger["reason"] == "variable not in this journal", "needs"] != "").all()


def test_every_claim_has_a_verdict_and_every_untestable_one_a_reason(stressed):
    ledger = check_claims(stressed)
    assert ledger["claim_id"].tolist() == load_claims()["claim_id"].tolist()
    assert set(ledger["verdict"]) <= set(VERDICTS)
    untestable = ledger["verdict"] == "not testable"
    assert set(ledger.loc[untestable, "reason"]) <= set(REASONS)
    assert (ledger.loc[~untestable, "reason"] == "").all()
    assert ledger.loc[~untestable, ["estimate", "ci_lower", "ci_upper", "p_adjusted"]].notna().all(axis=None)


def test_a_diary_without_order_asks_for_dates(journal_of):
    rng = np.random.default_rng(2)
    columns = {"twitches": rng.poisson(4, (1, 60)), "exercise": rng.integers(0, 90, (1, 60)),
               "caffeine": rng.integers(0, 500, (1, 60))}  # fmt: skip
    journal = journal_of({name: values.astype(float) for name, values in columns.items()}, calendar="none")
    claims = pd.concat([by_topic("exercise", "A2"), by_topic("caffeine", "A4"), by_topic("comes back", "A2")])
    ledger = check_claims(journal, claims=claims).set_index("topic")
    assert ledger.loc["exercise", ["verdict", "needs"]].tolist() == ["not testable", "date"]
    assert ledger.loc["caffeine", "verdict"] != "not testable"
    assert ledger.loc["comes back", "needs"] == "date"


def test_what_follows_the_outcome_as_well_is_told(journal_of):
    """Caffeine acts the same day; and after a day with many twitches people drink less of it."""
    rng = np.random.default_rng(5)
    caffeine, twitches = np.zeros((10, 150)), np.zeros((10, 150))
    for day in range(150):
        before = np.log1p(twitches[:, day - 1]) if day else 2.0
        caffeine[:, day] = np.round(np.clip(350 - 60 * (before - 2) + 80 * rng.standard_normal(10), 0, None))
        twitches[:, day] = rng.poisson(np.exp(1.0 + 0.3 * caffeine[:, day] / 100))
    row = check_claims(
        journal_of({"twitches": twitches, "caffeine": caffeine}), claims=by_topic("caffeine", "A4")
    ).iloc[0]
    assert row["verdict"] == "supported"
    assert "the outcome foretells this" in row["note"]


def test_signs_of_disease_always_bring_the_advice(stressed):
    ledger = check_claims(stressed, cohort=simulate_cohort(people=2000, seed=1))
    signs = ledger[ledger["test"].isin(["sign", "combination", "rule"])]
    assert signs["note"].str.contains("see a doctor, whatever the verdict", regex=False).all()
    by_name = signs.set_index("topic")
    assert by_name.loc["persistent and weak and wasted", "verdict"] == "supported"
    assert by_name.loc["persistent and weak and wasted", "estimate"] > 5
    assert "base rate of 6e-05" in signs.loc[signs["test"] == "rule", "note"].iloc[0]


def test_people_of_the_journal_stand_in_for_a_cohort(journal_of, stressed):
    people = simulate_cohort(people=500, seed=2)
    journal = type(stressed)(**(vars(stressed) | {"people": people}))
    claims = load_claims()
    asked = claims[claims["test"] == "sign"]
    pd.testing.assert_frame_equal(
        check_claims(journal, claims=asked), check_claims(stressed, cohort=people, claims=asked)
    )


def test_input_is_left_alone_and_progress_is_told(stressed):
    before, seen = stressed.days.copy(), []
    claims = by_topic("stress", "A4")
    kept = claims.copy()
    check_claims(stressed, claims=claims, progress=lambda done, total: seen.append((done, total)))
    pd.testing.assert_frame_equal(stressed.days, before)
    pd.testing.assert_frame_equal(claims, kept)
    assert seen == [(1, 1)]


def test_errors(stressed):
    with pytest.raises(
        OptionError, match=re.escape("alpha=2 is not possible. It lies between 0 and 1; 0.05 is usual.")
    ):
        check_claims(stressed, alpha=2)
    with pytest.raises(JournalError, match=re.escape("claims lacks the column 'margin'. Take rows of load_claims().")):
        check_claims(stressed, claims=load_claims().drop(columns="margin"))
    with pytest.raises(UnknownNameError, match=re.escape("No test named 'triger'. Did you mean 'trigger'?")):
        check_claims(stressed, claims=by_topic("stress", "A4").assign(test="triger"))


def test_summaries(monkeypatch, stressed):
    fake(
        monkeypatch, "trigger", estimate=1.2, p_value=0.001, ci90_lower=1.1, ci90_upper=1.3, ci_lower=1.1, ci_upper=1.4
    )
    ledger = check_claims(stressed)
    counts = count_verdicts(ledger)
    assert counts.loc["all", "claims"] == len(ledger)
    assert counts.loc["all", "supported"] == (ledger["verdict"] == "supported").sum()
    short = summarize_ledger(ledger)
    stress = short[short["topic"] == "stress"].iloc[0]
    assert stress["articles"] == "A1 A2 A3 A4 A5" or stress["articles"] == "A1 A2 A4 A5"
    assert stress["claims"] == ((ledger["topic"] == "stress") & (ledger["verdict"] == "supported")).sum()
    sources = compare_sources(ledger).set_index("topic")
    assert sources.loc["stress", ["data", "literature"]].tolist() == ["supported", "agrees"]
    assert sources.loc["magnesium", ["data", "literature"]].tolist() == ["not testable", "disputes"]


def replace(journal, **parts):
    return type(journal)(**(vars(journal) | parts))


def make_odd(name: str):
    """Return a journal that lacks something, and a cohort or None."""
    journal, _ = simulate_journal(people=3, days=50, world="articles", seed=4)
    days, episodes, people = journal.days, journal.episodes, journal.people
    gone = days.sample(frac=0.7, random_state=1).index
    odd = {
        "one day": {"days": days.iloc[:1], "episodes": episodes.iloc[:0]},
        "no people": {"people": people.iloc[:0]},
        "people without signs": {"people": people[[]]},
        "one episode": {"episodes": episodes.iloc[:1]},
        "episodes without start": {"episodes": episodes.drop(columns="start")},
        "empty column": {"days": days.assign(stress=np.nan)},
        "constant outcome": {"days": days.assign(twitches=0.0)},
        "mostly gaps": {"days": days.assign(twitches=days["twitches"].mask(days.index.isin(gone)))},
        "no order": {"calendar": "none"},
    }
    cohort = simulate_cohort(people=200, seed=1)
    cohorts = {"three people": cohort.head(3), "nobody": cohort.head(0), "all well": cohort.assign(serious=0)}
    return replace(journal, **odd.get(name, {})), cohorts.get(name)


@pytest.mark.parametrize(
    "name",
    ["one day", "no people", "people without signs", "one episode", "episodes without start", "empty column",
     "constant outcome", "mostly gaps", "no order", "three people", "nobody", "all well"],
)  # fmt: skip
def test_odd_data_get_a_verdict_or_a_reason(name):
    """No row without verdict, no number without estimate, no estimate without interval, no "nan" in words."""
    journal, cohort = make_odd(name)
    ledger = check_claims(journal, cohort=cohort)
    untestable = ledger["verdict"] == "not testable"
    numbers = ["estimate", "ci_lower", "ci_upper", "p_value", "p_adjusted"]
    assert set(ledger["verdict"]) <= set(VERDICTS)
    assert ledger.loc[untestable, "reason"].isin(REASONS).all()
    assert ledger.loc[untestable, numbers].isna().all(axis=None)
    assert ledger.loc[~untestable, numbers].notna().all(axis=None)
    lacking = ledger["reason"] == "variable not in this journal"
    assert (ledger.loc[lacking, "needs"] != "").all()
    told = ledger[["statement", "reason", "needs", "note", "measure", "outcome", "order", "evidence"]]
    assert not told.isna().any(axis=None)
    assert not told.apply(lambda column: column.str.contains(r"\bnan\b", case=False)).any(axis=None)


@pytest.mark.slow
def test_null_world():
    """20 people x 90 days, 5 seeds: the bar is 3 % of testable claims with a finding; almost none has."""
    found = tested = 0
    for seed in range(5):
        ledger = check_claims(simulate_journal(people=20, days=90, world="null", seed=seed)[0])
        tested += (ledger["verdict"] != "not testable").sum()
        found += ledger["verdict"].isin(["supported", "contradicted"]).sum()
    assert tested > 5 * 100
    assert found / tested <= 0.03


@pytest.mark.slow
def test_articles_world():
    """60 people x 150 days: at least 75 % of at least 40 testable claims supported, none contradicted."""
    journal, _ = simulate_journal(people=60, days=150, world="articles", seed=1)
    verdicts = count_verdicts(check_claims(journal)).loc["all"]
    testable = verdicts["claims"] - verdicts["not testable"]
    assert testable >= 40
    assert verdicts["supported"] / testable >= 0.75
    assert verdicts["contradicted"] == 0


@pytest.mark.slow
def test_literature_world_never_supports_magnesium():
    for seed in (1, 2):
        ledger = check_claims(simulate_journal(people=60, days=150, world="literature", seed=seed)[0])
        magnesium = ledger[ledger["topic"].isin(["magnesium", "low magnesium"]) & (ledger["test"] != "")]
        assert len(magnesium) >= 4
        assert set(magnesium["verdict"]) <= {"practically null", "inconclusive"}
