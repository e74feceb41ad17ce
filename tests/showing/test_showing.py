"""Results that tell themselves: the words of tables, captions and cards, by hand."""

import io
import re

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

import twitchstats as tw
from twitchstats.errors import OptionError
from twitchstats.lessons import DEMO, compare_truth, load_demo_truth, read_demo, show_truth
from twitchstats.showing import show_answers, show_effects, show_figure, tell_counts, tell_effects, tell_range
from twitchstats.simulate import simulate_journal


@pytest.fixture
def effects():
    return pd.DataFrame(
        {
            "trigger": ["sleep", "stress", "alcohol", "statin"],
            "outcome": "twitches",
            "lag": [0, 1, 2, 1],
            "step": [1.0, 1.0, 1.0, 1.0],
            "unit": ["h", "points of 10", "drinks", None],
            "estimate": [0.7, 1.2, 1.1, np.nan],
            "ci_lower": [0.6, 1.05, 0.8, np.nan],
            "ci_upper": [0.8, 1.4, 1.5, np.nan],
            "p_value": [0.0002, 0.02, 0.6, np.nan],
            "p_adjusted": [0.001, 0.2, 0.7, np.nan],
            "measure": "rate ratio",
            "order": ["forward", "forward", "forward", "forward"],
            "caution": ["", "a shared cycle", "", ""],
            "reason": ["", "", "", "no variation"],
        }
    )


def test_effects_are_told_in_words(effects):
    shown = show_effects(effects)
    assert list(shown.text.columns) == [
        "Trigger", "One step", "When", "Effect", "95 % interval", "Verdict", "Caution",
    ]  # fmt: skip
    plain = shown.text.map(lambda cell: cell.replace("\u00a0", " "))
    assert plain.iloc[0].tolist() == [
        "sleep", "1 h", "the night before", "−30 %", "−40 % to −20 %", "clear", "–",
    ]  # fmt: skip
    assert plain["Verdict"].tolist() == ["clear", "possible, not clear", "can't be told", "can't be told"]
    assert plain["Caution"].tolist() == ["–", "a shared cycle", "–", "no variation"]
    assert plain["When"].tolist()[1:3] == ["the day before", "2 days before"]
    assert shown.caption.replace("\u00a0", " ") == (
        "3 triggers in 3 rows (1 more not tested): 1 clear (sleep −30 % (−40 % to −20 %), the night before), "
        "1 possible, 1 that can't be told."
    )


def test_only_the_first_rows_are_shown_and_all_are_counted(effects):
    shown = show_effects(effects, most=1)
    assert len(shown.text) == 1
    assert shown.caption.endswith("The 1 surest of 4 rows.")
    assert tell_effects(effects.iloc[3:]) == "Nothing could be tested."


def test_ties_are_broken_by_p_and_then_by_size(effects):
    tied = effects.assign(p_adjusted=0.2, p_value=[0.03, 0.02, 0.03, np.nan], estimate=[1.1, 1.2, 0.7, np.nan])
    assert show_effects(tied).text["Trigger"].tolist() == ["stress", "alcohol", "sleep", "statin"]


def test_showing_changes_nothing(effects):
    before = effects.copy()
    show_effects(effects)
    pd.testing.assert_frame_equal(effects, before)


def test_answers_are_told_in_words():
    answers = pd.DataFrame(
        {
            "question": ["Do cramps come at night?", "Is it rare?"],
            "articles": ["A1 A3", "A2"],
            "estimate": [0.4, np.nan],
            "ci_lower": [0.3, np.nan],
            "ci_upper": [0.5, np.nan],
            "measure": ["share", "share"],
            "verdict": ["supported", "not testable"],
            "caution": ["few nights", ""],
            "reason": ["", "needs a laboratory"],
        }
    )
    shown = show_answers(answers)
    assert shown.caption == "Of 2 questions: 1 not testable and 1 supported."
    assert shown.text["Articles"].tolist() == ["A1, A3", "A2"]
    assert shown.text["Why, or caution"].tolist() == ["few nights", "needs a laboratory"]
    assert shown.text.loc[1, "Effect"] == "–"
    assert show_answers(answers, most=1).caption.endswith(" The first 1.")


def test_counts_and_ranges_of_nothing_are_told():
    assert tell_counts(pd.Series([], dtype="str"), "claim") == "No claim here."
    assert tell_range(pd.Series([np.nan]), "Power") == "Power: no figure known."
    two = pd.Series([1.0, 30.0], index=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)]))
    twice = pd.Series([0.1, 0.5, 0.2], index=["a", "a", "b"])
    assert tell_range(twice, "Share") == "Share: lowest 10 % (a), median 20 %, highest 50 % (a)."
    assert tell_range(twice.head(1), "Share") == "Share: 10 %."
    assert tell_range(twice * 0, "Share") == "Share: 0 % (all 3)."
    frame = twice.rename_axis("site").rename("estimate").reset_index()
    assert tell_range(frame, "Share", by="site") == tell_range(twice, "Share")
    assert tell_range(two, "Days", share=False) == "Days: lowest 1 (a, 1), median 15.5, highest 30 (b, 2)."


def test_a_figure_carries_its_words():
    from matplotlib.figure import Figure

    figure = Figure()
    picture = show_figure(figure.add_subplot(), "**Sleep** helps")
    data, metadata = picture._repr_mimebundle_()
    assert metadata == {"image/png": {"alt": "Sleep helps"}}
    assert data["text/plain"] == "Picture: Sleep helps"
    assert show_figure(figure, "the same").png == picture.png


JOURNAL = "date,twitches,stress,<b>x</b>$y$\n2025-01-01,3,4,1\n2025-01-02,0,2,2\n2025-01-05,5,14,3\n"


def test_a_journal_tells_itself_and_escapes_what_people_wrote():
    card = tw.read_journal(io.StringIO(JOURNAL))._repr_html_()
    assert '<tr><th scope="row">People</th><td>1</td></tr>' in card
    assert '<tr><th scope="row">Days</th><td>3, 1 Jan to 5 Jan 2025</td></tr>' in card
    assert "60 %" in card
    assert '<tr><th scope="row">Refused</th><td>1 row or cell (see .rejects)</td></tr>' in card
    assert '<tr><th scope="row">Combined</th><td>0 rows</td></tr>' in card
    assert "<b>" not in card
    assert "$" not in card.replace("<span>$</span>", "")  # as in every table: no formula begins with one in a tag
    assert "&lt;b&gt;" in card


@pytest.mark.parametrize("table", ["twitches,stress\n3,4\n2,5\n", "day,twitches,stress\n1,3,4\n2,2,5\n9,1,1\n"])
def test_journals_without_dates_have_a_card(table):
    journal = tw.read_journal(io.StringIO(table), order="auto" if "day" in table else "none")
    card = journal._repr_html_()
    assert ("without an order in time" in card) == (journal.calendar == "none")
    assert ("Complete" in card) == (journal.calendar != "none")
    assert re.search('<th scope="row">outcome</th><td>Muscle twitches</td>', card)


def test_the_strip_counts_each_tenth_of_the_time():
    days = "".join(f"{day},1\n" for day in [*range(1, 51), 100])
    card = tw.read_journal(io.StringIO(f"day,twitches\n{days}"))._repr_html_()
    assert "█████▁▁▁▁▁ 51 %" in card


def test_the_demo_is_what_its_truth_is_told_of():
    """The truth of the demo journal comes from the same call that made it."""
    made = simulate_journal(**DEMO)[0].days["twitches"].to_numpy()
    np.testing.assert_array_equal(read_demo().days["twitches"].to_numpy(), made)
    assert set(load_demo_truth()["trigger"].dropna()) >= {"sleep", "caffeine"}
    message = "who='cat' is not possible. Choose one of 'person', 'group'."
    with pytest.raises(OptionError, match=f"^{re.escape(message)}$"):
        read_demo("cat")


def test_what_was_found_stands_beside_what_was_planted(effects):
    truth = pd.DataFrame(
        {
            "effect": ["trigger", "trigger", "course"],
            "trigger": ["sleep", "stress", ""],
            "outcome": "twitches",
            "lag": [0, 1, 0],
            "measure": "rate ratio",
            "estimate": [0.75, 1.5, 1.0],
        }
    )
    compared = compare_truth(effects, truth)
    assert compared["holds"].tolist() == [True, False]
    shown = show_truth(compared)
    assert shown.caption == "The interval holds the planted effect in 1 of 2 rows."
    assert shown.text["Holds the truth"].tolist() == ["yes", "no"]


def test_numbers_on_a_log_axis_are_no_formulas():
    """A label of somebody's is no formula, so nothing is set as one: ticks once read $\\mathdefault{10^{2}}$."""
    figure, ax = plt.subplots()
    ax.plot([10, 86400], [0, 1])
    ax.set_xscale("log")
    show_figure(figure, "A curve.")
    told = [tick.get_text() for tick in ax.get_xticklabels()]
    assert {"100", "10,000"} <= set(told)
    assert not any("$" in label for label in told)
