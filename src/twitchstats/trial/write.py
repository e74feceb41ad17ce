"""A plan on paper: a CSV to fill in, a page to print, calendar entries, and the plan itself to be read again."""

import html
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from twitchstats.errors import JournalError, OptionError, tell_missing
from twitchstats.files import StrPath, as_path, format_csv, make_folder, read_file, write_files
from twitchstats.journal.write import write_header
from twitchstats.sequential import spend_alpha
from twitchstats.trial.lots import DESIGNS
from twitchstats.trial.plan import LEAST_TRIAL, LONGEST, Options, Plan, read_start, seal_plan
from twitchstats.variables import find_row

FILES = {"plan": "plan.json", "table": "schedule.csv", "page": "schedule.html", "calendar": "schedule.ics"}
MOST_BYTES = 10_000_000
MOST_OCTETS = 75  # of a line of a calendar
ADVICE = (
    "This is about something you may do or leave of your own accord. It is no treatment and no diagnosis. Stop "
    "whenever you feel unwell, and see a doctor about weakness, wasting of muscles, trouble with speaking or "
    "swallowing, or anything that worries you, whatever a trial shows."
)
POWER_LABELS = (
    "Person", "Effect", "Told as", "Found with a chance of", "With one look at the end",
    "Days to find it in 4 of 5 trials",
)  # fmt: skip


def write_plan(plan: Plan, folder: StrPath) -> list[Path]:
    """Write a plan for people to use, into new files.

    Parameters
    ----------
    plan : Plan
    folder : path
        Made where it is not there.

    Returns
    -------
    list of Path
        ``plan.json`` (options, seed, seal), ``schedule.csv`` (a row a day to fill in: it is a journal),
        ``schedule.html`` (a page to print) and, for dated plans, ``schedule.ics`` (a calendar).

    Raises
    ------
    OptionError
        A file is there already.

    Examples
    --------
    >>> import tempfile
    >>> import twitchstats as tw
    >>> plan = tw.plan_trial("caffeine", days=60, seed=1)
    >>> folder = tempfile.TemporaryDirectory()
    >>> [path.name for path in tw.write_plan(plan, folder.name)]
    ['plan.json', 'schedule.csv', 'schedule.html']
    >>> tw.read_plan(folder.name).seal == plan.seal
    True
    >>> folder.cleanup()
    """
    if not isinstance(plan, Plan):
        raise OptionError(f"plan={plan!r:.60} is no plan. Read it by read_plan, or make one by plan_trial.")
    place = make_folder(folder)
    files = {
        "plan": json.dumps(
            {**asdict(plan.options), "seed": plan.seed, "chosen": plan.chosen, "seal": plan.seal}, indent=1
        ),
        "table": format_csv(lay_table(plan)),
        "page": format_page(plan),
    }
    if isinstance(plan.options.starts[0], str):
        files["calendar"] = format_calendar(plan)
    return write_files({place / FILES[name]: text for name, text in files.items()})


def read_plan(path: StrPath) -> Plan:
    """Read a plan again, from its file or its folder.

    Raises
    ------
    JournalError
        It is no plan.
    OptionError
        It does not fit its seal: it was changed after it was made.

    Examples
    --------
    >>> import tempfile
    >>> import twitchstats as tw
    >>> plan = tw.plan_trial("caffeine", days=60, seed=1)
    >>> folder = tempfile.TemporaryDirectory()
    >>> _ = tw.write_plan(plan, folder.name)
    >>> tw.read_plan(folder.name).schedule.equals(plan.schedule)
    True
    >>> folder.cleanup()
    """
    file = as_path(path, "a plan, or of its folder")
    file = file / FILES["plan"] if file.is_dir() else file
    try:
        told: dict[str, Any] = json.loads(read_file(file, limit=MOST_BYTES))
        seed, seal, chosen = told.pop("seed"), told.pop("seal"), told.pop("chosen")
        options = Options(**{**told, **{name: tuple(told[name]) for name in ("people", "starts", "looks")}})
        _check_told(options, seed, chosen)
    except FileNotFoundError:
        raise JournalError(tell_missing(file)) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OptionError) as error:
        raise JournalError(f"{file} is no plan of a trial ({error}). Name the plan.json that was written.") from None
    if seal_plan(options, seed, chosen) != seal:
        raise OptionError(f"{file} does not fit its seal: options or seed were changed after it was made.")
    return Plan(options, seed, seal, chosen)


def _check_told(asked: Options, seed: object, chosen: object) -> None:
    """Raise ValueError for options that no plan has: a file may say anything, also under a seal of its own."""
    sound = (
        all(type(number) is int and number >= 0 for number in (asked.days, asked.period, asked.washout, seed))
        and asked.period > 0
        and LEAST_TRIAL <= asked.days <= LONGEST
        and all(type(name) is str and name for name in (asked.trigger, asked.outcome, *asked.people))
        and asked.design in DESIGNS
        and asked.kind in ("count", "amount", "rating", "yes/no")
        and len(asked.people) == len(set(asked.people)) == len(asked.starts) > 0
        and [read_start(start) for start in asked.starts] == list(asked.starts)
        and -np.inf < asked.low < asked.high < np.inf
        and isinstance(chosen, bool)
    )
    if not sound:
        raise ValueError("options of another kind")
    spend_alpha(asked.looks)


def lay_table(plan: Plan) -> pd.DataFrame:
    """Return the schedule as a journal to fill in: ``person, date`` (or day), ``condition``, trigger and outcome.

    Trigger and outcome with their unit or scale, so that they are read as what they are.
    """
    schedule = plan.schedule
    dated = isinstance(plan.options.starts[0], str)
    dates = schedule["date"].dt.strftime("%Y-%m-%d") if dated else schedule["date"]
    told = {name: find_row(name) for name in (plan.options.trigger, plan.options.outcome)}
    heads = [write_header(name, row["kind"], row["unit"], row["low"], row["high"]) if row else name
             for name, row in told.items()]  # fmt: skip
    return pd.DataFrame(
        {"person": schedule["person"], "date" if dated else "day": dates, "condition": schedule["condition"]}
        | dict.fromkeys(heads)
    )


def name_condition(plan: Plan, condition: int) -> str:
    """Return what is to be done on a day, in words.

    >>> from twitchstats.trial.plan import plan_trial
    >>> plan = plan_trial("caffeine", days=28, seed=1)
    >>> name_condition(plan, 1), name_condition(plan, 0)
    ('caffeine: 200 mg', 'caffeine: 0 mg')
    """
    row = find_row(plan.options.trigger)
    label = str(row.get("label", plan.options.trigger)).lower()
    if (plan.options.low, plan.options.high) == (0.0, 1.0):
        return f"{'with' if condition else 'without'} {label}"
    amount = plan.options.high if condition else plan.options.low
    return f"{label}: {amount:g} {row.get('unit', '')}".strip()


def format_page(plan: Plan) -> str:
    """Return a page to print: what to do on which day, boxes to fill in, what it can find, and the seal."""
    asked = plan.options
    rows = [(row.person, _tell_day(row.date),
             f"{name_condition(plan, row.condition)}{'' if row.analysed else ' (wash-out)'}", "", "")
            for row in plan.schedule.itertuples()]  # fmt: skip
    days = _format_table(("Person", "Day", "What to do", "Taken", asked.outcome), rows)
    power = ""
    if len(plan.power):
        told = [
            (row.person, f"{row.effect:.3g}", row.measure, f"{row.power:.0%}", f"{row.power_one_look:.0%}",
             "more than ten years" if np.isnan(row.days_needed) else f"{row.days_needed:.0f}")
            if np.isfinite(row.power)
            else (row.person, f"{row.effect:.3g}", row.measure, *["not known: the diary never varies"] * 3)
            for row in plan.power.itertuples()
        ]  # fmt: skip
        power = f"<h2>What it can find</h2>{_format_table(POWER_LABELS, told)}"
    early = [f"day {day}" for day in asked.look_days[:-1]]
    looks = f"after {', '.join(early)} and at the end" if early else "once, at the end"
    title = html.escape(f"A trial: {asked.trigger} and {asked.outcome}")
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>body{{font:14px sans-serif;max-width:50em;margin:2em auto}}table{{border-collapse:collapse;width:100%}}
td,th{{border:1px solid #999;padding:.25em .5em;text-align:left}}
tr{{break-inside:avoid}}</style></head>
<body><h1>{title}</h1><p>{html.escape(ADVICE)}</p>
<p>{asked.days} days, drawn by lot ({asked.design}); looked at {looks}. Fill in each day what you
took and what you counted, also when you did not keep to it. Leave no day out: a day without an entry is told as
missing.</p>{power}
<h2>The days</h2>{days}
<p>Seal: <code>{plan.seal}</code>. Whoever is given it before the first day can check afterwards that neither the
days nor the question were changed.</p></body></html>
"""


def _format_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"<tr><td>{'</td><td>'.join(map(html.escape, row))}</td></tr>" for row in rows]
    heads = f"<tr><th>{'</th><th>'.join(map(html.escape, head))}</th></tr>"  # again on each printed page
    return f"<table><thead>{heads}</thead><tbody>{''.join(lines)}</tbody></table>"


def _tell_day(date: object) -> str:
    return f"{date:%a} {date.day} {date:%b %Y}" if isinstance(date, pd.Timestamp) else f"day {date}"


def format_calendar(plan: Plan) -> str:
    """Return the days of a dated plan as all-day entries of iCalendar (RFC 5545)."""
    stamp = f"{plan.options.starts[0]}T000000Z".replace("-", "")
    several = len(plan.options.people) > 1
    events = [
        line
        for number, row in enumerate(plan.schedule.itertuples())
        for line in (
            "BEGIN:VEVENT", f"UID:{plan.seal[:20]}-{number}@twitchstats", f"DTSTAMP:{stamp}",
            f"DTSTART;VALUE=DATE:{row.date:%Y%m%d}",
            f"SUMMARY:{_escape(f'{row.person}: ' if several else '')}{_escape(name_condition(plan, row.condition))}",
            "TRANSP:TRANSPARENT", "END:VEVENT",
        )
    ]  # fmt: skip
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//twitchstats//trial//EN", *events, "END:VCALENDAR"]
    return "".join(f"{_fold(line)}\r\n" for line in lines)


def _escape(text: str) -> str:
    for sign in "\\;,":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\n", "\\n").replace("\r", "")


def _fold(line: str) -> str:
    """Return a line cut into parts of at most 75 bytes, never inside a letter."""
    parts = [""]
    for sign in line:
        if len(f" {parts[-1]}{sign}".encode()) > MOST_OCTETS:
            parts.append("")
        parts[-1] += sign
    return "\r\n ".join(parts)
