"""A log of events: one row for each twitch, cramp or attack, with its start, and none for a day without."""

import contextlib
import datetime as dt

import pandas as pd

from twitchstats.errors import JournalError
from twitchstats.journal.dates import has_clock, look_like_dates, read_clock
from twitchstats.journal.keys import find_aliases, read_days
from twitchstats.journal.layout import Column, Source, Table
from twitchstats.journal.readers.days import Days, Values, to_number
from twitchstats.journal.readers.export import Export, Record, fold, open_table, read_heading, read_top
from twitchstats.journal.readers.times import tell_utc
from twitchstats.journal.record import EPISODE_KINDS
from twitchstats.journal.tables import EPISODES, find_start, split_side
from twitchstats.journal.variable import split_header
from twitchstats.variables import find_variable, load_choices, load_words, normalise_header

NAME = "event log"
_OTHER = "Events"  # of no kind that is known
_TOLD = (
    "Each row is read as an event, so a day tells how many it has. Days without one are not in it, and so it can't "
    'tell what makes one come; if a day without a row is a day without one, say absent="none" (command line: '
    "--absent none)."
)
_NO_KIND = (
    "What these events are it doesn't say: if they are twitches, add a column 'kind' with twitch, cramp or spasm."
)
_LATER = (
    "{} events end on a later day than they begin (the first: line {}). They count on the day they begin, so a day on "
    "which one only goes on is no day without."
)
_CALM = "{} rows of intensity 0 (the first: line {}) are no events: they say that there was none."
_PLACES, _STRENGTHS = {"site", "side", "kind"}, {"intensity", "pain"}


def recognize(head: bytes) -> bool:
    """Say whether each row is an event: its start, and where it was, of which kind or how strong, and no more."""
    heading = read_heading(head)
    if len(heading) < 2 or not _PLACES.union(_STRENGTHS).intersection(map(_name_role, heading)):
        return False
    with contextlib.suppress(JournalError):
        return bool(_find_roles(read_top(head)))
    return False


def _find_roles(table: Table) -> dict[str, str]:
    """Return the folded header of each role, "start" and "time" first; nothing where rows may be no events.

    Rows that tell a date and no start are events only where days come again, and they tell of nothing but events;
    with a start, where nothing stands beside it that diaries tell of days.
    """
    columns = [column for column in table.columns if column.filled.any()]
    if not any(look_like_dates(column.levels) > 0.5 for column in find_aliases(columns, "start column")):
        return {}
    start, clock = find_start(table, numbered=False)
    roles = {"start": start} | ({"time": clock} if clock else {})
    left = [column for column in columns if column not in roles.values()]
    roles = {_name_role(column.header): column for column in left} | roles
    strange = [column.header for column in left if not _name_role(column.header)]
    if normalise_header(start.header) in load_words("date column") or not (clock or any(map(has_clock, start.levels))):
        days = read_days(start, numbered=False, today=dt.date.max)[0]
        fits = not strange and len(roles) == len(columns) and len(set(days)) <= 0.8 * len(table.rows)
        needed = _PLACES
    else:
        fits, needed = not any(map(find_variable, strange)), _PLACES | _STRENGTHS
    known = all(_are_known(role, roles[role]) for role in ("kind", "site") if role in roles)
    if not (fits and known and roles.keys() & needed):
        return {}
    return {role: fold(column.header) for role, column in roles.items() if role}


def _name_role(header: str) -> str:
    """Return what a column of a log of events tells, by its header; "" where that is nothing of an event."""
    name = normalise_header(header)
    known = (role for role in ("start", "time", "end", "person", "notes") if name in load_words(f"{role} column"))
    names = (find_variable(text, dictionary=EPISODES) for text in (header, split_header(header).stem))
    return next(known, "") or next(filter(None, names), "")


def _are_known(role: str, column: Column) -> bool:
    """Say whether most cells of a column are known kinds or sites: a place may be a town, too."""
    words = [split_side(text)[1] if role == "site" else normalise_header(text) for text in column.sample()]
    return sum(word in load_choices(role, EPISODES) for word in words) > 0.5 * len(words)


def read(source: Export) -> Source:
    """Read a log of events: they are the episodes, and of each day with one their number and the strongest."""
    table = open_table(source)
    roles, days, episodes = _find_roles(table.table), Days(NAME), list[dict[str, str]]()
    if not roles:
        raise JournalError(f"{source.name} is no log of events: each row needs a start, and a site, kind or strength.")
    start, clock, end, who, notes = (roles.get(role, "") for role in ("start", "time", "end", "person", "notes"))
    begun, ended = table.read_days(start), table.read_days(end) if end else {}
    headers = {fold(header): header for header in table.headers if fold(header) not in (start, clock, end, who, "")}
    strengths = sorted(roles[role] for role in _STRENGTHS & roles.keys())
    named = {text: _name_count(text) for text in table.list_texts(roles.get("kind", ""))}
    count = {"kind": "count", "low": "0", "combine": "sum"} | ({} if named else {"role": "outcome"})

    later, calm = list[int](), list[int]()

    def read_row(record: Record) -> Values:
        there = to_number(record[roles.get("intensity", "")]) != 0
        told = {"start": _join_moment(begun[record[start]], record[clock] or record[start])}
        told |= {"end": _join_moment(ended.get(record[end]), record[end])} if end else {}
        told |= {"person": record[who]} if who else {}
        if not there:
            calm.append(record.line)
        elif (day := begun[record[start]]) and (ended.get(record[end]) or day) > day:
            later.append(record.line)
        if there:
            episodes.append(told | {header: record[name] for name, header in headers.items() if name != notes})
        this = named.get(record[roles.get("kind", "")], _OTHER)
        kinds = dict.fromkeys([*named.values(), this])
        values = {days.name(name, **count): str(int(there and name == this)) for name in kinds}
        values |= {days.name(headers[name], combine="max"): record[name] for name in strengths}
        values |= {days.name(headers[name]): record[name] for name in headers if name not in roles.values()}
        return values | days.tell_text(record[notes])

    days.notes += [_TOLD, *([] if named else [_NO_KIND]), *tell_utc(table, start)]
    why = f"there is no date in {start!r}"
    days.add_rows(table, read_row, when=start, why=why, person=who)
    days.notes += [text.format(len(lines), lines[0]) for text, lines in ((_LATER, later), (_CALM, calm)) if lines]
    return days.finish(table, episodes=pd.DataFrame(episodes, dtype="str"))


def _name_count(kind: str) -> str:
    """Return the column that counts the episodes of a kind."""
    known = load_choices("kind", EPISODES).get(normalise_header(kind))
    return next((name for name, one in EPISODE_KINDS.items() if one == known), _OTHER)


def _join_moment(day: dt.date | None, text: str) -> str:
    """Return a day with the time of day in a text; the text where there is no day."""
    time = read_clock(text)
    return text if day is None else f"{dt.datetime.combine(day, dt.time()) + time}" if time else f"{day}"
