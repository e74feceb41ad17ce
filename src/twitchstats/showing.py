"""Results that tell themselves: frames as tables to read, with a caption that says what they show.

The frames themselves stay plain; what is rounded and worded here is for eyes only.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING, cast

import pandas as pd

from twitchstats.errors import check_table, check_whole
from twitchstats.findings import rank_effects
from twitchstats.inference import VERDICTS
from twitchstats.numbers import MISSING, format_date, format_number, format_share
from twitchstats.report.summary import count_people
from twitchstats.report.tables import Table, escape_text, format_frame, show_table
from twitchstats.report.wording.prose import Prose, count_noun, join_words, list_some, to_plain
from twitchstats.report.wording.rows import (
    CLEAR,
    OPEN,
    POSSIBLE,
    judge_effects,
    label_of,
    lay_columns,
    tell_dates,
    tell_estimate,
    tell_interval,
    tell_order,
)
from twitchstats.report.wording.short import tell_days

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from twitchstats.journal import Journal

DPI = 144  # sharp on paper
_EFFECTS = ("trigger", "lag", "estimate", "ci_lower", "ci_upper", "p_value", "p_adjusted", "measure")
_NAMES = {"person": "Person", "question": "Question", "trigger": "Trigger", "remedy": "Remedy", "site": "Site",
          "sites": "Sites", "sign": "Sign", "shape": "Shape", "direction": "Direction", "lag": "Days before",
          "limit": "Within", "naive": "After / before"}  # fmt: skip
_WORTH = {"median": "Median", "p_adjusted": "p, adjusted", "n_people": "People", "n_days": "Days",
          "n_episodes": "Episodes", "n_spells": "Spells", "reading": "Reading", "reason": "Why not"}  # fmt: skip


def tell_effects(effects: pd.DataFrame, journal: Journal | None = None, *, most: int = 3) -> Prose:
    """Say in a sentence how many triggers were tested, and which are clear.

    Parameters
    ----------
    effects : DataFrame
        As `estimate_effects` returns it.
    journal : Journal, optional
        Gives the triggers their labels.
    most : int
        How many of the clear ones are named.

    Examples
    --------
    >>> import twitchstats as tw
    >>> tell_effects(tw.estimate_effects(tw.read_demo(), triggers="stress", lags=0))
    1 trigger in 1 row: 0 clear, 0 possible, 1 that can't be told.
    """
    check_table("effects", effects, _EFFECTS)
    check_whole("most", most, least=0)
    tested = rank_effects(effects[effects["estimate"].notna()])
    if tested.empty:
        return Prose("Nothing could be tested.")
    words = judge_effects(tested)
    named = [
        f"{label_of(journal, row['trigger'])} {tell_estimate(row)} ({tell_interval(row)}), {tell_order(row, journal)}"
        for row in tested[words == CLEAR].to_dict("records")
    ]
    n_triggers, left = tested["trigger"].nunique(), len(effects) - len(tested)
    rows = f"{count_noun(len(tested), 'row')}{f' ({left} more not tested)' if left else ''}"
    head = f"{count_noun(n_triggers, 'trigger')} in {rows}: {(words == CLEAR).sum()} clear"
    told = f" ({list_some(named, most)})" if named[:most] else ""
    return Prose(f"{head}{told}, {(words == POSSIBLE).sum()} possible, {(words == OPEN).sum()} that can't be told.")


def show_effects(effects: pd.DataFrame, journal: Journal | None = None, *, most: int = 12) -> Table:
    """Show effects for reading: Trigger, One step, When, Effect, 95 % interval, Verdict, Caution; the surest first.

    Parameters
    ----------
    effects : DataFrame
        As `estimate_effects` returns it; it stays as it is.
    journal : Journal, optional
        Gives the triggers their labels.
    most : int
        How many rows are shown; the caption counts all.

    Returns
    -------
    Table
        Its caption is `tell_effects`; its ``text`` holds the shown words as a frame.

    Examples
    --------
    >>> import twitchstats as tw
    >>> rows = tw.estimate_effects(tw.read_demo(), triggers=["caffeine", "stress"], lags=0)
    >>> list(tw.show_effects(rows).text)
    ['Trigger', 'One step', 'When', 'Effect', '95 % interval', 'Verdict', 'Caution']
    """
    check_table("effects", effects, (*_EFFECTS, "caution", "reason"))
    check_whole("most", most, least=0)
    ordered = effects.assign(verdict=judge_effects(effects)).pipe(rank_effects)
    shown = ordered.head(most)
    rows = lay_columns(shown, "Trigger", "One step", "When", "Effect", "95 % interval", journal=journal).assign(
        Verdict=shown["verdict"].to_list(),
        Caution=shown["caution"].mask(shown["estimate"].isna(), shown["reason"]).replace("", MISSING).to_list(),
    )
    more = f" The {most} surest of {len(ordered):,} rows." if len(ordered) > most else ""
    return show_table(rows, f"{to_plain(tell_effects(effects, journal))}{more}")


def show_estimates(frame: pd.DataFrame, words: str = "", *, most: int = 12) -> Table:
    """Show any frame of estimates: what they are of, Effect, 95 % interval, and what they rest on.

    Parameters
    ----------
    frame : DataFrame
        ``estimate, ci_lower, ci_upper`` and, where they differ, names such as ``site`` or ``remedy``; ``measure`` says
        on which scale (without it: a difference or a correlation). Columns in which nothing stands are left out.
    words : str
        The caption.
    most : int
        How many rows are shown.

    Examples
    --------
    >>> row = {"site": ["calf"], "measure": "share", "estimate": 0.25, "ci_lower": 0.2, "ci_upper": 0.3, "n_people": 24}
    >>> list(show_estimates(pd.DataFrame(row)).text.columns)
    ['Site', 'Effect', '95 % interval', 'People']
    """
    check_table("frame", frame, ("estimate", "ci_lower", "ci_upper"))
    check_whole("most", most, least=0)
    shown = frame.head(most).reset_index(drop=True)
    measured = shown if "measure" in shown else shown.assign(measure="difference")
    told = {label: shown[name] for name, label in _NAMES.items() if name in shown}
    if len(shown) and "Person" in told and told["Person"].eq(told["Person"].iloc[0]).all():
        del told["Person"]
    worth = {label: shown[name].rename(name) for name, label in _WORTH.items() if name in shown}
    table = format_frame(pd.DataFrame(told)).assign(**lay_columns(measured, "Effect", "95 % interval"))
    for label, values in worth.items():
        text = format_frame(values.to_frame()).iloc[:, 0]
        if text.ne(MISSING).any():
            table[label] = text
    more = f" The first {most} of {len(frame):,} rows." if len(frame) > most else ""
    return Table(table, f"{to_plain(words)}{more}".strip())


def show_frame(frame: pd.DataFrame, words: str = "", *, share: bool = False, most: int = 40) -> Table:
    """Show any frame with headings for readers; the two ends of an interval become one column.

    Parameters
    ----------
    frame : DataFrame
        An index that has a name is shown, too.
    words : str
        The caption.
    share : bool
        Whether columns of figures between 0 and 1 are shares, told in per cent.
    most : int
        How many rows are shown.

    Examples
    --------
    >>> show_frame(pd.DataFrame({"n_days": [3], "ci_lower": [0.1], "ci_upper": [0.25]}), "Few.")
    Few.
    n days 95 % interval
         3   0.1 to 0.25
    >>> print(show_frame(pd.DataFrame({"risk": [0.00006], "n": 3}), share=True))
            risk n
    6 in 100,000 3
    """
    check_table("frame", frame)
    check_whole("most", most, least=0)
    shown = frame.head(most).reset_index(drop=frame.index.names == [None]).rename(columns=str)
    if share:
        figures = shown.select_dtypes("float")
        inside = figures.columns[((figures >= 0) & (figures <= 1) | figures.isna()).all()]
        shown = shown.assign(**{name: shown[name].map(format_share) for name in inside})
    table = format_frame(shown)
    for start in ("ci", "risk", "prediction"):
        if {f"{start}_lower", f"{start}_upper"} <= set(table):
            table[f"{start}_lower"] += " to " + table.pop(f"{start}_upper")
    headings = {"ci_lower": "95 % interval", "risk_lower": "95 % interval", "prediction_lower": "one more person"}
    named = table.rename(columns=headings).rename(columns=lambda name: str(name).replace("_", " "))
    more = f" The first {most} of {len(frame):,} rows." if len(frame) > most else ""
    return Table(named, f"{to_plain(words)}{more}".strip())


def show_answers(answers: pd.DataFrame, *, most: int = 12) -> Table:
    """Show answers for reading: Question, Articles, Effect, 95 % interval, Verdict, Why or caution.

    Parameters
    ----------
    answers : DataFrame
        As `answer_questions` returns it; it stays as it is.
    most : int
        How many rows are shown; the caption counts all.

    Returns
    -------
    Table
        Its caption counts the verdicts.

    Examples
    --------
    >>> import twitchstats as tw
    >>> questions = tw.load_questions().query("question_id == 'sleep-twitches'")
    >>> tw.show_answers(tw.answer_questions(tw.read_demo(), questions=questions)).text[["Articles", "Verdict"]]
      Articles    Verdict
    0   A2, A4  supported
    """
    check_table("answers", answers, ("question", "articles", "estimate", "verdict", "reason", "caution"))
    check_whole("most", most, least=0)
    shown = answers.head(most).assign(articles=answers["articles"].str.replace(" ", ", "))
    more = f" The first {most}." if len(answers) > most else ""
    names = ("Question", "Articles", "Effect", "95 % interval", "Verdict", "Why, or caution")
    return show_table(_lay_verdicts(shown)[[*names]], f"{to_plain(tell_counts(answers['verdict'], 'question'))}{more}")


def show_claims(ledger: pd.DataFrame) -> Table:
    """Show the ledger of claims for reading, what the data can say something about first.

    Parameters
    ----------
    ledger : DataFrame
        As `check_claims` returns it; it stays as it is.

    Returns
    -------
    Table
        Claim, Article, Statement, Verdict, Effect, 95 % interval, Why or caution; the caption counts the verdicts.
    """
    rank = ledger["verdict"].map({verdict: place for place, verdict in enumerate(VERDICTS)})
    shown = ledger.assign(rank=rank).sort_values(["rank", "p_adjusted"], kind="stable")
    names = ("Claim", "Verdict", "Effect", "95 % interval", "Statement", "Why, or caution")
    return show_table(_lay_verdicts(shown)[[*names]], to_plain(tell_counts(ledger["verdict"], "claim")))


def _lay_verdicts(shown: pd.DataFrame) -> pd.DataFrame:
    """Return answers or claims with the headings and words of readers."""
    rows = shown.rename(columns={"claim_id": "Claim"}).rename(columns=str.capitalize).reset_index(drop=True)
    return rows.assign(**lay_columns(shown, "Effect", "95 % interval"), **{"Why, or caution": _tell_why(shown)})


class Drawing:
    """A figure as PNG with its description; the bytes hold no software version and no date."""

    def __init__(self, figure: Figure, alt: str) -> None:
        from matplotlib import pyplot as plt
        from matplotlib.text import Text
        from matplotlib.ticker import LogFormatterMathtext, NullFormatter

        self.alt = alt
        stream = BytesIO()
        for axis in (axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)):
            if isinstance(
                axis.get_major_formatter(), LogFormatterMathtext
            ):  # it writes formulas, which stay plain here
                axis.set_major_formatter("{x:,g}")
                axis.set_minor_formatter(NullFormatter())
        for text in figure.findobj(Text):
            text.set_parse_math(False)  # a $ in somebody's label is a $, and nothing that could fail to be drawn
        figure.savefig(stream, format="png", dpi=DPI, metadata={"Software": None}, bbox_inches="tight")
        plt.close(figure)  # else the notebook would show it a second time
        self.png = base64.b64encode(stream.getvalue()).decode("ascii")

    def __repr__(self) -> str:
        return f"Picture: {self.alt}"

    def _repr_mimebundle_(self, **options: object) -> tuple[Mapping[str, str], Mapping[str, object]]:
        return {"image/png": self.png, "text/plain": repr(self)}, {"image/png": {"alt": self.alt}}


def show_figure(drawn: Axes | Figure, words: str) -> Drawing:
    """Return a figure as a picture that carries what it shows in words, for those who can't see it.

    Parameters
    ----------
    drawn : Axes or Figure
        What a plot function returned.
    words : str
        What the picture tells; Markdown is taken out.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> show_figure(Figure(), "Twitches **rise** with caffeine.")
    Picture: Twitches rise with caffeine.
    """
    from matplotlib.figure import Figure

    return Drawing(drawn if isinstance(drawn, Figure) else cast("Figure", drawn.figure), to_plain(words))


def tell_counts(values: pd.Series, noun: str, plural: str | None = None) -> Prose:
    """Say how often each value occurs, the commonest first.

    Examples
    --------
    >>> tell_counts(pd.Series(["open", "clear", "open"]), "question")
    Of 3 questions: 2 open and 1 clear.
    """
    counts = values.astype("str").value_counts().sort_index().sort_values(ascending=False, kind="stable")
    told = [f"{count:,} {value}" for value, count in counts.items()]
    return Prose(f"Of {count_noun(len(values), noun, plural)}: {join_words(told)}." if told else f"No {noun} here.")


def tell_range(
    values: pd.Series | pd.DataFrame,
    what: str,
    *,
    share: bool = True,
    by: str | list[str] | None = None,
    value: str = "estimate",
) -> Prose:
    """Say where figures lie: lowest, median and highest, each end with its name.

    Parameters
    ----------
    values : Series or DataFrame
        The figures; their index names them.
    what : str
        What they are of.
    share : bool
        Whether they are shares, told in per cent.
    by, value : str
        Of a frame: the column or columns that name the figures, and the one that holds them.

    Examples
    --------
    >>> tell_range(pd.Series({"calm": 0.04, "drifting": 0.6, "weekly": 0.1}), "False alarms")
    False alarms: lowest 4 % (calm), median 10 %, highest 60 % (drifting).
    """
    if isinstance(values, pd.DataFrame):
        values = (values if by is None else values.set_index(by))[value]
    known = values.dropna()
    if known.empty:
        return Prose(f"{what}: no figure known.")
    tell = format_share if share else format_number
    if known.min() == known.max():
        times = f" (all {len(known)})" if len(known) > 1 else ""
        return Prose(f"{what}: {tell(float(known.iloc[0]))}{times}.")
    ends = (int(known.to_numpy().argmin()), int(known.to_numpy().argmax()))
    low, high = (f"{tell(float(known.iloc[place]))} ({_join_name(known.index[place])})" for place in ends)
    return Prose(f"{what}: lowest {low}, median {tell(float(known.median()))}, highest {high}.")


def show_journal(journal: Journal) -> str:
    """Return a journal's card as HTML, all text of the user escaped; `Journal` shows it in a notebook.

    It tells people, dates, how complete the days are (a strip, one sign a tenth of the time), what was refused and
    what was combined, and the variables by role.
    """
    actions = journal.rejects["action"].value_counts()
    refused = int(actions.drop(labels=["kept", "rows combined"], errors="ignore").sum())
    roles = journal.variables.groupby("role", sort=True)["label"].apply(lambda names: list_some(list(names), 12))
    when = ", without an order in time" if journal.calendar == "none" else f", {tell_dates(journal)}"
    rows = [
        ("People", f"{count_people(journal):,}"),
        ("Days", f"{len(journal.days):,}{when}"),
        ("Complete", _draw_strip(journal)),
        ("Refused", f"{count_noun(refused, 'row or cell', 'rows or cells')} (see .rejects)"),
        ("Combined", count_noun(int(actions.get("rows combined", 0)), "row")),
        ("Episodes", f"{len(journal.episodes):,}"),
        ("About", journal.outcome or MISSING),
        *((role, names) for role, names in roles.items()),
    ]
    cells = "".join(f'<tr><th scope="row">{escape_text(a)}</th><td>{escape_text(b)}</td></tr>' for a, b in rows if b)
    told = to_plain(tell_days(journal, journal.outcome)) if journal.outcome and journal.outcome in journal.days else ""
    caption = f"<caption>{escape_text(f'{journal.source}. {told}'.strip('. '))}.</caption>"
    return f"<table>{caption}<tbody>{cells}</tbody></table>"


def _draw_strip(journal: Journal, parts: int = 10) -> str:
    """Draw how many of each person's days were reported, in tenths of the time from first to last entry."""
    if journal.calendar == "none" or journal.days.empty:
        return ""
    dates = journal.days.index.get_level_values("date")
    days = pd.Series(dates.to_numpy().astype("datetime64[D]").astype(int) if journal.calendar == "date" else dates)
    position = days - days.min()
    span = int(position.max()) + 1
    people = count_people(journal)
    counts = (position * parts // span).value_counts().reindex(range(parts), fill_value=0)
    possible = pd.Series(range(span)).mul(parts).floordiv(span).value_counts().reindex(range(parts), fill_value=0)
    shares = (counts / (possible * people).clip(lower=1)).clip(upper=1)
    signs = "".join("▁▂▃▄▅▆▇█"[min(7, int(share * 8))] for share in shares)
    return f"{signs} {format_share(len(days) / (span * people))}"


def _tell_why(frame: pd.DataFrame) -> list[str]:
    """Return why a row has no estimate, with the columns that it lacks, or else its caution."""
    needs = frame.get("needs", pd.Series("", index=frame.index))
    reason = frame["reason"].mask(needs.ne(""), "not in this journal: " + needs.str.replace("_", " "))
    return frame["caution"].where(frame["reason"].eq(""), reason).to_list()


def _join_name(name: object) -> str:
    parts = name if isinstance(name, tuple) else (name,)
    return ", ".join(format_number(part, 4) if isinstance(part, float) else format_date(part) for part in parts)
