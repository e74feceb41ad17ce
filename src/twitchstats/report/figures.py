"""The pictures of a report as SVG: readable on a phone, in grey print, and in words for those who can't see them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from twitchstats.journal import Journal
from twitchstats.numbers import format_effect, format_number, format_share
from twitchstats.plots.drawing import RATIOS, choose_limits, choose_ratios
from twitchstats.report.summary import count_values, lay_calendar
from twitchstats.report.wording.prose import Prose, capitalise, count_noun, list_some
from twitchstats.report.wording.rows import CLEAR, judge_effects, label_of, name_scale, tell_when

WIDTH = 360  # about a phone's: text in a picture is never smaller than text beside it
SHADES = ("#ffffff", "#d3e3ee", "#93b8d3", "#4a83ad", "#12456b")  # light to dark: grey print keeps the order
_INK, _SOFT, _BODY = "#1c2430", "#5b6675", "#e4e8ed"
_PER_SQUARE = 100
_BANDS = 3  # of the calendar strip below each other, about a year and a half
_PEOPLE = 40  # strips below each other
_EFFECTS = 20  # rows below each other
_WEEKS = 26  # about so many beside each other
_EDGE = 20.0  # nearer to the edge a label would be cut
_RADIUS = 6.5  # of the largest circle on the body: no two places lie nearer than its width
# Where a site lies: view, distance from the middle line, height
PLACES = {
    "eyelid": ("front", 7, 15), "face": ("front", 13, 28), "jaw": ("front", 7, 41), "neck": ("back", 7, 46),
    "shoulder": ("back", 22, 57), "back": ("back", 11, 88), "chest": ("front", 12, 68), "abdomen": ("front", 9, 104),
    "arm": ("front", 31, 82), "forearm": ("front", 40, 116), "hand": ("back", 47, 146), "thumb": ("front", 43, 148),
    "hip": ("back", 13, 128), "thigh": ("front", 13, 165), "calf": ("back", 14, 212), "foot": ("front", 15, 250),
}  # fmt: skip
_LIMBS = ("M36 58 L26 100 L15 142", "M84 58 L94 100 L105 142", "M49 128 L47 190 L46 246", "M71 128 L73 190 L74 246")


class Picture:
    """An SVG with its description, in words that tell what it shows.

    >>> Picture("<svg/>", "Nothing is drawn.")
    Picture: Nothing is drawn.
    """

    def __init__(self, svg: str, alt: str) -> None:
        self.svg = svg
        self.alt = alt

    def __repr__(self) -> str:
        return f"Picture: {self.alt}"

    def _repr_mimebundle_(self, **options: object) -> tuple[Mapping[str, str], Mapping[str, object]]:
        return {"image/svg+xml": self.svg, "text/plain": repr(self)}, {"image/svg+xml": {"alt": self.alt}}


def draw_outcome(journal: Journal, outcome: str) -> Picture:
    """Draw the outcome on the calendar of one person, as rows of many, or as shares where there is no order in time."""
    label = label_of(journal, outcome)
    if journal.calendar == "none":
        counted = count_values(journal, outcome)
        names = [format_number(float(value)) for value in counted["value"]]
        return draw_bars(names, counted["n_days"], label=f"days by {label}")
    calendar = lay_calendar(journal, outcome)
    many = len(calendar["person"].unique()) > 1
    return draw_people(calendar, label=label) if many else draw_strip(calendar, label=label)


def draw_effects(effects: pd.DataFrame, journal: Journal | None = None) -> Picture | Prose:
    """Draw effects with their intervals, a row each: a triangle up or down stands out, a hollow circle does not.

    Parameters
    ----------
    effects : DataFrame
        As `estimate_effects` returns it, of one measure; rows without an estimate are left out.
    journal : Journal, optional
        Gives the triggers their labels.
    """
    tested = effects[effects["estimate"].notna()]
    if tested.empty:
        return Prose("")
    left_out = f"the first {_EFFECTS} of {len(tested)}" if len(tested) > _EFFECTS else ""
    tested = tested.head(_EFFECTS)
    names = [
        f"{_shorten(label_of(journal, row['trigger']))}, {tell_when(row, journal)}" for row in tested.to_dict("records")
    ]
    effects = tested.assign(name=names, found=judge_effects(tested) == CLEAR)
    measure = str(effects["measure"].iloc[0])
    low, high = choose_limits(effects, measure)
    if measure in RATIOS:  # what lies further out is as unknown as nothing at all
        low, high = max(low, 0.01), min(high, 100.0)
    none = 1.0 if measure in RATIOS else 0.0
    scale = np.log if measure in RATIOS else np.asarray
    left, right = float(scale(low)), float(scale(high))

    def place(value: float) -> float:
        return 8 + (WIDTH - 16) * (float(scale(min(max(value, low), high))) - left) / (right - left)

    bottom = 36.0 * len(effects) + 4
    shapes = [
        part
        for at, row in enumerate(effects.to_dict("records"))
        for part in _draw_row(row, at, place, none, (low, high))
    ]
    ticks, free = choose_ratios(low, high, most=6) if measure in RATIOS else _choose_ticks(low, high), 0.0
    for tick in ticks:
        x, label = place(tick), format_effect(tick, measure)
        anchor = "start" if x < _EDGE else "end" if x > WIDTH - _EDGE else "middle"
        start = x - 6.0 * len(label) * {"start": 0, "middle": 0.5, "end": 1}[anchor]
        if start >= free:  # else the label before would be written over
            shapes.append(_text(x, bottom + 12, label, size=10, anchor=anchor))
            free = start + 6.0 * len(label) + 2
    unit = "" if journal is None else name_scale(journal, effects.iloc[0]).strip()
    more = f"more{unit and ' '}{unit} →"
    shapes += [_text(0, bottom + 28, "← less", size=11), _text(WIDTH, bottom + 28, more, size=11, anchor="end")]
    shapes += [_text(WIDTH / 2, bottom + 28, left_out, size=11, anchor="middle")] * bool(left_out)
    found = effects[effects["found"]]
    told = [f"{row['name']} {format_effect(row['estimate'], measure)}" for row in found.to_dict("records")]
    alt = f"{left_out or len(effects)} possible trigger{'s' * (len(effects) > 1)} with effect and 95 % interval. "
    alt += f"Standing out: {list_some(told)}." if told else "None stands out."
    return Picture(_wrap(shapes, bottom + 34), capitalise(alt))


def _draw_row(
    row: Mapping[str, object], at: int, place: Callable[[float], float], none: float, limits: tuple[float, float]
) -> list[str]:
    """Draw an effect below its name; where its interval passes the limits, an arrow."""
    estimate, lower, upper = (float(str(row[name])) for name in ("estimate", "ci_lower", "ci_upper"))
    y, x = 36 * at + 24, place(estimate)
    width = 2.6 if row["found"] else 1.1
    line = (
        f'<path d="M{place(none):.1f} {y - 8} v16" stroke="{_SOFT}" stroke-dasharray="3 2"/>'
        f'<path d="M{place(lower):.1f} {y} H{place(upper):.1f}" stroke="{_INK}" stroke-width="{width}"/>'
    )
    for cut, end, way in ((lower < limits[0], place(lower), 5), (upper > limits[1], place(upper), -5)):
        line += (
            f'<path d="M{end + way:.1f} {y - 4} L{end:.1f} {y} L{end + way:.1f} {y + 4}" fill="none" stroke="{_INK}"/>'
            * cut
        )
    if not row["found"]:
        mark = f'<circle cx="{x:.1f}" cy="{y}" r="4" fill="#fff" stroke="{_INK}"/>'
    else:
        tip = -6 if estimate > none else 6
        mark = f'<path d="M{x - 6:.1f} {y - tip} L{x + 6:.1f} {y - tip} L{x:.1f} {y + tip} Z" fill="{_INK}"/>'
    return [_text(0, y - 10, str(row["name"]), size=11), line, mark]


def _shorten(label: str) -> str:
    return label if len(label) < 42 else f"{label[:40]}…"


def _choose_ticks(low: float, high: float) -> list[float]:
    power = 10 ** np.floor(np.log10((high - low) / 2))
    step = power * next(factor for factor in (1, 2, 5, 10) if (high - low) / (factor * power) <= 5)
    return [float(round(tick * step, 9)) for tick in range(int(np.ceil(low / step)), int(high // step) + 1)]


def draw_people(calendar: pd.DataFrame, *, label: str) -> Picture:
    """Draw the days of the first people, a small strip for each: darker is more, white is none, a line is no entry.

    >>> frame = pd.DataFrame({"person": ["a", "b"], "day": 0, "value": [2.0, 4.0]})
    >>> draw_people(frame, label="Cramps").alt
    'Cramps of 2 people, a strip of days each; the medians of a day run from 2 to 4.'
    """
    values = calendar["value"].to_numpy(float)
    shade, edges = shade_values(values)
    people = list(calendar.groupby("person", sort=True).indices.items())
    names = 8 + 6 * min(12, max(len(str(person)) for person, _ in people))
    pitch = (WIDTH - names) / (int(calendar["day"].max()) + 1)
    shapes = []
    for at, (person, rows) in enumerate(people[:_PEOPLE]):
        y = 13 * at + 2.0
        shapes.append(_text(0, y + 9, str(person)[:12], size=10))
        shapes.append(
            f'<path d="M{names} {y + 5} H{names + pitch * len(rows):.1f}" stroke="{_SOFT}" stroke-width=".6"/>'
        )
        days = calendar["day"].to_numpy()[rows]
        shapes += [
            _rect(names + pitch * day, y, max(pitch, 1.2), SHADES[level], height=10.0)
            for day, level in zip(days, shade[rows], strict=True)
            if level >= 0
        ]
    height = 13 * len(people[:_PEOPLE]) + 8
    span = f"the first {_PEOPLE} of {count_noun(len(people), 'person', 'people')}" if len(people) > _PEOPLE else ""
    shapes += [_text(0, height + 26, span, size=11)] * bool(span)
    gap = f'<path d="M0 {height + 5} h10" stroke="{_SOFT}" stroke-width=".6"/>'
    shapes += _draw_key(edges, height, gap=gap)
    medians = calendar.groupby("person")["value"].median()
    alt = (
        f"{label} of {len(people)} people, a strip of days each{span and ', '}{span}; the medians of a day run from "
        f"{format_number(float(medians.min()))} to {format_number(float(medians.max()))}."
    )
    return Picture(_wrap(shapes, height + (30 if span else 16)), alt)


def draw_bars(
    names: Sequence[str], values: ArrayLike, *, label: str, unit: str = "", every: int | None = None
) -> Picture:
    """Draw counts as bars; every so manieth has its name below, by default as many as fit."""
    counts = np.asarray(values, float)
    every = every or -(-len(counts) // 12)
    pitch, top, start = WIDTH / len(counts), 90.0, 32
    shapes = [_text(0, 12, capitalise(label), size=12)]
    for at, (name, count) in enumerate(zip(names, counts, strict=True)):
        height = top * count / max(counts.max(), 1)
        shapes.append(_rect(pitch * at, start + top - height, pitch - 2, SHADES[3], height=height))
        if at % every == 0:
            shapes.append(_text(pitch * at, start + top + 14, f"{name}{unit}", size=11))
    most = int(counts.argmax())
    shapes.append(_text(min(pitch * most, WIDTH - 60), start - 4, f"{int(counts[most]):,}", size=11))
    least = int(counts.argmin())
    alt = f"Bars of {label}: most, {int(counts[most]):,}, at {names[most]}{unit}; "
    alt += f"least, {int(counts[least]):,}, at {names[least]}{unit}."
    return Picture(_wrap(shapes, start + top + 20), alt)


def draw_hours(hours: pd.DataFrame) -> Picture | Prose:
    """Draw in which hours episodes began (`count_hours`)."""
    if hours.empty:
        return Prose("")
    names = [str(hour) for hour in hours["hour"]]
    return draw_bars(names, hours["n"], label="episodes by the hour they began", unit=" h", every=6)


def draw_icons(rate: float, *, among: str) -> Picture:
    """Draw a rate as squares of a hundred people each, those with a case marked.

    >>> draw_icons(0.00005, among="adults").alt[:60]
    '1,000 squares stand for 100 adults each, 100,000 in all; 5 o'
    """
    per = 100_000
    squares, cases = per // _PER_SQUARE, round(rate * per)
    columns, pitch = 50, WIDTH / 50
    rows = -(-squares // columns)
    marked = {int(place) for place in np.linspace(0, squares - 1, cases + 2)[1:-1]}
    shapes = [
        _rect(
            pitch * (place % columns), pitch * (place // columns), pitch - 1.4, _INK if place in marked else SHADES[1]
        )
        for place in range(squares)
    ]
    alt = (
        f"{squares:,} squares stand for {_PER_SQUARE} {among} each, {per:,} in all; {cases} of the squares are dark: "
        f"each holds one person with the illness. {per - cases:,} people do not have it."
    )
    return Picture(_wrap(shapes, rows * pitch), alt)


def draw_strip(calendar: pd.DataFrame, *, label: str) -> Picture:
    """Draw one person's days, a column for each week: darker is more, an outline is none, hatched is no entry.

    Long diaries go on below, the longest end with their last bands.

    Parameters
    ----------
    calendar : DataFrame
        As `lay_calendar` returns it, of one person.
    label : str
        What is counted.

    >>> frame = pd.DataFrame({"day": [0, 1], "date": [1, 2], "value": [2.0, np.nan]})
    >>> draw_strip(frame, label="cramps").alt
    'Calendar of cramps: 1 of 1 day with an entry above zero, the highest 2; hatched: 1 day without an entry.'
    """
    shown = calendar.tail(7 * _WEEKS * _BANDS)
    values, dates = shown["value"].to_numpy(float), shown["date"]
    dated = pd.api.types.is_datetime64_any_dtype(dates)
    offset = dates.iloc[0].weekday() if dated else 0
    place = np.arange(len(values)) + offset
    total = int(place[-1]) // 7 + 1
    bands = max(1, round(total / _WEEKS))
    weeks = max(_WEEKS, -(-total // bands))
    shade, edges = shade_values(values)
    pitch = (WIDTH - 28) / weeks
    band = 7 * pitch + 22
    shapes, told, free = [], "", 0.0
    for position, level in zip(place, shade, strict=True):
        week, day = divmod(int(position), 7)
        x, y = 28 + pitch * (week % weeks), 16 + band * (week // weeks) + pitch * day
        shapes.append(_day(x, y, pitch - 1.5, int(level)))
        name = f"{dates.iloc[position - offset]:%b}" if dated else f"week {week + 1}"
        if week % weeks == 0 and day == 0:
            free = 0.0
        if day == 0 and name != told and free <= x <= WIDTH - 24 and (dated or week % 8 == 0):
            shapes.append(_text(x, y - 4, name, size=11))
            told, free = name, x + 28
    for number in range(bands):
        for day, name in ((0, "Mon"), (2, "Wed"), (4, "Fri"), (6, "Sun")) if dated else ():
            shapes.append(_text(0, 16 + band * number + pitch * (day + 0.85), name, size=11))
    height = bands * band + 8
    shapes += _draw_key(edges, height + 8)
    span = f"the last {count_noun(len(shown), 'day')} of {len(calendar):,}" if len(shown) < len(calendar) else ""
    shapes += [_text(0, height + 34, span, size=11)] * bool(span)
    known = np.isfinite(values)
    left = count_noun(int((~known).sum()), "day")
    alt = (
        f"Calendar of {label}{span and ', '}{span}: {int((values[known] > 0).sum())} of "
        f"{count_noun(int(known.sum()), 'day')} with an entry above zero, the highest "
        f"{format_number(float(values[known].max(initial=0)))}"
        f"{'' if known.all() else f'; hatched: {left} without an entry'}."
    )
    return Picture(_wrap(shapes, height + (40 if span else 24)), alt)


def shade_values(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[np.ndarray, list[float]]:
    """Return a shade for each value (-1 not known, 0 zero, 1 to 4 the quarters of what is above), and their ends.

    >>> shade_values(np.array([np.nan, 0.0, 1, 2, 3, 4]))
    (array([-1,  0,  1,  2,  3,  4]), [1.0, 2.0, 3.0, 4.0])
    """
    above = values[values > 0]
    edges = sorted(set(np.quantile(above, [0.25, 0.5, 0.75, 1.0], method="inverted_cdf"))) if len(above) else []
    shade = np.where(values > 0, np.searchsorted(edges, values) + 1, 0) if edges else np.zeros(len(values), dtype=int)
    return np.where(np.isfinite(values), shade, -1), [float(edge) for edge in edges]


def draw_body(sites: pd.DataFrame) -> Picture | Prose:
    """Draw where episodes were, on a body seen from the front and from the back (`count_sites`).

    A circle's area tells how many there were, those of both sides on either; a hollow one that no side was noted.
    """
    if sites.empty:
        return Prose("")
    shapes = [_text(180, 12, "Where episodes were", size=12, anchor="middle")]
    for view, x in (("front", 30), ("back", 210)):
        shapes.append(_draw_outline(x))
        right, left = (x + 22, x + 98) if view == "front" else (x + 98, x + 22)
        shapes.append(_text(x + 60, 276, view, size=12, anchor="middle"))
        shapes += [_text(at, 292, side, size=11, anchor="middle") for at, side in ((right, "right"), (left, "left"))]
    placed = _place_episodes(sites)
    most = max(placed.values())
    for (site, way, noted), n in placed.items():
        view, across, y = PLACES[site]
        middle = 90 if view == "front" else 270
        radius = _RADIUS * (n / most) ** 0.5
        look = f'fill="{SHADES[3]}" fill-opacity=".8"' if noted else 'fill="none"'
        shapes.append(f'<circle cx="{middle + way * across}" cy="{y}" r="{radius:.1f}" {look} stroke="{_INK}"/>')
    first = "; ".join(
        f"{' '.join(filter(None, (row['side'], row['site'])))} {format_share(row['share'])}"
        for row in sites.head(5).to_dict("records")
    )
    alt = f"Body from front and back with {len(sites)} places of {int(sites['n'].sum()):,} episodes. Most: {first}."
    return Picture(_wrap(shapes, 298), alt)


def _place_episodes(sites: pd.DataFrame) -> dict[tuple[str, int, bool], float]:
    """Return how many episodes were at each site on the picture's left (-1) and right (1), and if a side was noted."""
    placed: dict[tuple[str, int, bool], float] = {}
    for row in sites.to_dict("records"):
        mirror = -1 if PLACES[row["site"]][0] == "front" else 1  # seen from the front, a left arm is on the right
        for way in {"right": [mirror], "left": [-mirror]}.get(row["side"], [-1, 1]):
            key = (row["site"], way, bool(row["side"]))
            placed[key] = placed.get(key, 0.0) + row["n"]
    return placed


def _draw_outline(x: float) -> str:
    limbs = "".join(
        f'<path d="{path}" fill="none" stroke="{_BODY}" stroke-width="15" stroke-linecap="round" '
        f'stroke-linejoin="round"/>' for path in _LIMBS
    )  # fmt: skip
    trunk = (
        f'<circle cx="60" cy="24" r="21" fill="{_BODY}"/><rect x="52" y="38" width="16" height="14" fill="{_BODY}"/>'
        f'<path d="M34 52 Q60 42 86 52 L80 100 L82 134 L38 134 L40 100 Z" fill="{_BODY}"/>'
    )
    return f'<g transform="translate({x} 4)">{limbs}{trunk}</g>'


def _draw_key(edges: list[float], y: float, *, gap: str = "") -> list[str]:
    shapes = [
        gap or _day(0, y, 10, -1),
        _text(14, y + 9, "no entry", size=11),
        _day(66, y, 10, 0),
        _text(80, y + 9, "none", size=11),
    ]
    for number, edge in enumerate(edges):
        x = 118 + 60 * number
        shapes += [_day(x, y, 10, number + 1), _text(x + 14, y + 9, f"to {format_number(edge)}", size=11)]
    return shapes


def _day(x: float, y: float, size: float, level: int) -> str:
    if level > 0:
        return _rect(x, y, size, SHADES[level])
    box = f'<rect x="{x:.1f}" y="{y:.1f}" width="{size:.1f}" height="{size:.1f}" fill="#fff" stroke="{_SOFT}" '
    if level == 0:
        return f'{box}stroke-width=".8"/>'
    hatch = (
        f"M{x:.1f} {y + size:.1f} l{size:.1f} -{size:.1f} M{x:.1f} {y + size / 2:.1f} l{size / 2:.1f} -{size / 2:.1f}"
    )
    return f'{box}stroke-width=".2"/><path d="{hatch}" stroke="{_SOFT}" stroke-width=".8"/>'


def _rect(x: float, y: float, width: float, fill: str, *, height: float | None = None) -> str:
    tall = width if height is None else height
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{tall:.1f}" fill="{fill}"/>'


def _text(x: float, y: float, text: str, *, size: int, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{_INK}">{escape(text)}</text>'
    )


def _wrap(shapes: list[str], height: float) -> str:
    size = f'viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" height="{height:.0f}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif">{"".join(shapes)}</svg>'
