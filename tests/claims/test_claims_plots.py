import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from twitchstats.claims import compare_sources, load_claims, summarize_ledger
from twitchstats.inference import VERDICTS
from twitchstats.plots.claims import VERDICT_COLOURS, plot_claim_matrix, plot_ledger, plot_remedies, plot_sources

mpl.use("agg")


@pytest.fixture
def ledger() -> pd.DataFrame:
    """Return a ledger with every verdict, laid out by hand."""
    claims = load_claims().iloc[::6]
    tested = claims["test"] != ""
    verdict = np.where(tested, np.resize(VERDICTS[:4], len(claims)), "not testable")
    numbers = dict.fromkeys(("estimate", "ci_lower", "ci_upper", "p_adjusted"), np.where(tested, 1.2, np.nan))
    return claims.assign(verdict=verdict, measure="rate ratio", n_people=3, n_days=100, order="", **numbers)


def words(ax) -> list[str]:
    return [text.get_text() for text in ax.texts]


def test_ledger_says_every_verdict_by_word_and_colour(ledger):
    from matplotlib.colors import to_hex

    frame = summarize_ledger(ledger)
    before = frame.copy()
    ax = plot_ledger(frame)
    assert set(frame["verdict"]) == set(VERDICTS[:4])
    assert [word for word in words(ax) if word in VERDICTS] == frame["verdict"].tolist()
    assert [to_hex(patch.get_facecolor()) for patch in ax.patches] == frame["verdict"].map(VERDICT_COLOURS).tolist()
    assert "RR 1.20 (1.20 to 1.20)" in words(ax)
    pd.testing.assert_frame_equal(frame, before)


def test_ledger_rows_do_not_overlap(ledger):
    ax = plot_ledger(summarize_ledger(ledger))
    renderer = ax.figure.canvas.get_renderer()
    ax.figure.draw_without_rendering()
    boxes = [text.get_window_extent(renderer) for text in ax.texts]
    for number, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[number + 1 :]), ax.texts[number].get_text()


def test_matrix_has_a_cell_for_each_article_that_claims(ledger):
    ax = plot_claim_matrix(ledger, min_articles=1, testable=False)
    assert len(ax.patches) == len(ledger.drop_duplicates(["topic", "article"]))
    assert [label.get_text() for label in ax.get_xticklabels()] == ["A1", "A2", "A3", "A4", "A5"]
    assert len(plot_claim_matrix(ledger, min_articles=1).patches) < len(ax.patches)


def test_sources_show_articles_data_and_literature(ledger):
    frame = compare_sources(ledger)
    ax = plot_sources(frame)
    assert sum(len(dots.get_offsets()) for dots in ax.collections) == frame["n_articles"].sum()
    assert {"disputes", "agrees", "no figure known"} <= set(words(ax))


def test_drawing_uses_the_axes_it_is_given(ledger):
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    assert plot_claim_matrix(ledger, ax) is ax
    assert plot_sources(compare_sources(ledger), Figure().subplots()).figure is not ax.figure


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
    estimates, naive = (points.get_offsets()[:, 0].tolist() for points in ax.collections[1:3])
    assert (estimates, naive) == ([0.8, 0.9], [0.5, 0.6])
    assert ax.get_xscale() == scale
    pd.testing.assert_frame_equal(frame, before)
