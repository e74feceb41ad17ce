"""What is no number, no table or not as long ends in an error of the package's own family."""

from contextlib import suppress

import numpy as np
import pandas as pd
import pytest

import twitchstats as tw

ODD = ("", "x", -1, 1.5, np.nan, np.inf, True, [], {}, (), pd.NA, b"x", [None], [np.nan], ["a", "b"], {"a"}, [1, 2, 3],
       np.array(["a"]), pd.Series(["a"]), pd.DataFrame(), [[0.1, 0.2]])  # fmt: skip
ROWS = pd.DataFrame({"estimate": [0.4, 0.1], "ci90_lower": [0.2, -0.1], "ci90_upper": [0.6, 0.2], "p_adjusted": 0.01})
EFFECTS = ROWS.assign(ci_lower=0.1, ci_upper=0.7, p_value=0.01, n_days=60, n_people=1, measure="difference", lag=1)
EFFECTS = EFFECTS.assign(trigger="stress", outcome="pain", reason="", caution="", order="forward", step=1.0, unit="h")
CALLS = [
    (tw.adjust_p_values, {"p_values": [0.1, 0.2]}),
    (tw.pool_estimates, {"estimates": [0.1, 0.2, 0.4], "standard_errors": [0.1, 0.1, 0.2], "level": 0.9}),
    (tw.estimate_e_value, {"ratio": 2.0, "limit": 1.2}),
    (tw.find_tipping_point, {"estimate": 2.0, "missing": 0.2, "limit": 1.2, "measure": "difference"}),
    (tw.judge_estimates, {"findings": ROWS, "direction": [1, -1], "margin": 0.1, "alpha": 0.1}),
    (tw.estimate_anytime, {"estimate": 0.5, "standard_error": 0.1, "degrees_of_freedom": 9, "days": 20, "alpha": 0.1,
                           "tuned_for": 60}),
    (tw.add_anytime, {"effects": EFFECTS, "alpha": 0.1, "tuned_for": 60}),
    (tw.spend_alpha, {"shares": [0.5, 1], "alpha": 0.1, "spending": "pocock"}),
    (tw.find_look_power, {"shares": [0.5, 1], "z": 2.8, "alpha": 0.1, "spending": "pocock"}),
    (tw.tell_effects, {"effects": EFFECTS, "most": 3}),
    (tw.show_effects, {"effects": EFFECTS, "most": 3}),
    (tw.show_estimates, {"frame": EFFECTS, "most": 3}),
    (tw.show_frame, {"frame": EFFECTS, "most": 3}),
    (tw.show_answers, {"answers": EFFECTS.assign(question="?", articles="A1", verdict="inconclusive"), "most": 3}),
    (tw.compare_truth, {"effects": EFFECTS, "truth": EFFECTS.assign(effect="trigger")}),
    (tw.show_truth, {"compared": EFFECTS.assign(planted=0.5, holds=True)}),
    (tw.count_verdicts, {"ledger": pd.DataFrame({"article": ["A1"], "verdict": ["supported"]})}),
    (tw.score_articles, {"ledger": pd.DataFrame({"article": ["A1"], "verdict": ["supported"], "literature": "mixed"})}),
    (tw.compare_sources, {"ledger": tw.load_claims().assign(question="", verdict="supported", literature="mixed")}),
    (tw.find_disagreements, {"claims": tw.load_claims()}),
    (tw.introduce_questions, {"names": ["sleep-twitches"]}),
    (tw.simulate_suspicion, {"effect": 0.1, "hidden": 0.2, "days": 20, "seed": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("ask", "usual"), CALLS, ids=[ask.__name__ for ask, _ in CALLS])
def test_odd_arguments_stay_in_the_family(ask, usual):
    ask(**usual)
    for name in usual:
        for odd in ODD:
            with suppress(tw.TwitchstatsError):
                ask(**(usual | {name: odd}))


def test_figures_beyond_all_measure_give_no_missing_answer():
    assert tw.estimate_e_value(np.float64(1e300))["e_value"] == 2e300
    assert tw.estimate_anytime(1e300, 1e-9, 100, days=120)["p_anytime"].iloc[0] < 1e-9


@pytest.mark.parametrize("options", [{"margin": -0.1}, {"margin": [0.1]}, {"direction": [1, 1, 1]}])
def test_verdicts_need_a_margin_and_a_direction_for_each_row(options):
    with pytest.raises(tw.OptionError, match="one number each, or one for each row; a margin is not negative"):
        tw.judge_estimates(ROWS, **({"direction": 1, "margin": 0.1} | options))
