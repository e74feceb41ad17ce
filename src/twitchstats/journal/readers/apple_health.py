"""Apple Health: export.zip or export.xml, read as a stream, whatever its size."""

import datetime as dt
import math
import re
from array import array
from collections import Counter, defaultdict
from typing import Any
from xml.sax import SAXException
from xml.sax.handler import ContentHandler

import numpy as np
from defusedxml import DefusedXmlException
from defusedxml.expatreader import create_parser

from twitchstats.errors import JournalError
from twitchstats.journal.layout import Source
from twitchstats.journal.readers.days import Days, to_number
from twitchstats.journal.readers.export import Export
from twitchstats.journal.readers.times import (
    NAP,
    date_night,
    is_nap,
    join_spans,
    read_moment,
    read_offset,
    shift_moment,
    unite_hours,
)
from twitchstats.journal.source import guard_errors

NAME = "Apple Health"
_CHUNK, _QUIET = 1 << 20, 16
_QUANTITY, _CATEGORY = "HKQuantityTypeIdentifier", "HKCategoryTypeIdentifier"
_LITRES = {"L": 1.0, "mL": 0.001, "fl_oz_us": 0.0295735295625, "fl_oz_imp": 0.0284130625, "cup_us": 0.2365882365}
_MILLIGRAMS = {"mg": 1.0, "g": 1000.0, "mcg": 0.001}
_MINUTES = {"min": 1.0, "hr": 60.0, "s": 1 / 60}
_MEAN = {"kind": "amount", "combine": "mean"}
# Type -> column, units with their factors, what the format says of it.
_AMOUNTS: dict[str, tuple[str, dict[str, float], dict[str, str]]] = {
    "DietaryCaffeine": ("Caffeine (mg)", _MILLIGRAMS, {"name": "caffeine", "unit": "mg"}),
    "DietaryWater": ("Water (L)", _LITRES, {"name": "fluid", "unit": "L"}),
    "DietaryMagnesium": ("Magnesium (mg)", _MILLIGRAMS, {"name": "magnesium", "unit": "mg"}),
    "DietaryPotassium": ("Potassium (mg)", _MILLIGRAMS, {"name": "potassium", "unit": "mg"}),
    "DietaryCalcium": ("Calcium (mg)", _MILLIGRAMS, {"name": "calcium", "unit": "mg"}),
    "DietarySodium": ("Sodium (mg)", _MILLIGRAMS, {"name": "sodium", "unit": "mg"}),
    "NumberOfAlcoholicBeverages": ("Alcohol (drinks)", {"count": 1.0}, {"name": "alcohol", "unit": "drinks"}),
    "StepCount": ("Steps", {"count": 1.0}, {"kind": "count"}),
    "AppleExerciseTime": ("Apple exercise time (min)", _MINUTES, {"unit": "min"}),
    "TimeInDaylight": ("Time in daylight (min)", _MINUTES, {"unit": "min"}),
    "RestingHeartRate": ("Resting heart rate (beats/min)", {"count/min": 1.0}, _MEAN),
    "HeartRateVariabilitySDNN": ("Heart rate variability (ms)", {"ms": 1.0, "s": 1000.0}, _MEAN),
}
# What lasts -> column, its units in an hour, what the format says of it.
_SPANS: dict[str, tuple[str, float, dict[str, str]]] = {
    "Asleep": ("Sleep (h)", 1.0, {"name": "sleep", "unit": "h", "timing": "night"}),
    "InBed": ("Time in bed (h)", 1.0, {"name": "time_in_bed", "unit": "h", "timing": "night"}),
    "Workout": ("Workouts (min)", 60.0, {"name": "exercise", "unit": "min"}),
    "Mindful minutes": ("Mindful minutes", 60.0, {"unit": "min"}),
}
_SLEEPS = frozenset({"Asleep", "InBed"})
_LONGEST = 2880.0  # minutes: two days, longer than any sleep or workout
_DEVICES = frozenset({"StepCount", "AppleExerciseTime", "TimeInDaylight"})
_SEVERITIES = {"NotPresent": "0", "Mild": "1", "Moderate": "2", "Severe": "3"}
_FLOWS = {"None": "no", "Unspecified": "yes", "Light": "yes", "Medium": "yes", "Heavy": "yes"}
_ASLEEP = re.compile(r"Asleep(?:Core|Deep|REM|Unspecified)?")


def recognize(head: bytes) -> bool:
    """Say whether a file is the export.xml of Apple Health."""
    start = head[:4000].lstrip(b"\xef\xbb\xbf \r\n\t")
    return start.startswith(b"<") and (b"<!DOCTYPE HealthData" in start or b"<HealthData" in start)


def read(source: Export) -> Source:
    """Read the export.xml of Apple Health in little memory.

    Days are those of the local times as they are written. Sleep is the time that any device saw asleep, and belongs to
    the day of waking; naps are apart. Steps that phone and watch counted beside each other are those of the one that
    counted more. Minutes that two apps tell of count once, and so does the same amount at the same time.
    """
    records = _Records()
    parser = create_parser(forbid_dtd=False, forbid_entities=True, forbid_external=True)
    parser.setContentHandler(records)
    quiet = 0
    with guard_errors(source.name), source.open() as file:
        try:
            while chunk := file.read(_CHUNK):
                before = records.elements
                parser.feed(chunk)
                quiet = 0 if records.elements > before else quiet + 1
                if quiet > _QUIET:
                    raise JournalError(f"{source.name} goes on for {_QUIET} MB without a record, so it is no export.")
            parser.close()
        except (SAXException, DefusedXmlException, LookupError, AssertionError, AttributeError) as error:
            told = error.getMessage() if isinstance(error, SAXException) else str(error) or "no element found"
            raise JournalError(
                f"{source.name} is no complete XML file ({told}, line {parser.getLineNumber()}). Export it again."
            ) from None
    return records.finish()


class _Records(ContentHandler):
    """Adds up records by day as they come."""

    def __init__(self) -> None:
        super().__init__()
        self.days = Days(NAME, record="record")
        # For each day by device: a fingerprint and the amount of each reading, in turn.
        self.amounts: defaultdict[tuple[str, str], defaultdict[str, array[float]]] = defaultdict(
            lambda: defaultdict(lambda: array("d"))
        )
        self.spans: defaultdict[tuple[str, str], list[tuple[dt.datetime, dt.datetime]]] = defaultdict(list)
        self.zones: dict[tuple[str, str], dt.timedelta] = {}  # of the times of a night
        self.means: defaultdict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
        self.first: dict[tuple[str, str], int] = {}
        self.counts: Counter[tuple[str, str]] = Counter()
        self.unread: Counter[str] = Counter()
        self.first_unread = 0
        self.number = self.elements = 0

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802, ANN401
        self.elements += 1
        if name == "Workout":
            self.number += 1
            self._add_minutes("Workout", dict(attrs))
        elif name == "Record":
            self.number += 1
            self._add_record(dict(attrs))

    def _add_record(self, cells: dict[str, str]) -> None:
        kind = cells.get("type", "")
        quantity, category = kind.removeprefix(_QUANTITY), kind.removeprefix(_CATEGORY)
        if quantity in _AMOUNTS:
            self._add_quantity(quantity, cells)
        elif category == "SleepAnalysis":
            self._add_sleep(cells)
        elif category == "MindfulSession":
            self._add_minutes("Mindful minutes", cells)
        elif category == "MenstrualFlow":
            value = cells.get("value", "").removeprefix("HKCategoryValueMenstrualFlow")
            value = value.removeprefix("HKCategoryValueVaginalBleeding")
            column = self.days.name("Menstruation", name="menstruation", kind="yes/no", combine="max")
            self._add_word(column, _FLOWS.get(value), cells, kind)
        elif cells.get("value", "").startswith("HKCategoryValueSeverity"):
            label = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", category).capitalize()
            column = self.days.name(label, group="symptom", kind="rating", low="0", high="3", combine="max")
            self._add_word(column, _SEVERITIES.get(cells["value"].removeprefix("HKCategoryValueSeverity")), cells, kind)
        else:
            self._skip(quantity if quantity != kind else category)

    def _skip(self, kind: str) -> None:
        self.first_unread = self.first_unread or self.number
        self.unread[kind] += 1

    def _add_quantity(self, kind: str, cells: dict[str, str]) -> None:
        moment = read_moment(cells.get("startDate", ""))
        _, units, facts = _AMOUNTS[kind]
        factor, value = units.get(cells.get("unit", "")), to_number(cells.get("value", ""))
        if moment is None or factor is None or value is None:
            self.days.leave(self.number, f"{kind} without a time, a number, or a unit out of {', '.join(units)}")
            return
        key = (kind, moment.date().isoformat())
        self._count(key)
        if facts is _MEAN:
            self.means[key][0] += value * factor
            self.means[key][1] += 1
        else:
            same = hash((cells["startDate"], cells.get("endDate"), cells["value"])) % 2**53  # as a float has it, too
            device = cells.get("sourceName", "") if kind in _DEVICES else ""
            self.amounts[key][device].extend((same, value * factor))

    def _add_minutes(self, kind: str, cells: dict[str, str]) -> None:
        start, end = read_moment(cells.get("startDate", "")), read_moment(cells.get("endDate", ""))
        factor, value = _MINUTES.get(cells.get("durationUnit", "")), to_number(cells.get("duration", ""))
        minutes = value * factor if value is not None and factor is not None else None
        if minutes is None and start and end:
            minutes = (end - start).total_seconds() / 60
        if start is None or minutes is None or not 0 <= minutes <= _LONGEST:
            self.days.leave(self.number, f"{kind} without a time or a duration")
            return
        key = (kind, start.date().isoformat())
        self._count(key)
        self.spans[key].append((start, shift_moment(start, dt.timedelta(minutes=minutes)) or start))

    def _add_sleep(self, cells: dict[str, str]) -> None:
        start, end = read_moment(cells.get("startDate", "")), read_moment(cells.get("endDate", ""))
        value = cells.get("value", "").removeprefix("HKCategoryValueSleepAnalysis")
        if start is None or end is None or not dt.timedelta() <= end - start <= dt.timedelta(minutes=_LONGEST):
            self.days.leave(self.number, "a sleep without a start and an end after it")
        elif _ASLEEP.fullmatch(value) or value == "InBed":
            key = ("InBed" if value == "InBed" else "Asleep", date_night(end).isoformat())
            self._count(key)
            self.zones[key] = read_offset(cells["endDate"]) or dt.timedelta()
            offsets = [read_offset(cells[at]) or dt.timedelta() for at in ("startDate", "endDate")]
            self.spans[key].append((shift_moment(start, -offsets[0]) or start, shift_moment(end, -offsets[1]) or end))
        else:
            self._skip(f"SleepAnalysis {value}")

    def _add_word(self, column: str, word: str | None, cells: dict[str, str], kind: str) -> None:
        moment = read_moment(cells.get("startDate", ""))
        if moment is None or word is None:
            name = kind.removeprefix(_CATEGORY)
            self.days.leave(self.number, f"{name} without a time, or with a value that says no size")
            return
        self.days.add(self.number, moment.date(), {column: word})

    def _count(self, key: tuple[str, str]) -> None:
        self.first.setdefault(key, self.number)
        self.counts[key] += 1

    def finish(self) -> Source:
        """Put the sums into days."""
        for (kind, day), found in self.amounts.items():
            told = [np.unique(np.reshape(some, (-1, 2)), axis=0) for some in found.values()]
            column, _, facts = _AMOUNTS[kind]
            name = self.days.name(column, **({"kind": "amount", "low": "0", "combine": "sum"} | facts))
            if n_again := sum(map(len, found.values())) // 2 - sum(map(len, told)):
                why = "the same amount at the same time was told before on that day"
                self.days.leave(self.first[kind, day], why, records=n_again)
                self.counts[kind, day] -= n_again
            # exact sums: the fingerprints, and with them the order, are others in each run
            self._put((kind, day), {name: max(math.fsum(some[:, 1]) for some in told)})
        for (kind, day), (total, count) in self.means.items():
            self._put((kind, day), {self.days.name(_AMOUNTS[kind][0], **_MEAN): total / count})
        for (kind, day), spans in self.spans.items():
            column, factor, facts = _SPANS[kind]
            name = self.days.name(column, kind="amount", combine="sum", **facts)
            naps = self._find_naps((kind, day), spans) if kind in _SLEEPS else []
            spans = [span for span in spans if not any(start <= span[0] <= end for start, end in naps)]
            if spans:
                self._put((kind, day), {name: factor * unite_hours(spans)})
        if self.unread:
            named = ", ".join(f"{kind} ({count:,})" for kind, count in self.unread.most_common(8))
            self.days.leave(self.first_unread, f"types that are not read: {named}", records=self.unread.total())
        return self.days.finish()

    def _find_naps(
        self, key: tuple[str, str], spans: list[tuple[dt.datetime, dt.datetime]]
    ) -> list[tuple[dt.datetime, dt.datetime]]:
        """Return the naps among the sleeps of a day, and put what was slept in them into a column of its own."""
        zone = self.zones[key]
        naps = [(a, b) for a, b in join_spans(spans, dt.timedelta(hours=1)) if is_nap(a + zone, b + zone)]
        for start, end in naps:
            some = [span for span in spans if start <= span[0] <= end]
            self.counts[key] -= len(some)
            name = self.days.name("Nap (h)", unit="h", **NAP)
            told = {name: unite_hours(some)} if key[0] == "Asleep" else {}
            self.days.add(self.first[key], (end + zone).date(), told, records=len(some))
        return naps

    def _put(self, key: tuple[str, str], values: dict[str, object]) -> None:
        self.days.add(self.first[key], key[1], values, records=self.counts[key])
