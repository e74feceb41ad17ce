"""Numbers in words: the only place where one is rounded."""

import math

import pandas as pd

MISSING = "–"
NARROW = "\u00a0"  # keeps a number and its unit on one line
_MARKED = "10,000"  # from here on thousands are marked
_NOTHING = 1e-9  # what the last bits of a computed zero come to


def format_number(value: float, digits: int = 3) -> str:
    """Return a number with so many significant digits, never with an exponent, a missing one as a dash.

    From ten thousand on the thousands are marked.

    >>> [format_number(x) for x in (0.012345, 1.2, 123.4, 123456.7, -0.5, float("nan"), 0.0)]
    ['0.0123', '1.2', '123', '123,457', '-0.5', '–', '0']
    """
    if math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if value == 0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{places}f}"
    text = text.replace(",", "") if len(text.lstrip("-").split(".")[0]) < len(_MARKED) else text
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def round_number(value: float, digits: int = 3) -> float:
    """Return a number with so many significant digits, whole ones whole, as `format_number` tells it.

    >>> round_number(0.012345), round_number(123456.7)
    (0.0123, 123457.0)
    """
    return float(format_number(value, digits).replace(",", ""))


def format_p(value: float) -> str:
    """Return a p-value to three places, very small ones as a bound.

    >>> format_p(0.0312), format_p(1e-9), format_p(0.9999)
    ('0.031', '<0.001', '1.000')
    """
    if math.isnan(value):
        return MISSING
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def format_share(value: float) -> str:
    """Return a share between 0 and 1 in per cent; tiny shares per 100,000.

    >>> format_share(0.4649), format_share(0.00006), format_share(0.0023)
    ('46 %', '6 in 100,000', '0.23 %')
    """
    if math.isnan(value):
        return MISSING
    if 0 < value < 0.00001:
        return "<1 in 100,000"
    if 0 < value < 0.001:
        return f"{format_number(100_000 * value, 2)} in 100,000"
    return f"{format_number(100 * value, 2)} %"


def format_date(value: object) -> str:
    """Return a date as 6 Jan 2025, with its time where it has one, and the number of a day as it is."""
    if isinstance(value, pd.Timestamp):
        time = "" if value == value.normalize() else f", {value:%H:%M}"
        return f"{value.day} {value:%b %Y}{time}"
    return str(value)


def format_effect(value: float, measure: str) -> str:
    """Return an effect in plain form: per cent for rates and shares, a factor for odds, points for ratings.

    >>> print(format_effect(1.12, "rate ratio"), format_effect(4.0, "rate ratio"), format_effect(0.5, "odds ratio"))
    +12\u00a0% ×4 ×0.5
    >>> print(format_effect(-0.31, "difference"), format_effect(0.31, "share"))
    −0.31 31\u00a0%
    >>> format_effect(535.0, "odds ratio")  # known to no digit
    'over ×100'
    """
    if not math.isfinite(value):
        return MISSING if math.isnan(value) else "unbounded"
    if measure == "share":
        return format_share(min(max(value, 0.0), 1.0)).replace(" ", NARROW)
    if measure == "rate ratio" and value < 3:
        return _sign(100 * (value - 1), f"{abs(100 * (value - 1)):.0f}") + NARROW + "%"
    if measure == "difference":
        return _sign(value, format_number(abs(value), 2))
    return "over ×100" if value > 100 else f"×{format_number(value, 2)}"


def format_interval(lower: float, upper: float, measure: str) -> str:
    """Return an interval, both ends in the form of `format_effect`."""
    if math.isnan(lower) and math.isnan(upper):
        return MISSING
    return f"{format_effect(lower, measure)} to {format_effect(upper, measure)}"


def _sign(value: float, digits: str) -> str:
    if abs(value) < _NOTHING:
        return f"±{digits}"
    return ("+" if value > 0 else "−") + digits  # a little above nothing is not nothing
