"""Pictures show what the frames say, and no words overlap."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from twitchstats import simulate_cohort
from twitchstats.errors import NotEnoughDataError, OptionError
from twitchstats.plots import redflags as plots
from twitchstats.plots.drawing import make_axes
from twitchstats.redflags import (
    RedFlagModel,
    count_people,
    decision_curve,
    estimate_calibration,
    group_risks,
)


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def cohort():
    return simulate_cohort(people=1500, seed=1)


@pytest.fixture(scope="module")
def model(cohort):
    return RedFlagModel(interactions="none").fit(cohort, cohort["serious"])


def list_overlaps(ax):
    """Return pairs of texts that lie over each other, tick labels that are shown included."""
    figure = ax.figure
    figure.canvas.draw()
    texts = [*ax.texts, *ax.get_xticklabels(), *ax.get_yticklabels(), ax.title, ax._left_title, ax.xaxis.label]
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts if text.get_visible() and text.get_text()]
    return [
        (one, other)
        for number, (one, box) in enumerate(boxes)
        for other, second in boxes[number + 1 :]
        if box.shrunk(0.95, 0.9).overlaps(second.shrunk(0.95, 0.9))
    ]


def test_forest(model):
    frame = model.odds_ratios(method="wald")
    ax = plots.plot_odds_ratios(frame)
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert len(labels) == len(frame)
    assert labels[0].startswith(frame.loc[frame["estimate"].idxmax(), "label"])
    assert ax.get_xscale() == "log"
    assert list_overlaps(ax) == []


@pytest.mark.parametrize("base_rate", [0.2, 6e-5])
def test_combinations(model, base_rate):
    signs = ["weakness_felt", "wasting", "sensory_change"]
    frame = model.at_base_rate(base_rate).combinations(signs=signs)
    top = plots.plot_combinations(frame)
    assert top is top.figure.axes[0]
    _, middle, bottom = top.figure.axes
    heights = [bar.get_height() for bar in middle.patches]
    assert heights == frame.loc[frame["n_signs"].notna(), "n"].tolist()
    assert len(bottom.get_yticklabels()) == len(signs)
    assert top.get_yscale() == ("log" if base_rate < 0.02 else "linear")
    assert list_overlaps(middle) == []


def test_calibration(cohort, model):
    curve = estimate_calibration(model, cohort, cohort["serious"], held_out=True, n_bootstrap=5)
    risks = model.predict_proba(cohort)[:, 1]
    groups = group_risks(cohort["serious"], risks)
    figure = plots.plot_calibration(curve, risks, groups=groups).figure
    line = next(line for line in figure.axes[0].lines if line.get_label() == "observed, with interval")
    np.testing.assert_array_equal(line.get_ydata(), curve["observed"])
    assert sum(bar.get_height() for bar in figure.axes[1].patches) == len(cohort)


def test_decisions(cohort, model):
    frame = decision_curve(model, cohort, cohort["serious"], base_rate=6e-5)
    ax = plots.plot_decision_curve(frame)
    assert {line.get_label() for line in ax.lines} == set(frame["strategy"])
    assert set(frame["strategy"]) == set(plots.STRATEGY_STYLES)
    styles = {(style[0], style[1]) for style in plots.STRATEGY_STYLES.values()}
    assert len(styles) == len(plots.STRATEGY_STYLES)
    assert list_overlaps(ax) == []


def test_base_rate_picture(cohort):
    frame = count_people(cohort)
    ax = plots.plot_base_rates(frame)
    words = [text.get_text() for text in ax.texts]
    assert len(words) == len(frame) - 1
    assert sum(word.startswith("without: ") for word in words) == len(words) / 2
    title = ax.get_title(loc="left")
    assert "Of 100,000 people who twitch, about 6 have motor neurone disease not yet diagnosed" in title
    assert "Any red flag: see a doctor, whatever the number." in title
    assert list_overlaps(ax) == []


def test_drawn_where_asked(model):
    ax = make_axes(6, 4)
    assert plots.plot_odds_ratios(model.odds_ratios(method="wald"), ax=ax) is ax
    left, right = ax.figure.__class__(layout="constrained").subplots(1, 2)
    found = plots.plot_combinations(model.combinations(signs=["wasting", "pain"]), ax=right)
    assert found.figure is left.figure
    assert len(found.figure.axes) == 4  # the other one, and three in place of the right one
    assert min(panel.get_position().x0 for panel in found.figure.axes[1:]) > 0.45
    with pytest.raises(OptionError, match=r"^These axes have no place in a grid, .* plt\.subplots\.$"):
        plots.plot_combinations(model.combinations(signs=["wasting"]), ax=ax.figure.add_axes((0, 0, 1, 1)))


def test_nothing_to_draw(model):
    with pytest.raises(NotEnoughDataError, match=r"^No odds ratios to draw: the frame has no rows\.$"):
        plots.plot_odds_ratios(model.odds_ratios(method="wald").iloc[:0])
