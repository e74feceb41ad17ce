"""What the command `risk` does with a file of people."""

from argparse import Namespace
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pandas as pd

from twitchstats.errors import OptionError
from twitchstats.journal.layout import choose_delimiter
from twitchstats.journal.source import read_text
from twitchstats.redflags import odds
from twitchstats.redflags.advice import ANY_FLAG_ADVICE
from twitchstats.redflags.card import count_assumed
from twitchstats.redflags.model import RedFlagModel
from twitchstats.redflags.prevalence import list_base_rates, read_base_rate
from twitchstats.simulate.cohort import simulate_cohort
from twitchstats.variables import find_variable

Say = Callable[[str], None]

_NAMES = ("person", "id", "name", "patient")
_TRAINING_PEOPLE = 6000


def read_people(path: Path) -> pd.DataFrame:
    """Read a table of people (CSV in any encoding, or a workbook); a column that names them becomes the index."""
    data = read_text(path, "people").data
    separator = choose_delimiter(data[:200_000].decode(errors="ignore"), None, None)
    decimal = "," if separator == ";" else "."  # as spreadsheets write them
    try:
        people = pd.read_csv(BytesIO(data), sep=separator, decimal=decimal, skipinitialspace=True)
    except ValueError as error:  # an empty file, broken quotes
        raise OptionError(f"{path} can't be read as a CSV table: {error}.") from error
    people.columns = [str(column).strip() for column in people.columns]
    named = next((column for column in people.columns if column.lower() in _NAMES), None)
    lines = pd.RangeIndex(2, len(people) + 2, name="row")  # as in the file
    return people.set_index(lines if named is None else named)


def fit_people(people: pd.DataFrame, args: Namespace, say: Say) -> RedFlagModel:
    """Fit the model on people with labels, or on simulated people where there are none and risks are asked for."""
    filled = people.dropna(axis="columns", how="all")
    alike = [name for name in filled if find_variable(name, dictionary="people_variables.csv") == "serious"]
    label = args.label if args.label in filled else alike[0] if args.label == "serious" and len(alike) == 1 else None
    if label is None and (args.predict is None or args.label != "serious"):
        raise OptionError(
            f"{args.people} has no column '{args.label}' that says who had a serious cause (1) and who hadn't (0). "
            "Name it with --label."
        )
    interactions = "pairs" if args.pairs else "none"
    if label is None:
        cohort = simulate_cohort(people=_TRAINING_PEOPLE, seed=1)
        say(f"No labels in {args.people}: the model is that of simulated people. {count_assumed()}")
        return RedFlagModel(interactions=interactions, ignore=args.ignore).fit(cohort, cohort["serious"])
    told = people[label].notna()
    if not told.all():
        say(f"{int((~told).sum())} of {len(told)} people have no label and are left out of the fit.")
    labels = people.loc[told, label]
    asked = (one for one in labels.unique().tolist() if args.serious in (str(one), str(one).removesuffix(".0")))
    model = RedFlagModel(
        interactions=interactions, serious=next(asked, args.serious), ignore=args.ignore, constant="drop"
    ).fit(people.loc[told].drop(columns=label), labels)
    say(" ".join(model.notes_[:3]))
    if model.record_.origin:
        say(f"Simulated people: no real person has been seen. {count_assumed()}")
    for note in model.notes_[3:]:
        say(note)
    return model


def tabulate_odds(model: RedFlagModel) -> pd.DataFrame:
    """Return the odds ratios, without tests: an interval says more; cautions only where there are any."""
    found = model.odds_ratios()
    said = found["caution"].replace(odds.SIMULATED, "")  # told above the table
    left = found.drop(columns=["p_value", "p_adjusted", "caution"], errors="ignore")
    return left.assign(caution=said) if said.any() else left


def describe_odds() -> str:
    """Return what must stand below odds ratios."""
    rates = "\n".join(f"  {line}" for line in list_base_rates())
    return (
        "\nOdds ratios say nothing of how likely a cause is: that needs the base rate, and a doctor's examination.\n"
        f"Base rates (share of people, before any sign is known):\n{rates}\n{ANY_FLAG_ADVICE}"
    )


def predict_people(model: RedFlagModel, people: pd.DataFrame, base_rate: str, say: Say) -> pd.DataFrame:
    """Return the risk of people; signs without a column are not known, and that is told."""
    if people.empty:
        raise OptionError("Nobody to tell a risk of: the table has no rows. Write one for each person.")
    named = model._name(people)
    absent = [name for name in model.signs_ if name not in named.columns]
    if len(absent) == len(model.signs_):
        raise OptionError(
            f"None of the columns ({', '.join(map(repr, people.columns))}) is a sign of the model "
            f"({', '.join(model.signs_)}). Rename them."
        )
    if absent:
        say(f"No column for {', '.join(absent)}: taken as not known.")
    named = named.reindex(columns=[*named.columns, *absent])
    return model.predict_risk(named, base_rate=_read_rate(base_rate))


def _read_rate(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def describe_risks(risks: pd.DataFrame) -> str:
    """Return lines for each person: the risk among 100,000 with its limits and base rate, advice, and any caution."""
    lines = []
    for row in risks.itertuples():
        low, middle, high, base = (_count(value) for value in (row.risk_lower, row.risk, row.risk_upper, row.base_rate))
        lines += [
            f"{row.Index}: {middle} in 100,000 ({low} to {high}); {base} in 100,000 before any sign is known",
            *(f"    {text}" for text in (row.advice, row.caution) if text),
        ]
    return "\n".join(lines)


def _count(share: float) -> str:
    """Return a share as people among 100,000, with two figures.

    >>> _count(6e-05), _count(0.123456)
    ('6', '12,000')
    """
    value = share * 100_000
    return f"{float(f'{value:.2g}'):,.10g}"


def describe_base(model: RedFlagModel, base_rate: str) -> str:
    """Return what the base rate is, whose mix of other conditions goes with the risks, and the advice."""
    base = read_base_rate(_read_rate(base_rate), model.record_.diagnoses)
    crowd = f" among the other conditions of a {base.crowd}" if base.crowd and model.record_.drawn else ""
    if not model.record_.drawn:
        crowd = " among other conditions as in the people that the model was fitted on"
    if base.crowd and not model.record_.origin:
        crowd += f". It is right only if the label counts {base.condition}; else give the share of what it counts"
    return f"Base rate: {base.source}{crowd}.\n{ANY_FLAG_ADVICE}"
