"""What a journal holds, counted: the frames behind the first pages of a report."""

import numpy as np
import pandas as pd

from twitchstats.errors import NotEnoughDataError, unknown_name
from twitchstats.journal import Journal
from twitchstats.panel import build_panel


def summarise_people(journal: Journal) -> pd.DataFrame:
    """Count each person's days.

    Returns
    -------
    DataFrame
        ``person, first, last`` (dates or day numbers), ``n_days`` (reported), ``span`` (calendar days from first to
        last), ``share`` (n_days / span), ``longest_gap`` (days in a row without an entry). Where the journal has no
        order in time only ``person, n_days`` are known; the rest is missing.
    """
    rows = []
    for person, days in journal.days.groupby(level="person", sort=True):
        dates = days.index.get_level_values("date").sort_values()
        row: dict[str, object] = {"person": person, "first": None, "last": None, "n_days": len(dates)}
        row |= {"span": np.nan, "share": np.nan, "longest_gap": np.nan}
        if journal.calendar != "none":
            numbers = _number(dates)
            span = int(numbers[-1] - numbers[0]) + 1
            gap = int(np.diff(numbers).max()) - 1 if len(numbers) > 1 else 0
            row |= {"first": dates[0], "last": dates[-1], "span": span, "share": len(dates) / span, "longest_gap": gap}
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
    reported = np.bincount(week, minlength=len(weeks))
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
        ``value, n_days, share``; more than twelve values are gathered in ten bands of equal width, named by their
        lower edge in ``value``.
    """
    values = journal.days[variable].dropna().to_numpy(float)
    distinct = np.unique(values)
    if len(distinct) > 12:
        edges = np.linspace(distinct[0], distinct[-1], 11)
        counts, distinct = np.histogram(values, bins=edges)[0], edges[:-1]
    else:
        counts = np.array([(values == value).sum() for value in distinct], dtype=int)
    return pd.DataFrame({"value": distinct, "n_days": counts, "share": counts / max(1, len(values))})


def _number(dates: pd.Index) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return whole day numbers of dates or of numbered days."""
    if isinstance(dates, pd.DatetimeIndex):
        return dates.to_numpy().astype("datetime64[D]").astype(np.int64)
    return dates.to_numpy(dtype=np.int64)
