"""A trial on oneself, told after CENT: the items that CONSORT asks of trials of one person."""

import numpy as np
import pandas as pd

from twitchstats.inference import ALPHA
from twitchstats.journal import Journal
from twitchstats.numbers import format_date, format_effect, format_interval, format_p, format_share
from twitchstats.report.tables import Table, show_table
from twitchstats.report.wording.prose import Prose, capitalise, count_noun, join_words, quote
from twitchstats.report.wording.rows import label_of, lay_columns
from twitchstats.trial import Plan
from twitchstats.trial.plan import list_dates
from twitchstats.trial.write import ADVICE, name_condition

DESIGNS = {
    "days": "single days; in each fortnight a coin for each weekday says in which of the two weeks it is a day with",
    "pairs": "pairs of days; a coin says which comes first",
    "blocks": "pairs of periods; a coin says which comes first",
}
WATCHING = {
    "right": "The diary before the trial had shown the same direction.",
    "wrong": "**Watching had been wrong:** the diary before the trial differs from it by more than chance.",
    "not confirmed": "The diary before the trial showed an effect; the trial does not confirm it.",
    "missed it": "Watching had missed it: the diary before the trial showed nothing beyond chance.",
    "open": "Neither the diary before the trial nor the trial shows more than chance.",
}


def open_trial(plan: Plan | None, title: str) -> Prose:
    """Open a section on a trial, where there is one."""
    return Prose("" if plan is None else f"## {title}")


def describe_trial(journal: Journal, plan: Plan | None, trial: pd.DataFrame) -> Prose:
    """Say in short what a trial found, of each person and of all."""
    if plan is None:
        return Prose("")
    people = trial[trial["analysis"] == "by intention"]
    alone = len(people) == 1
    lines = [("" if alone else f"- **{quote(row['person'])}:** ") + _tell_row(journal, plan, row)
             for row in people.to_dict("records")]  # fmt: skip
    cautions = sorted({quote(text) for text in people["caution"] if text})
    told = f"\n\n**To be known of it:** {join_words(cautions, 'and, of others,')}." if cautions else ""
    return Prose("\n".join(lines) + f"{told}\n\n> {ADVICE}")


def sum_up_trial(journal: Journal, plan: Plan | None, trial: pd.DataFrame) -> str:
    """Say in a line what a trial found, of its person or of all; nothing where there is none."""
    if plan is None:
        return ""
    row = trial[trial["analysis"] == "by intention"].iloc[-1].to_dict()  # "pooled" stands last
    return f"**Trial of {quote(label_of(journal, plan.options.trigger))}:** {_tell_row(journal, plan, row)}"


def _tell_row(journal: Journal, plan: Plan, row: dict[str, object]) -> str:
    outcome = quote(label_of(journal, plan.options.outcome)).lower()
    with_it, without = (quote(name_condition(plan, condition)) for condition in (1, 0))
    measure, level = str(row["measure"]), float(row["level"])  # type: ignore[arg-type]
    early = np.isnan(level) and row["n_people"] == 1  # what holds at any look is one person's
    names = ("p_anytime", "ci_anytime_lower", "ci_anytime_upper") if early else ("p_value", "ci_lower", "ci_upper")
    p_value, lower, upper = (float(row[name]) for name in names)  # type: ignore[arg-type]
    if np.isnan(p_value):
        return f"Nothing can be said: {row['reason']}."
    alpha = ALPHA if np.isnan(level) else level
    size = (
        f"{format_effect(float(row['estimate']), measure)} ({format_share(1 - alpha)} interval"  # type: ignore[arg-type]
        f"{', at any look:' if early else ''} {format_interval(lower, upper, measure)})"
    )
    found = p_value <= alpha
    up = float(row["estimate"]) > float(measure.endswith("ratio"))  # type: ignore[arg-type]
    less = "fewer" if measure == "rate ratio" else "less"
    head = (
        f"Days '{with_it}' had **{'more' if up else less}** {outcome} than days '{without}'"
        if found
        else f"**No difference in {outcome} beyond what the lot alone makes** between days '{with_it}' and '{without}'"
    )
    rest = "" if found else " That is no proof of none: the interval holds what the days leave possible."
    watching = WATCHING.get(str(row["watching"]), "")
    return f"{head}: {size}.{rest}" + f" {watching}".rstrip()


def tabulate_trial(plan: Plan | None, trial: pd.DataFrame) -> Table | Prose:
    """Show both analyses of each person, beside what the diary before had shown."""
    if plan is None:
        return Prose("")
    told = lay_columns(trial, "Effect", "95 % interval", "p", "95 % interval, any look", "p, any look")
    table = pd.concat([trial[["person", "analysis"]].reset_index(drop=True), told], axis=1).assign(**{
        "p, carry-over": trial["p_carry_over"].map(format_p).to_list(), "Days": trial["n_days"].to_list(),
        "Watched before": [format_effect(*pair) for pair in zip(trial["watched"], trial["measure"], strict=True)],
        "Reason": trial["reason"].to_list(),
    })  # fmt: skip
    table = table.rename(columns=lambda name: capitalise(name) if name in trial else name)
    table.columns = table.columns.str.replace("95 % interval", "Interval")
    caption = (
        "p and interval by the lot itself: all schedules that could have been drawn, or a draw of them, are compared. "
        "'By intention' takes the days as they were drawn, 'as taken' what was really taken."
    )
    return show_table(table, caption)


def tabulate_items(journal: Journal, plan: Plan | None, trial: pd.DataFrame) -> Table | Prose:
    """Show what CENT 2015 asks of a report on trials of one person (Vohra and others, BMJ 2015;350:h1738)."""
    if plan is None:
        return Prose("")
    asked, lots = plan.options, plan.lots
    people = trial[(trial["analysis"] == "by intention") & (trial["person"] != "pooled")]
    periods = int(lots.period.max()) + 1
    outcome = label_of(journal, asked.outcome)
    conditions = f"'{name_condition(plan, 1)}' against '{name_condition(plan, 0)}'"
    first = [format_date(list_dates(start, 1)[0]) for start in asked.starts]
    last = [format_date(list_dates(start, asked.days)[-1]) for start in asked.starts]
    schedules = " or ".join(f"{count:,.0f}" for count in sorted(people["schedules"].dropna().unique()))
    looks = join_words([f"{share:.0%}" for share in asked.looks])
    seed = "was chosen by hand" if plan.chosen else "follows from plan and diary"
    items = {
        "1 Title": f"{label_of(journal, asked.trigger)} and {outcome}: a randomised trial of "
        f"{count_noun(len(asked.people), 'person', 'people')}, each with both conditions",
        "2 Objective": f"whether days differ in {outcome}: {conditions}",
        "3 Design": f"{count_noun(periods, 'period')} of {count_noun(asked.period, 'day')} for each person, in "
        f"{DESIGNS[asked.design]}; wash-out of {count_noun(asked.washout, 'day')}; no run-in",
        "4 Participants": f"{count_noun(len(asked.people), 'person who keeps', 'people who keep')} this journal; it "
        "does not know what else they have",
        "5 Interventions": conditions,
        "6 Outcome": f"{outcome}, each day, as noted in the journal; told as a {trial['measure'].iloc[0]}",
        "7 Days and looks": f"{asked.days} days planned for each person; declared looks after {looks} of them",
        "8 Randomisation": f"drawn by computer; the seed {seed}; sealed (SHA-256 {plan.seal})",
        "9, 10 Concealment": "the person knows the schedule from the first day on",
        "11 Blinding": "none",
        "12 Statistics": f"randomisation test among {schedules or 'no'} schedules, outcome freed of weekday, trend, "
        "the two days before and, where periods are single days, the condition of the day before; interval by "
        "inversion" + ("; people put together by the t test of their effects" if len(asked.people) > 1 else ""),
        "13 Days lost": f"{count_noun(int(people['days_missing'].sum()), 'day')} without an entry, "
        f"{people['days_not_kept'].sum():.0f} not kept",
        "14 Dates": f"{join_words(sorted(set(first)))} to {join_words(sorted(set(last)))}",
        "15, 16 Analysed": f"{count_noun(int(people['n_days'].sum()), 'day')}",
        "17, 18 Results": "in the table above, both analyses; carry-over tested",
        "19 Harms": "not asked for by the journal, unless you noted them",
        "20, 21 Limits": "not blinded: expecting an effect can make one; it holds for the people in it",
        "23, 24 Registration": "none but the seal; the plan is the file it was read from",
        "25 Funding": "not known to the journal",
    }
    caption = "What CENT 2015 asks of a report (Vohra and others, BMJ 2015;350:h1738)."
    return show_table(pd.DataFrame({"Item": list(items), "This trial": list(items.values())}), caption)
