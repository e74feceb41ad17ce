"""Page one: what a reader, and a doctor with three minutes, needs first. It tells findings; it computes none.

Each part is a function from the journal and its findings to what is shown; a part that doesn't apply is empty.
"""

from typing import Any

import pandas as pd

from twitchstats.claims import load_questions
from twitchstats.findings import Findings, rank_effects
from twitchstats.journal import Journal
from twitchstats.numbers import format_effect, format_number, format_share
from twitchstats.report import figures
from twitchstats.report.history import tell_change
from twitchstats.report.summary import (
    SHORT,
    compare_levels,
    is_group,
    is_log_of_attacks,
    is_short,
    summarise_course,
    summarise_people,
)
from twitchstats.report.tables import Markup, escape_text
from twitchstats.report.wording.claims import count_asked
from twitchstats.report.wording.effects import tell_reverse, tell_size
from twitchstats.report.wording.prose import Prose, capitalise, count_noun, join_words, list_some, quote, to_plain
from twitchstats.report.wording.rows import (
    CLEAR,
    LAST_BUT_ONE,
    OPEN,
    POSSIBLE,
    SAME_DAY,
    judge_effects,
    label_of,
    tell_dates,
    tell_estimate,
    tell_interval,
    tell_level,
    tell_treatment,
    tell_when,
)
from twitchstats.report.wording.signs import (
    has_nothing_else,
    list_present,
    list_unclear,
    list_warnings,
    quote_labels,
    tell_unclear,
)
from twitchstats.signs import NOT_NOTED, RED_FLAG, THERE
from twitchstats.simulate.cohort import is_simulated
from twitchstats.trial import Plan
from twitchstats.variables import is_about_twitching, may_be_medicine, split_words, word_set

SETTING = "twitches and nothing else"
_RATED = ("twitches", "intensity")  # the outcomes that a base rate is known of
_HALF = 14
_YEARS = 3 * 365
_FIRST = 4
_NAMED = ("supported", "contradicted")  # answers of which page one names the questions
_ANSWERS = {
    "supported": "as they say", "contradicted": "the other way round", "practically null": "too small to matter",
    "differs between people": "not the same for all", "inconclusive": "that can't be told yet",
    "not testable": "that such a diary can't tell",
}  # fmt: skip


def show_title(journal: Journal, found: Findings, *, demo: bool = False) -> Prose:
    """Say whose diary it is of what, from when to when, and how much of it is noted."""
    people = summarise_people(journal)
    many = len(people) > 1
    what = quote(_name(journal, found.outcome))
    noun = f"{what}: diaries of {len(people):,} people" if many else f"{what}: a diary"
    days = f"{count_noun(int(people['n_days'].sum()), 'day')} noted"
    when = ""
    if journal.calendar != "none":
        when = f", {tell_dates(journal)}"
        days = f"{int(people['n_days'].sum()):,} of {int(people['span'].sum()):,} days noted"
    simulated = demo or is_simulated(journal.people)
    banner = "\n\n> **Simulated.** These are made-up days, to show what a report looks like." if simulated else ""
    names = f" People: {list_some([quote(name) for name in people['person']], 12)}." if many else ""
    return Prose(f"# {noun}{when}\n\n**{days}.**{names} This page informs. It is not a diagnosis.{banner}")


def _name(journal: Journal, variable: str) -> str:
    """Return the label of a variable as it begins a sentence."""
    return capitalise(label_of(journal, variable))


def show_meaning(journal: Journal, found: Findings) -> Prose:
    """Say in two sentences what the outcome can mean."""
    noted = _tell_noted(journal, found)
    head = f"**{noted}** " if noted else ""
    if _has_rate(journal, found):
        text = (
            "Twitches are common, and a serious cause is rare. A diary can't tell which one it is; an examination can "
            "say more."
        )
    elif found.outcome in _RATED and noted:
        text = (
            "What is known of people with twitches and nothing else does not hold where such a sign is there. A diary "
            "can't tell what is behind it; an examination can say more."
        )
    else:
        text = (
            f"{quote(_name(journal, found.outcome))}: a diary shows how it goes, and what goes with it. It can't tell "
            "what causes it. This tool knows no figure on how often something serious is behind it: ask a doctor."
        )
    return Prose(f"## What it means\n\n{head}{text}")


def _tell_noted(journal: Journal, found: Findings) -> str:
    """Say which red flags are noted, whatever the diary is about; "" where none is."""
    present, some = (quote_labels(list_present(journal, found.flags, least=least)) for least in (None, 1))
    unclear, told = tell_unclear(journal, found.flags), ""
    if present and is_group(journal):
        told = f"A doctor should see them soon. Noted of everybody here: {present}."
    elif present:
        told = f"See a doctor soon. Noted here: {present}."
    elif some:
        told = f"A doctor should see whoever has one of these soon. Noted of some here: {some}."
    return f"{told} {unclear}".strip()


def _has_rate(journal: Journal, found: Findings) -> bool:
    """Tell whether the base rate holds: of twitches with nothing else."""
    return found.outcome in _RATED and has_nothing_else(journal, found.flags)


def _get_rate() -> "pd.Series[Any]":
    from twitchstats.redflags import base_rates

    return base_rates().set_index("setting").loc[SETTING]


def draw_meaning(journal: Journal, found: Findings) -> figures.Picture | Prose:
    """Draw the base rate as squares of people."""
    if not _has_rate(journal, found):
        return Prose("")
    return figures.draw_icons(_get_rate()["base_rate"], among=f"adults with {SETTING}")


def tell_rate(journal: Journal, found: Findings) -> Prose:
    """Say one base rate, both ways round, of one number of people, and how sure it is."""
    if not _has_rate(journal, found):
        return Prose("")
    row, per = _get_rate(), 100_000
    rate = row["base_rate"]
    low, high = (f"{per * row[end]:g}" for end in ("low", "high"))
    return Prose(
        f"Of {per:,} adults with twitches and nothing else, about {round(per * rate)} have the feared nerve illness "
        f"(motor neurone disease, such as ALS) and do not know it yet. About {round(per * (1 - rate)):,} do not. Each "
        f"square stands for 100 people; a dark one holds one who has it. The figure is worked out, not counted: it may "
        f"be {low} to {high}. It does not hold where a sign of the next list is there. Its source is in the appendix."
    )


def show_warnings(journal: Journal, found: Findings) -> Markup | Prose:
    """Show the red flags, each ticked from the journal or to be asked now; for other outcomes say whom to ask."""
    many = is_group(journal)
    if not is_about_twitching(found.outcome):
        mood = split_words(found.outcome) & word_set("mood")
        harm = "anybody here thinks of self-harm, they need" if many else "you think of harming yourself, you need"
        return Prose(
            "## See a doctor soon\n\nIf anything is new, sudden, the worst so far, or worries "
            f"{'whoever has it' if many else 'you'}. No list of warning signs for this is known to this tool, and no "
            "diary can rule anything out."
            + f" **If {harm} somebody now:** a doctor, an emergency number, a person near."
            * bool(mood)
        )
    warnings = list_warnings(journal, found.flags)
    unknown = warnings["state"] == NOT_NOTED
    counted = "How many people have each, of those who were asked. A rating counts from the first point on."
    lead = counted if many and not unknown.all() else ""
    if journal.texts and (many or unknown.any()):
        lead = f"{lead} Words in notes were only searched for plain mentions of these signs.".strip()
    if not many:
        by_whom = warnings.index.map(lambda sign: "a doctor" if sign == "weakness_found" else "yourself now")
        warnings["told"] = warnings["told"].mask(unknown, f"{NOT_NOTED}: ask " + by_whom)
    items = "".join(
        f'<li><span class="mark">{"☒" if row.state == THERE else "☐"}</span> '
        f'{escape_text(_tell_sign(journal, found, row.label))}: <span class="told">{escape_text(row.told)}</span></li>'
        for row in warnings.itertuples()
    )
    whoever = "whoever has one of these should be seen" if many else "if one of these is there, have it looked at"
    close = f"Whatever this page says: {whoever}. A diary can't examine anyone, and never replaces someone who can."
    head = f"<h2>See a doctor soon if one of these is there</h2>{lead and f'<p>{lead}</p>'}"
    return Markup(f'{head}<ul class="checklist">{items}</ul><p><strong>{close}</strong></p>')


def _tell_sign(journal: Journal, found: Findings, label: str) -> str:
    """Return a sign as the report's own outcome has it: cramps since a new medicine."""
    twitches = found.outcome in ("twitches", "intensity", "episodes")
    return label if twitches else label.replace("Twitching", _name(journal, found.outcome))


def open_course(journal: Journal, found: Findings) -> Prose:
    """Open what the days looked like."""
    return Prose(f"## {quote(_name(journal, found.outcome))}: how often, how much")


def show_course(journal: Journal, found: Findings) -> Prose:
    """Say how often, how much, and whether it gets better or worse."""
    course = summarise_course(journal, found.outcome)
    if len(course) > 1:
        share = course["n_above"] / course["n_days"]
        change = (course["recent"] - course["before"]).where(course["way"].isin(["lower", "higher"]))
        fewer, more = (int((sign * change > 0).sum()) for sign in (-1, 1))
        known = int((course["recent"].notna() & course["before"].notna()).sum())
        trend = f" Of {known} people, {fewer} had less in the last 28 days than before, {more} more." if known else ""
        there = f"There on {format_share(share.min())} to {format_share(share.max())} of a person's days. "
        levels = [tell_level(journal, found.outcome, value) for value in sorted(course["median"].dropna())]
        highest = tell_level(journal, found.outcome, course["highest"].max())
        median = " to ".join(dict.fromkeys((levels[0], levels[-1]))) if levels else "not known"
        how_much = f"The median of a day, by person: {median}; the highest day of all had {highest}."
        parts = (there if share.min() < 1 else "", how_much if course["highest"].max() > 1 else "", trend)
        return Prose("".join(parts).strip())
    row = course.iloc[0]
    if not row["n_days"]:
        return Prose("Nothing was noted.")
    days, always = count_noun(int(row["n_days"]), "day"), row["n_above"] == row["n_days"]
    if is_log_of_attacks(journal):
        days += ", as in a log of attacks: how often it comes, and what brings it on, can't be told from days with it"
    rated = journal.variables.set_index("name")["kind"].get(found.outcome) == "rating"  # that has points on every day
    text = f"There on **{row['n_above']:,} of {days}**. "
    if always:
        text = f"Noted on **{days}**. " if rated or is_log_of_attacks(journal) else f"There on **all {days} noted**. "
    median, highest = (tell_level(journal, found.outcome, row[name]) for name in ("median", "highest"))
    if row["highest"] > 1 and _is_same(journal, found):
        text += f"Every day had {highest}. "
    elif row["highest"] > 1:
        text += f"At least half of the days had {median} or less. " if row["median"] and row["n_days"] > 1 else ""
        text += f"The highest day had {highest}. "
    if row["longest_spell"] > 1 and not always:
        text += f"The longest spell without a day off was {int(row['longest_spell'])} days. "
    return Prose(f"{text}{_tell_trend(row)}".strip())


def _is_same(journal: Journal, found: Findings) -> bool:
    """Tell whether the outcome never changes, so that nothing can be seen to go with it."""
    noted = journal.days[found.outcome].dropna()
    return len(noted) > 1 and bool(noted.min() == noted.max())


def _tell_trend(row: "pd.Series[Any]") -> str:
    if pd.isna(row["recent"]) or pd.isna(row["before"]) or not row["n_above"]:
        return ""
    tell, what = (format_share, "it was there on") if row["told"] == "share" else (format_number, "the median was")
    few = f" ({int(row['n_recent'])} of the 28 noted)" if row["n_recent"] < _HALF else ""
    change = tell_change(row)
    text = f"**Better or worse?** {capitalise(change)}: {row['way']}{few}."
    if row["n_spans"] < 2:
        return f"{text} There is too little before it to say more."
    ends = list(dict.fromkeys((tell(row["before_low"]), tell(row["before_high"]))))
    spans = "each earlier span" if len(ends) == 1 else "earlier spans"
    tail = ""
    if row["before_low"] <= row["recent"] <= row["before_high"]:
        tail = ", so it has been at this level before"
    elif row["way"] in ("lower", "higher"):
        tail = f", all {'higher' if row['way'] == 'lower' else 'lower'}; but ups and downs come by themselves"
    return f"{text} In {spans} of 28 days {what} {' to '.join(ends)}{tail}."


def show_early(journal: Journal) -> Prose:
    """Say of a short diary what it can't tell yet, and when to come back."""
    if not is_short(journal):
        return Prose("")
    n = int(summarise_people(journal)["n_days"].max())
    left = SHORT - n
    course = "two weeks to see the course, a month to see" if n < _HALF else "a month to see the course or"
    return Prose(
        f"## Too early for more\n\n{count_noun(n, 'day')} can't show what goes with it: days differ by themselves. Go "
        f"on noting, best every evening, and come back after {count_noun(left, 'more day')}. It takes {course} "
        "a very strong effect, and three months or more for others."
    )


def sort_triggers(found: Findings) -> dict[str, pd.DataFrame]:
    """Return the triggers of three boxes: clear (after all tests are counted), possible (before), can't be told.

    What is clear on other days than the nearest before alone (on the same day, or further back) is possible.
    """
    tested = found.primary[found.primary["estimate"].notna()]
    words = judge_effects(tested)
    clear = tested[words == CLEAR]
    other = found.effects[judge_effects(found.effects).eq(CLEAR)]
    other = rank_effects(other[~other["trigger"].isin(clear["trigger"])]).drop_duplicates("trigger")
    left = ~tested["trigger"].isin(other["trigger"])
    possible = pd.concat([other, tested[left & (words == POSSIBLE)]])
    return {"clear": clear, "possible": possible, "untold": tested[left & (words == OPEN)]}


def show_triggers(journal: Journal, found: Findings, plan: Plan | None = None) -> Markup | Prose:
    """Show three boxes: what is clear, what is possible, and what can't be told but by the trial of a plan."""
    if is_short(journal):
        return Prose("")
    if found.primary.empty:
        return Prose("## What goes with it\n\nNothing is noted here that may go with it.")
    boxes = sort_triggers(found)
    clear, possible = (
        [_tell_box_row(journal, row) for row in rows.head(_FIRST).to_dict("records")] + _tell_more(rows)
        for rows in (boxes["clear"], boxes["possible"])
    )
    small = _list_small(journal, found)
    elsewhere = {*small["trigger"].dropna(), *([] if plan is None else [plan.options.trigger])}
    names = [label_of(journal, name) for name in boxes["untold"]["trigger"] if name not in elsewhere]
    untold = (
        [f"{capitalise(list_some(names, 12))}. Too few days, or no effect: which one can't be said."] if names else []
    )
    left = [label_of(journal, name) for name in found.primary.loc[found.primary["estimate"].isna(), "trigger"]]
    untold += [f"Not tested: {list_some(left, 12)}. The appendix says why."] if left else []
    clear += filter(
        None, [to_plain(tell_reverse(journal, boxes["clear"], found.directions)).replace("outcome", "symptom")]
    )
    whose, none = "these diaries" if is_group(journal) else "this diary", "None stands out. That is no proof of none."
    parts = [
        (f"Clear in {whose} (stands out after all tests are counted)", "clear", clear or [none]),
        ("Possible (which came first is not known, or it may be chance)", "possible", possible or ["None."]),
        ("Too small to matter (practically null)", "small", [*small["told"].head(_FIRST), *_tell_more(small)]),
        ("Can't be told (inconclusive)", "untold", untold or ["None."]),
    ]
    page = "".join(
        f'<div class="box {kind}"><h3>{escape_text(title)}</h3><ul>'
        + "".join(f"<li>{escape_text(line)}</li>" for line in lines)
        + "</ul></div>"
        for title, kind, lines in parts
        if lines
    )
    lead = "What goes together in time need not be a cause."
    if clear or possible:
        lead += (
            " 'As noted' is what was written down. 'Adjusted' allows for weekday, slow trend and the days before; its "
            "interval holds what the days leave possible."
        )
    if any(may_be_medicine(row["name"], row) for row in journal.variables.to_dict("records")):
        lead += " Stop or change no medicine because of this page: ask your doctor first."
    return Markup(f'<h2>What goes with it</h2><p>{escape_text(lead)}</p><div class="boxes">{page}</div>')


def _list_small(journal: Journal, found: Findings) -> pd.DataFrame:
    """Return the articles' questions on the outcome that were shown to be too small to matter: ``trigger, told``."""
    small = found.answers["verdict"].eq("practically null") & found.answers["outcome"].eq(found.outcome)
    asked = load_questions().set_index("question_id")["variables"].reindex(found.answers.loc[small, "question_id"])
    rows = []
    for row, name in zip(found.answers[small].to_dict("records"), asked, strict=True):
        same = found.effects["trigger"].eq(name) & found.effects["lag"].astype("str").eq(str(row["lag"]))
        told = f"{quote(row['question'])} {tell_estimate(row)} (90 % interval {tell_interval(row, 'ci90')})"
        if same.any():
            size = tell_size(journal, found.effects[same].iloc[0].to_dict() | row, ends="ci90")
            told = f"{_name(journal, name)}. {to_plain(size)}"
        rows.append((name, f"{told}. Up to {format_effect(row['margin'], row['measure'])} counts as too small."))
    return pd.DataFrame(rows, columns=["trigger", "told"])


def _tell_more(rows: pd.DataFrame) -> list[str]:
    return [f"{len(rows) - _FIRST} more: see the appendix."] if len(rows) > _FIRST else []


def _tell_box_row(journal: Journal, row: dict[str, Any]) -> str:
    """Return raw medians, then the adjusted effect with interval and time."""
    size = to_plain(tell_size(journal, row))
    mind = _tell_first(journal, row)
    if treatment := tell_treatment(journal, row["trigger"]):
        mind += f" {capitalise(treatment)}."
    return f"{_name(journal, row['trigger'])}. {_tell_raw(journal, row)}Adjusted: {size}.{mind}"


def _tell_first(journal: Journal, row: dict[str, Any]) -> str:
    if row["order"] == "forward":
        last = tell_when(row, journal) == LAST_BUT_ONE
        return " Of the last night alone it is not known which came first." * last
    if row["order"] == "backward":
        return " Noted after the symptom: it may be a consequence."
    if tell_when(row, journal) != SAME_DAY:
        return f" {_name(journal, row['outcome'])} may have begun in that night: which came first is not known."
    return " Which came first is not known."


def _tell_raw(journal: Journal, row: dict[str, Any]) -> str:
    levels = compare_levels(journal, row["outcome"], row["trigger"], lag=int(row["lag"]))
    if levels.empty:
        return ""
    low, high = (side for _, side in levels.iterrows())
    kinds = journal.variables.set_index("name")["kind"]
    less, more = (tell_level(journal, row["trigger"], side["limit"]) for side in (low, high))
    less, more = "with none" if low["limit"] == 0 else f"with up to {less}", f"with {more} or more"
    if kinds.get(row["trigger"]) == "yes/no":
        less, more = "without it", "with it"
    middle = low["told"]
    if middle == "share":
        lower, upper = (format_share(side["share"]) for side in (low, high))
        return f"As noted: there on {lower} of the days {less}, on {upper} of those {more}. "
    lower, upper = (format_number(side[middle], 2 if side[middle] < 10 else 3) for side in (low, high))
    alike = ": no difference before adjusting" * (lower == upper)
    return f"As noted: {less} the {middle} was {lower}, {more} {upper}{alike}. "


def show_articles(journal: Journal, found: Findings) -> Prose:
    """Say in a line what the diary says of the articles."""
    if is_short(journal) or not is_about_twitching(found.outcome):
        return Prose("")
    asked = found.answers.groupby("verdict")["question"].apply(list)
    told = [f"{len(asked[name])} {words} ({name})" for name, words in _ANSWERS.items() if name in asked]
    said = {name: [f"'{quote(question)}'" for question in asked[name]] for name in _NAMED if name in asked}
    named = "".join(f" {capitalise(_ANSWERS[name])}: {list_some(questions, 3)}." for name, questions in said.items())
    whom = "These diaries were" if is_group(journal) else "This diary was"
    counted = count_asked(found.answers, found.ledger)
    return Prose(f"## The articles\n\n{whom} asked {counted}. The answers: {', '.join(told)}.{named}")


def list_next(journal: Journal, found: Findings) -> list[str]:
    """Return at most three things to log next: how, how long, and what it would answer."""
    twitching, many = is_about_twitching(found.outcome), is_group(journal)
    course = summarise_course(journal, found.outcome)
    told = []
    if journal.episodes.empty and twitching:
        told.append(
            "**Single episodes**, for two weeks: when each began, how long it took, where, which side. Doctors ask "
            "this."
        )
    elif journal.episodes.empty and (course["n_above"] < course["n_days"]).any():
        told.append("**When it began and how long it took**, each time. Doctors ask this.")
    unclear = list_unclear(found.flags).drop("twitching since a new medicine", errors="ignore")["label"]
    if twitching and len(unclear):
        told.insert(0, f"**What is not clear of {join_words([*unclear]).lower()}**: a plain yes or no, each day.")
    if twitching and list_present(journal, found.flags, least=1):
        whose = "Somebody has a sign of the list above" if many else "A sign of the list above is there"
        told.insert(0, f"**A doctor first.** {whose}, and that needs no more days.")
        if list_present(journal, found.flags):
            return told
    if found.primary.empty:
        told.append(
            "**What may go with it**: such as sleep, stress, coffee and exercise, a number each, every evening."
        )
    elif _is_same(journal, found) and course["n_above"].any():
        told.append(
            "**How much it was**, as a count, or from 0 to 10. Where all days are the same, nothing can be seen to go "
            "with it."
        )
    else:
        told += _tell_longer(found) or _tell_twice(journal, found)
    if journal.calendar == "none":
        told.insert(0, "**The date of each entry.** Without it nothing can be said of the day before.")
    unknown = list(found.flags["label"][found.flags["state"].eq(NOT_NOTED) & found.flags["level"].eq(RED_FLAG)])
    if twitching and unknown:
        above_all = f", above all {join_words(unknown).lower()}" if len(unknown) <= _FIRST else ""
        whose = f", of each person{above_all}" if many else ""
        told.append(
            f"**The list of signs above**{whose}: once a month, each with yes or no. It tells when to see a doctor."
        )
    return told[:3]


def _tell_twice(journal: Journal, found: Findings) -> list[str]:
    """Say what as many days again would bring, where no open question names a length: errors shrink by their root."""
    days = summarise_people(journal)["n_days"].max()
    if not SHORT <= days <= _YEARS:
        return []
    if is_log_of_attacks(journal):
        return ["**Every evening, also where nothing came.** What brings it on shows only beside days without it."]
    if found.primary["estimate"].isna().all():
        return ["**Every evening**, for three months or more. So far nothing could be tested; the appendix says why."]
    more = f"Twice as many days can show effects {format_share(1 - 0.5**0.5)} smaller."
    return [f"**The same as now**, each evening, for {_tell_span(days)}. {more}"]


def _tell_span(days: float) -> str:
    """Return so many more days as people say it: in weeks up to three months, then in months."""
    if days < 90:
        return count_noun(max(1, round(days / 7)), "more week")
    return count_noun(round(days / 30.4), "more month")


def _tell_longer(found: Findings) -> list[str]:
    """Return the open question that more days would answer soonest, of those that three years of days can answer."""
    answers = found.answers
    days = pd.to_numeric(answers["days_needed"], errors="coerce")
    people = answers["n_people"].clip(lower=1)  # of a group, the days are those of all people together
    left = (days - answers["n_days"]) / people
    own = answers["verdict"].eq("inconclusive") & answers["outcome"].eq(found.outcome)
    left = left[own & left.gt(0) & (days / people).le(_YEARS)]
    if left.empty:
        return []
    row = answers.loc[left.idxmin()]
    return [
        f"**The same as now**, each evening, for {_tell_span(left.min())}. It would answer: {quote(row['question'])}"
    ]


def show_next(journal: Journal, found: Findings) -> Prose:
    """Say what to log next."""
    told = list_next(journal, found)
    return Prose("## What to log next\n\n" + "\n".join(f"- {line}" for line in told)) if told else Prose("")


def show_source(journal: Journal) -> Prose:
    """Say what the page can't do, and from which bytes it was made."""
    checksum = f"`{journal.checksum}`" if journal.checksum else "not known"
    return Prose(
        "## Limits and source\n\nA diary shows what goes together, not what causes what. A day without an entry counts "
        f"as not known. Checksum (SHA-256) of the journal: {checksum}. `./run verify report.ipynb` (installed: "
        "`twitchstats verify`) makes every number again. Versions stand at the end."
    )


def open_evidence(journal: Journal, found: Findings) -> Prose:
    """Open the evidence, where there is any, and say what each line of the picture asks."""
    if is_short(journal) or found.primary.empty:
        return Prose("")
    lines = (
        "Each line asks: on days with more of the trigger, was there more of the outcome than the person's own level, "
        "the weekday, the slow trend and the days before would let expect? The bar holds what the days allow."
    )
    return Prose(f"## The evidence\n\n{lines if found.primary['estimate'].notna().any() else ''}".strip())


def open_appendix(journal: Journal) -> Prose:
    """Open the appendix."""
    return Prose("## Appendix\n\nFor clinicians and researchers: every number, how it was made, and what it rests on.")


def open_section(
    journal: Journal,
    found: Findings,
    title: str,
    *,
    twitching: bool = False,
    triggers: bool = False,
    always: bool = False,
) -> Prose:
    """Open a section of the appendix; short diaries have only those that stand ``always``.

    Sections about ``twitching`` are left out of reports on something else, those about ``triggers`` where none is.
    """
    hidden = (is_short(journal) and not always) or (triggers and found.primary.empty)
    hidden = hidden or (twitching and not is_about_twitching(found.outcome))
    return Prose("" if hidden else f"## {title}")
