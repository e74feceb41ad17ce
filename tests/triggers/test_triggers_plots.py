"""Pictures show what the frames say: every row, its order in time, its verdict, its reason; no words overlap."""

import re

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex

from twitchstats.errors import NotEnoughDataError, OptionError
from twitchstats.plots import drawing
from twitchstats.plots import triggers as plots

mpl.use("Agg")
ORDER = ("forward", "same time", "backward")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def make_effects(triggers=3, lags=(0, 1), measure="rate ratio", missing=(), seed=0):
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(triggers):
        for lag in lags:
            log, se = rng.normal(0, 0.2), rng.uniform(0.02, 0.3)
            low, middle, high = log - 2 * se, log, log + 2 * se
            if measure != "difference":
                low, middle, high = np.exp([low, middle, high])
            row = {"person": "pooled", "trigger": f"trigger {number:02}", "outcome": "twitches", "lag": lag}
            row |= {"step": 100.0, "unit": "mg", "estimate": middle, "ci_lower": low, "ci_upper": high}
            row |= {"p_adjusted": rng.uniform(0, 0.2), "p_value": 0.01, "measure": measure, "reason": ""}
            row["order"] = ORDER[number % 3] if lag == 0 else "forward"
            if number in missing:
                row |= dict.fromkeys(("estimate", "ci_lower", "ci_upper", "p_value", "p_adjusted"), np.nan)
                row["reason"] = "no variation"
            rows.append(row)
    return pd.DataFrame(rows)


def list_overlaps(ax):
    """Return pairs of words on the picture that lie over each other."""
    ax.figure.canvas.draw()
    texts = [*ax.texts, *ax.get_xticklabels(), *ax.get_yticklabels(), ax.title, ax.xaxis.label]
    if ax.get_legend():
        texts += ax.get_legend().get_texts()
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts if text.get_visible() and text.get_text()]
    return [
        (one, other)
        for number, (one, box) in enumerate(boxes)
        for other, second in boxes[number + 1 :]
        if box.shrunk(0.95, 0.9).overlaps(second.shrunk(0.95, 0.9))
    ]


def labels_of(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


@pytest.mark.parametrize("measure", ["rate ratio", "odds ratio", "difference"])
@pytest.mark.parametrize(("triggers", "lags", "missing"), [(1, (1,), ()), (3, (0, 1), (1,)), (40, (0, 1, 2, 3), (0,))])
@pytest.mark.parametrize("name", ["plot_lags", "plot_effects"])
def test_every_row_is_told_and_no_words_overlap(name, triggers, lags, missing, measure):
    frame = make_effects(triggers, lags, measure, missing)
    before = frame.copy(deep=True)
    ax = getattr(plots, name)(frame)
    assert list_overlaps(ax) == []
    expected = triggers if name == "plot_lags" else len(frame)
    assert len(ax.get_yticks()) == expected
    assert all("(100 mg)" in label for label in labels_of(ax.yaxis))
    assert ax.get_xscale() == ("log" if name == "plot_effects" and measure != "difference" else "linear")
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("name", ["plot_lags", "plot_effects"])
def test_rows_without_any_estimate_are_drawn(name):
    frame = make_effects(4, (0, 1), missing=range(4))
    ax = getattr(plots, name)(frame)
    words = {text.get_text() for text in ax.texts}
    assert words == ({"–"} if name == "plot_lags" else {"not tested: no variation"})
    assert list_overlaps(ax) == []


def test_given_axes_are_used_and_no_figure_is_added():
    ax = plt.figure().subplots()
    for name in ("plot_lags", "plot_effects"):
        before = plt.get_fignums()
        assert getattr(plots, name)(make_effects(), ax) is ax
        assert plt.get_fignums() == before


def test_heat_map_colours_by_log_ratio_and_frames_what_stands_out():
    frame = make_effects(3, (0, 2), missing=(2,)).sample(frac=1, random_state=1)
    ax = plots.plot_lags(frame)
    grid = np.ma.filled(ax.collections[0].get_array(), np.nan)
    names = list(dict.fromkeys(frame["trigger"]))
    for row in frame.itertuples():
        assert grid[names.index(row.trigger), [0, 2].index(row.lag)] == pytest.approx(np.log(row.estimate), nan_ok=True)
    framed = {(round(p.get_x()), round(p.get_y())) for p in ax.patches}
    found = frame[frame["p_adjusted"] < 0.05]
    assert framed == {([0, 2].index(row.lag), names.index(row.trigger)) for row in found.itertuples()}
    low, high = ax.collections[0].get_clim()
    assert low == -high
    assert labels_of(ax.xaxis) == ["same day", "2 days before"]


def test_heat_map_sets_cells_without_order_in_brackets():
    frame = make_effects(3, (0,))
    words = {int(text.get_position()[1]): text.get_text() for text in plots.plot_lags(frame).texts}
    assert [words[row].startswith("(") for row in range(3)] == [False, True, True]


def test_a_correlation_near_zero_has_no_minus_sign():
    frame = make_effects(1, (1,)).drop(columns=["measure", "step", "unit"]).assign(estimate=-1e-4)
    ax = plots.plot_lags(frame)
    assert [text.get_text() for text in ax.texts] == ["0.00"]
    assert labels_of(ax.yaxis) == ["trigger 00"]


def test_forest_tells_order_by_shape_and_findings_by_colour():
    frame = make_effects(3, (0,)).assign(p_adjusted=[0.01, 0.5, 0.01])
    ax = plots.plot_effects(frame)
    drawn = {
        line.get_ydata()[0]: (line.get_marker(), to_hex(line.get_color()), line.get_xdata()[0])
        for line in ax.lines
        if len(line.get_xdata()) == 1
    }
    colours = [drawing.BLUE, drawing.GREY, drawing.BLUE]
    markers = [plots.MARKERS[order] for order in ORDER]
    for place, (marker, colour, value) in drawn.items():
        assert (marker, colour, value) == (markers[place], colours[place], frame["estimate"][place])
    assert len(drawn) == 3
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend[:3] == [plots.ORDERS[order] for order in ORDER]


def test_forest_cuts_an_endless_interval_and_says_so_with_an_arrow():
    frame = make_effects(3, (1,))
    frame.loc[1, ["ci_lower", "ci_upper"]] = [1e-9, 1e9]
    ax = plots.plot_effects(frame)
    low, high = ax.get_xlim()
    assert low > 0.01
    assert high < 100
    arrows = {line.get_marker(): line.get_xdata()[0] for line in ax.lines if line.get_marker() in (8, 9)}
    assert arrows == {8: pytest.approx(low), 9: pytest.approx(high)}


def test_forest_of_cumulative_effects_names_the_window():
    frame = make_effects(1, (1,)).assign(days=3)
    assert labels_of(plots.plot_effects(frame).yaxis) == ["trigger 00 (100 mg), each of 3 days up to the day before"]


@pytest.mark.parametrize(
    ("step", "unit", "words"),
    [
        (100.0, "mg", "100 mg"), (1.0, "points of 10", "1 point of 10"), (0.5, "L", "0.5 L"), (1.0, "h", "1 h"),
        (1.0, "days", "yes against no"), (1.0, "drinks", "1 drink"), (2.0, "servings", "2 servings"), (1.0, "", "1"),
    ],
)  # fmt: skip
def test_steps_are_told_in_words(step, unit, words):
    assert drawing.tell_step(step, unit) == words


@pytest.mark.parametrize(("low", "high"), [(0.9, 1.1), (0.5, 2), (0.1, 9), (0.01, 500), (1.02, 1.3)])
def test_ratio_ticks_lie_inside_and_hold_one(low, high):
    ticks = drawing.choose_ratios(low, high)
    assert len(ticks) >= 3
    assert min(ticks) >= low
    assert max(ticks) <= high
    assert (1.0 in ticks) == (low <= 1 <= high)


@pytest.mark.parametrize("name", ["plot_lags", "plot_effects"])
def test_frames_that_cannot_be_drawn_are_refused(name):
    plot = getattr(plots, name)
    with pytest.raises(NotEnoughDataError, match="^No findings to draw: the frame has no rows.$"):
        plot(make_effects().head(0))
    several = "'trigger 00' has several rows at lag 0. Choose one person, or use by='pooled'."
    with pytest.raises(OptionError, match=f"^{re.escape(several)}$"):
        plot(pd.concat([make_effects(), make_effects()]))
    mixed = pd.concat([make_effects(2), make_effects(2, measure="difference").assign(trigger="x")])
    with pytest.raises(OptionError, match="^The frame mixes difference and rate ratio: draw one outcome at a time.$"):
        plot(mixed)
