import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from twitchstats.claims import load_claims, load_questions, score_articles
from twitchstats.inference import VERDICTS
from twitchstats.plots.claims import plot_claim_matrix, plot_scores
from twitchstats.plots.triggers import plot_remedies

mpl.use("agg")


@pytest.fixture
def ledger() -> pd.DataFrame:
    """Return a ledger with every verdict, laid out by hand."""
    claims = load_claims().merge(load_questions()[["question_id", "question", "literature"]], how="left")
    asked = claims["question_id"] != ""
    verdict = np.where(asked, np.resize(VERDICTS[:4], len(claims)), "not testable")
    return claims.assign(verdict=verdict, literature=claims["literature"].fillna(""))


def words(ax) -> list[str]:
    return [text.get_text() for text in ax.texts]


def test_matrix_has_a_letter_for_each_article_that_claims(ledger):
    ax = plot_claim_matrix(ledger, min_articles=1, testable=False)
    letters = [word for word in words(ax) if word]
    assert len(letters) == len(ledger.drop_duplicates(["topic", "article"]))
    assert set(letters) == set("SC0±–")
    assert [label.get_text() for label in ax.get_xticklabels()] == ["A1", "A2", "A3", "A4", "A5"]
    assert len(ax.get_yticklabels()) == ledger["topic"].nunique()
    assert len(plot_claim_matrix(ledger, min_articles=1).get_yticklabels()) < ledger["topic"].nunique()


def test_scores_count_what_is_decided(ledger):
    scores = score_articles(ledger)
    a3 = ledger[ledger["article"] == "A3"]
    assert scores.loc["A3", "claims"] == len(a3)
    assert scores.loc["A3", "agrees"] == (a3["literature"] == "agrees").sum()
    assert scores.loc["A3", "supported"] == (a3["verdict"] == "supported").sum()
    assert scores.loc["A3", "decided_by_data"] == a3["verdict"].isin(VERDICTS[:4]).sum()
    told = [word for word in words(plot_scores(scores)) if " of " in word]
    assert f"{scores.loc['A3', 'agrees']} of {scores.loc['A3', 'decided_by_literature']}" in told
    assert len(told) == 10


def test_drawing_uses_the_axes_it_is_given(ledger):
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    assert plot_claim_matrix(ledger, ax) is ax


@pytest.fixture(autouse=True)
def close_figures():
    yield
    from matplotlib import pyplot as plt

    plt.close("all")


@pytest.mark.parametrize(("measure", "scale"), [("rate ratio", "log"), ("difference", "linear")])
def test_remedies_show_both_answers_and_leave_out_what_has_none(measure, scale):
    frame = pd.DataFrame(
        {"remedy": ["heat", "pain_reliever", "cold"], "estimate": [0.8, 0.9, np.nan], "ci_lower": [0.6, 0.7, np.nan],
         "ci_upper": [1.1, 1.2, np.nan], "naive": [0.5, 0.6, 0.7], "measure": measure}
    )  # fmt: skip
    before = frame.copy()
    ax = plot_remedies(frame)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["heat", "pain reliever"]
    drawn = {line.get_label(): list(line.get_xdata()) for line in ax.lines}
    estimates, naive = drawn["against days just as bad"], drawn["before and after"]
    assert (estimates, naive) == ([0.8, 0.9], [0.5, 0.6])
    assert ax.get_xscale() == scale
    pd.testing.assert_frame_equal(frame, before)


def test_an_interval_without_end_leaves_the_axis_finite():
    from twitchstats.plots.drawing import choose_limits

    frame = pd.DataFrame({"estimate": [0.8, 1.2], "ci_lower": [0.0, 1.0], "ci_upper": [np.inf, 1.4]})
    low, high = choose_limits(frame, "rate ratio")
    assert 0 < low < 0.8 < 1.4 < high < 5
    low, high = choose_limits(frame.assign(ci_upper=np.inf), "rate ratio")
    assert 0 < low < 0.8 < 1.2 < high < np.inf
