"""What a journal holds, counted: the frames behind the first pages of a report."""

import numpy as np
import pandas as pd

from twitchstats.arrays import IntArray
from twitchstats.errors import NotEnoughDataError, unknown_name
from twitchstats.journal import Journal
from twitchstats.panel import build_panel

_RECENT = 28  # days that are set against those before
SHORT = 30  # days below which nothing but the strongest could be found: the report stays at one page


def count_people(journal: Journal) -> int:
    """Return of how many people days were noted."""
    return len(journal.days.index.unique("person"))


def is_group(journal: Journal) -> bool:
    """Tell whether the journal is of several people."""
    return count_people(journal) > 1


def is_short(journal: Journal) -> bool:
    """Tell whether nobody's diary is long enough to ask what goes with the outcome."""
    return bool(summarise_people(journal)["n_days"].max() < SHORT)


def is_log_of_attacks(journal: Journal) -> bool:
    """Tell whether only days with the outcome were noted, so that nothing is known of the others (`read_journal`)."""
    return bool(journal.rejects["rule"].eq("attack_log").any())


def count_noted(journal: Journal) -> int:
    """Return on how many days anything was noted: a line of a template with nothing but its date is no entry."""
    return int(_find_noted(journal).sum())


def _find_noted(journal: Journal) -> "pd.Series[bool]":
    return journal.days.notna().any(axis=1)


def summarise_people(journal: Journal) -> pd.DataFrame:
    """Count each person's days.

    Returns
    -------
    DataFrame
        ``person, first, last`` (dates or day numbers), ``n_days`` (with anything noted), ``span`` (calendar days
        from first to last), ``share`` (n_days / span), ``longest_gap`` (days in a row without an entry). Where the
        journal has no order in time only ``person, n_days`` are known; the rest is missing.
    """
    rows = []
    for person, days in journal.days.groupby(level="person", sort=True):
        dates = days.index.get_level_values("date").sort_values()
        noted = days.dropna(how="all").index.get_level_values("date").sort_values()
        row: dict[str, object] = {"person": person, "n_days": len(noted)}
        if journal.calendar != "none":
            span = int(np.ptp(_number(dates))) + 1
            gap = int(np.diff(_number(noted)).max()) - 1 if len(noted) > 1 else 0
            row |= {"first": dates[0], "last": dates[-1], "span": span, "share": len(noted) / span, "longest_gap": gap}
        rows.append(row)
    columns = ["person", "first", "last", "n_days", "span", "share", "longest_gap"]
    return pd.DataFrame(rows, columns=columns)


def summarise_weeks(journal: Journal) -> pd.DataFrame:
    """Count how many of the days that could have been reported were, by week since each person's first entry.

    A day counts as possible up to the last date in the journal, and not beyond the longest diary: who stops early is
    missing from then on, who was asked for no more days is not.

    Returns
    -------
    DataFrame
        ``week`` (from 1), ``possible, reported`` (person-days), ``share``.

    Raises
    ------
    NotEnoughDataError
        The journal has no order in time, or no days.
    """
    if journal.calendar == "none":
        raise NotEnoughDataError("This journal has no order in time, so its days can't be counted by week.")
    people = journal.days.index.get_level_values("person")
    numbers = pd.Series(_number(journal.days.index.get_level_values("date")), index=people)
    if numbers.empty:
        raise NotEnoughDataError("This journal has no days.")
    first = numbers.groupby(level=0).transform("min")
    week = ((numbers - first) // 7).to_numpy()
    longest = int((numbers - first).max()) + 1
    possible_days = np.minimum(numbers.max() - first.groupby(level=0).first().to_numpy() + 1, longest)
    weeks = np.arange(int(np.ceil(possible_days.max() / 7)))
    possible = np.clip(possible_days[:, None] - 7 * weeks[None, :], 0, 7).sum(axis=0)
    reported = np.bincount(week[_find_noted(journal)], minlength=len(weeks))
    return pd.DataFrame({"week": weeks + 1, "possible": possible, "reported": reported, "share": reported / possible})


def summarise_variables(journal: Journal) -> pd.DataFrame:
    """Describe each numeric variable over all person-days.

    Returns
    -------
    DataFrame
        ``name, label, kind, unit, n_days`` (with a value), ``low, median, high`` (smallest, median, largest),
        ``share`` (of those days on which it was above zero).
    """
    rows = []
    for variable in journal.variables.to_dict("records"):
        column = journal.days[variable["name"]]
        if not pd.api.types.is_numeric_dtype(column):
            continue
        values = column.dropna()
        low, median, high = values.min(), values.median(), values.max()
        share = float((values > 0).mean()) if len(values) else np.nan
        rows.append({key: variable[key] for key in ("name", "label", "kind", "unit")}
                    | {"n_days": len(values), "low": low, "median": median, "high": high, "share": share})  # fmt: skip
    return pd.DataFrame(
        rows, columns=["name", "label", "kind", "unit", "n_days", "low", "median", "high", "share"]
    )  # fmt: skip


def hide_texts(rejects: pd.DataFrame) -> pd.DataFrame:
    """Return the refusals without the words that somebody wrote: a cell that is a text is told by its length.

    Parameters
    ----------
    rejects : DataFrame
        As `Journal.rejects`; numbers, dates in figures and units stay, whatever holds three letters in a row doesn't.
    """
    words = rejects["value"].fillna("").astype("str").str.contains(r"[^\W\d_]{3}", regex=True)
    told = [
        f"{'' if pd.isna(row) else f'row {row}, '}{column or 'the table'}: a text of {len(value)} characters ({rule})"
        for row, column, value, rule in rejects.loc[words, ["row", "column", "value", "rule"]].itertuples(index=False)
    ]
    hidden = rejects.copy()
    hidden.loc[words, "message"] = told
    return hidden.assign(value=rejects["value"].mask(words, ""))


def count_rejects(rejects: pd.DataFrame) -> pd.DataFrame:
    """Count what was refused or changed.

    Parameters
    ----------
    rejects : DataFrame
        As `Journal.rejects`.

    Returns
    -------
    DataFrame
        ``table, column, rule, action, n, example`` (the first message), most frequent first.
    """
    keys = ["table", "column", "rule", "action"]
    if rejects.empty:
        return pd.DataFrame(columns=[*keys, "n", "example"])
    filled = rejects.assign(column=rejects["column"].fillna(""))
    grouped = filled.groupby(keys, sort=True, dropna=False)["message"].agg(n="size", example="first").reset_index()
    return grouped.sort_values("n", ascending=False, kind="stable").reset_index(drop=True)


def lay_calendar(journal: Journal, variable: str) -> pd.DataFrame:
    """Lay one variable out on the calendar, with a row for each day between a person's first and last.

    Returns
    -------
    DataFrame
        ``person, day`` (0 on the person's first day), ``date`` (date, or number of the day), ``value`` (missing where
        nothing was reported).

    Raises
    ------
    UnknownNameError
        There is no such numeric variable.
    NotEnoughDataError
        The journal has no order in time.
    """
    if journal.calendar == "none":
        raise NotEnoughDataError("This journal has no order in time, so it can't be laid out on a calendar.")
    if variable not in journal.days.columns:
        raise unknown_name("variable", variable, journal.days.columns)
    panel = build_panel(journal, variables=[variable])
    values = panel.get(variable)
    frames = []
    for position, days in enumerate(summarise_people(journal).itertuples()):
        span = np.arange(int(days.span))
        dates = days.first + (pd.to_timedelta(span, unit="D") if journal.calendar == "date" else span)
        frames.append(
            pd.DataFrame({"person": days.person, "day": span, "date": dates, "value": values[position, span]})
        )
    return pd.concat(frames, ignore_index=True)


def summarise_months(calendar: pd.DataFrame) -> pd.DataFrame:
    """Summarise a calendar by month, or by 28 days where days are numbered.

    Parameters
    ----------
    calendar : DataFrame
        As `lay_calendar` returns it.

    Returns
    -------
    DataFrame
        ``period, days, reported, mean, median, highest`` over all people.
    """
    if pd.api.types.is_datetime64_any_dtype(calendar["date"]):
        period = calendar["date"].dt.strftime("%b %Y")
    else:
        block = (calendar["date"] - calendar["date"].min()) // 28
        first = calendar["date"].min() + 28 * block
        period = pd.Series([f"day {a} to {a + 27}" for a in first], index=calendar.index)
    # People begin on different days: periods go by the calendar, not by who comes first.
    ordered = calendar["date"].argsort(kind="stable")
    grouped = calendar["value"].iloc[ordered].groupby(period.to_numpy()[ordered], sort=False)
    table = grouped.agg(days="size", reported="count", mean="mean", median="median", highest="max")
    return table.rename_axis("period").reset_index()


def count_values(journal: Journal, variable: str) -> pd.DataFrame:
    """Count person-days by the value of one variable.

    Returns
    -------
    DataFrame
        ``value, n_days, share``; more than twelve values are gathered in at most ten bands of equal width, whole
        numbers in bands of whole numbers, named by their lower edge in ``value``.
    """
    values = journal.days[variable].dropna().to_numpy(float)
    distinct = np.unique(values)
    if len(distinct) > 12:
        low, high = distinct[0], distinct[-1]
        width = np.ceil((high - low + 1) / 10)
        whole = np.all(distinct % 1 == 0)
        edges = np.arange(low, high + width + 1, width) if whole else np.linspace(low, high, 11)
        counts, distinct = np.histogram(values, bins=edges)[0], edges[:-1]
    else:
        counts = np.array([(values == value).sum() for value in distinct], dtype=int)
    return pd.DataFrame({"value": distinct, "n_days": counts, "share": counts / max(1, len(values))})


def choose_level(values: "pd.Series[float]") -> str:
    """Return how days are summed up: "share" of those above 0 where most have none or none more than 1, or "median".

    >>> choose_level(pd.Series([0, 0, 3])), choose_level(pd.Series([0, 2, 3]))
    ('share', 'median')
    """
    return "share" if values.median() == 0 or values.max() <= 1 else "median"


def summarise_course(journal: Journal, outcome: str) -> pd.DataFrame:
    """Describe how an outcome went over each person's diary, its last weeks set against the spans before.

    Returns
    -------
    DataFrame
        ``person, n_days`` (with a value), ``n_above`` (above zero), ``median, n_more`` (days above the median),
        ``highest, longest_spell`` (days in a row above zero; a day without an entry ends a spell), ``told`` (by
        `choose_level`), ``recent`` (that of the last 28 calendar days), ``n_recent`` (how many of these have a value),
        ``before`` (of all days before), ``way`` (from there to the recent ones: "lower" or "higher" where the mean went
        the same way, and a median of whole numbers, or a share's days, by one or more), ``before_low, before_high``
        (its range over the whole spans of 28 days before), ``n_spans``. What needs an order in time, or earlier
        spans, is missing without.

    >>> import twitchstats as tw
    >>> journal, _ = tw.simulate_journal(people=1, days=90, world="demo", seed=8)
    >>> summarise_course(journal, "twitches")["n_spans"].item()
    2
    """
    rows = []
    ordered = journal.calendar != "none"
    laid = lay_calendar(journal, outcome) if ordered else journal.days[outcome].rename("value").reset_index()
    for person, days in laid.groupby("person", sort=True):
        values = days["value"].reset_index(drop=True)
        told = choose_level(values)
        share = told == "share"
        row: dict[str, object] = {"person": person, "n_days": values.count(), "n_above": int((values > 0).sum())}
        row |= {"told": told, "median": values.median(), "highest": values.max()}
        row |= {"n_more": int((values > values.median()).sum()), "n_spans": 0}
        if ordered:
            edges = np.flatnonzero(np.diff(np.concatenate([[0], values > 0, [0]])))
            row["longest_spell"] = int(np.diff(edges)[::2].max(initial=0))
            levels = (values > 0).astype(float).where(values.notna()) if share else values
            level = pd.Series.mean if share else pd.Series.median
            spans = [level(levels[max(0, end - _RECENT) : end]) for end in range(len(values), 0, -_RECENT)]
            whole = spans[1 : len(values) // _RECENT]
            row |= {"n_recent": values[-_RECENT:].count()}
            row |= {"recent": spans[0], "before": level(levels[:-_RECENT]), "n_spans": len(whole)}
            step, mean_step = spans[0] - row["before"], values[-_RECENT:].mean() - values[:-_RECENT].mean()
            least = 1.0 if (values.dropna() % 1 == 0).all() else 0.0
            least = 1 / max(1, values[-_RECENT:].count()) if share else least  # a day
            row["way"] = _name_way(step, mean_step, least)
            if np.isfinite(whole).any():
                row |= {"before_low": np.nanmin(whole), "before_high": np.nanmax(whole)}
        rows.append(row)
    columns = ["person", "n_days", "n_above", "told", "median", "n_more", "highest", "longest_spell", "recent",
               "n_recent", "before", "way", "before_low", "before_high", "n_spans"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _name_way(step: float, mean_step: float, least: float) -> str | None:
    """Return which way a level went, by at least so much; where the mean went elsewhere that is not clear."""
    if np.isnan(step):
        return None
    if abs(step) < least or not step:
        return "about the same" if step else "the same"
    word = "lower" if step < 0 else "higher"
    return word if step * mean_step > 0 else f"not clear, as the mean is not {word}"


def compare_levels(journal: Journal, outcome: str, trigger: str, *, lag: int = 0) -> pd.DataFrame:
    """Set the outcome of days after little of a trigger against days after much of it, as it was written down.

    Nothing is adjusted: weekday, trend and older days may make the difference, or hide one. Days are split at each
    person's own thirds of the trigger, or into none and some where a third and more have none.

    Returns
    -------
    DataFrame
        Two rows, ``side`` "low" and "high": ``limit`` (the side holds values up to, or from, it; of several people
        the median of theirs), ``n_days, median, mean`` (of the outcome; of several people the median of theirs),
        ``share`` (of days on which it was above zero, likewise), ``told`` (by `choose_level`, of all these days; "mean"
        where both medians are alike, which would look like no difference).
        Empty where no person has days on both sides.

    >>> import twitchstats as tw
    >>> journal, _ = tw.simulate_journal(people=1, days=90, world="demo", seed=8)
    >>> compare_levels(journal, "twitches", "sleep")["side"].tolist()
    ['low', 'high']
    """
    panel = build_panel(journal, variables=[trigger, outcome])
    rows, used = [], []
    for dose, values in zip(panel.lag(trigger, lag), panel.get(outcome), strict=True):
        both = np.isfinite(dose) & np.isfinite(values)
        dose, values = dose[both], values[both]
        if len(dose) < 2 or dose.min() == dose.max():
            continue
        used.append(pd.Series(values))
        low, high = np.quantile(dose, [1 / 3, 2 / 3], method="inverted_cdf")
        if low == dose.min() and (dose > low).any():
            high = dose[dose > low].min()
        elif low == high:
            low = dose[dose < high].max()
        for side, limit, chosen in (("low", low, dose <= low), ("high", high, dose >= high)):
            there, part = pd.Series(values[chosen]), {"side": side, "limit": limit, "n_days": int(chosen.sum())}
            rows.append(part | {"median": there.median(), "mean": there.mean(), "share": (there > 0).mean()})
    columns = ["side", "limit", "n_days", "median", "mean", "share"]
    if not rows:
        return pd.DataFrame(columns=[*columns, "told"])
    how = dict.fromkeys(columns[1:], "median") | {"n_days": "sum"}
    table = pd.DataFrame(rows, columns=columns).groupby("side", sort=False).agg(how).reset_index()
    told = choose_level(pd.concat(used))
    alike = table["median"].eq(table["median"].iloc[0]).all()
    return table.assign(told="mean" if told == "median" and alike else told)


def count_sites(journal: Journal) -> pd.DataFrame:
    """Count episodes by site and side, the commonest first: ``site, side`` ("" where not noted), ``n, share``."""
    episodes = journal.episodes
    if "site" not in episodes or episodes["site"].notna().sum() == 0:
        return pd.DataFrame(columns=["site", "side", "n", "share"])
    side = episodes["side"].fillna("") if "side" in episodes else pd.Series("", index=episodes.index)
    counted = episodes.assign(side=side).dropna(subset="site").groupby(["site", "side"]).size().rename("n")
    table = counted.reset_index().sort_values(["n", "site", "side"], ascending=[False, True, True], kind="stable")
    return table.assign(share=table["n"] / table["n"].sum()).reset_index(drop=True)


def count_hours(journal: Journal) -> pd.DataFrame:
    """Count episodes by the hour in which they began: ``hour`` (0 to 23), ``n``; empty where no times were noted."""
    start = journal.episodes.get("start", pd.Series(dtype="float"))
    if not pd.api.types.is_datetime64_any_dtype(start) or not (start.dropna().dt.hour > 0).any():
        return pd.DataFrame(columns=["hour", "n"])
    counts = start.dropna().dt.hour.value_counts().reindex(range(24), fill_value=0)
    return pd.DataFrame({"hour": range(24), "n": counts.to_numpy(int)})


def _number(dates: pd.Index) -> IntArray:
    """Return whole day numbers of dates or of numbered days."""
    if isinstance(dates, pd.DatetimeIndex):
        return dates.to_numpy().astype("datetime64[D]").astype(np.int64)
    return dates.to_numpy(dtype=np.int64)
