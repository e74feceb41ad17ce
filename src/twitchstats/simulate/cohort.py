"""Cohorts of people who twitch, with signs and a diagnosis, drawn from a table of parameters with sources."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, special

from twitchstats.arrays import FloatArray
from twitchstats.errors import (
    JournalError,
    OptionError,
    check_choice,
    check_list,
    check_names,
    check_number,
    check_share,
    check_whole,
    unknown_name,
)
from twitchstats.resources import find_resource
from twitchstats.signs import SOURCE, encode_signs, find_signs, load_signs
from twitchstats.simulate.parameters import read_parameters
from twitchstats.simulate.series import name_people

DESIGNS = ("clinic", "population")
BENIGN = "benign"
SERIOUS = ("MND",)
PARTS = ("motor", "sensory", "worry")
_EXAMINED = ("weakness_found", "wasting")
_DEFAULT_SHARE = 0.2
SIMULATED, _OWN = "simulated ", "own coefficients, intercept "


def load_serious_conditions() -> pd.DataFrame:
    """Return lists of conditions that can count as serious: ``name, diagnoses`` (joined with ";") and ``source``.

    >>> load_serious_conditions()["name"].tolist()
    ['MND', 'article A1', 'needs a doctor']
    """
    return pd.read_csv(find_resource("data", "serious_conditions.csv"))


def read_serious(serious: str | Sequence[str]) -> list[str]:
    """Return the diagnoses that count as serious: one of them, several, or a list of `load_serious_conditions`.

    Raises
    ------
    OptionError, UnknownNameError
        None at all, or a name that is neither a diagnosis nor a list.

    >>> read_serious("article A1")
    ['MND', 'SMA', 'myopathy', 'neuropathy', 'Isaacs']
    """
    lists = load_serious_conditions().set_index("name")["diagnoses"]
    known = read_parameters()["base_rate"].index
    named = [serious] if isinstance(serious, str) else check_list("serious", serious)
    if not named:
        raise OptionError("serious=() is not possible. Name at least one diagnosis that counts as serious.")
    check_names("diagnosis", named, [*known, *lists.index[1:]])
    return list(dict.fromkeys(one for name in named for one in str(lists.get(name, name)).split(";")))


def list_yes_no_signs() -> list[str]:
    """Return the names of the yes/no signs."""
    signs = load_signs()
    return list(signs.index[signs["kind"] == "yes/no"])


def simulate_cohort(
    *,
    people: int = 5000,
    seed: int = 1,
    design: str = "clinic",
    serious_share: float | None = None,
    serious: str | Sequence[str] = SERIOUS,
    missing: bool = True,
    parameters: object = None,
    coefficients: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Simulate people who twitch: signs, diagnosis, and whether it is serious.

    ``serious`` means motor neurone disease by default: the disease that frightens, and the only one whose share of
    undiagnosed cases among adults is known. Other diagnoses need a doctor all the same; ``serious=`` counts them too.

    Parameters
    ----------
    people : int
        How many people.
    seed : int
        One seed gives one cohort.
    design : {"clinic", "population"}
        "clinic": a case-control sample, so that there are enough serious cases to learn from; "population": every
        diagnosis at its base rate (about 6 people with motor neurone disease in 100,000).
    serious_share : float, optional
        Share of serious cases, 0.2 by default; only with ``design="clinic"``. It is a sampling choice, not a rate.
    serious : str or sequence of str
        Diagnoses that count as serious, or a list of `load_serious_conditions`: ``serious="article A1"``.
    missing : bool
        Whether signs go missing: those of an examination where nobody examined, others where nothing was told.
    parameters : None, "drawn", DataFrame, Series or mapping
        None: the values of `load_cohort_parameters`. "drawn": each parameter drawn from what is known of it (the same
        seed, the same draw). Or values of your own, as `twitchstats.simulate.parameters.read_parameters` reads them.
    coefficients : mapping of str to float, optional
        Draw ``serious`` from this exact logistic model instead: log odds for the encoded signs of `encode_signs`
        ("male" is the name "sex"), pairs and triples written with a colon ("weakness_felt:wasting"). Without an
        "intercept" it is set so that the share of serious cases is the one expected of the design: ``serious_share``,
        or the base rate of a population, which takes no other intercept.

    Returns
    -------
    DataFrame
        Index ``person``; ``age, sex, pregnant``, the signs (1.0, 0.0, NaN not known), ``persistence_weeks``,
        ``diagnosis`` and ``serious`` (1 or 0), and ``source``, which says what they were drawn from (design, what
        counts as serious, the intercept of `coefficients`, parameters that differ from the table), so that a file of
        them is still known to be simulated.

    Raises
    ------
    OptionError
        An option outside what it allows.
    UnknownNameError
        A diagnosis or a coefficient that is not known.

    Examples
    --------
    >>> import twitchstats as tw
    >>> people = tw.simulate_cohort(people=200, seed=1)
    >>> len(people), "serious" in people
    (200, True)
    """
    check_choice("design", design, DESIGNS)
    check_choice("missing", missing, (True, False))
    check_whole("seed", seed, least=0)
    listed = read_serious(serious)
    chosen = read_parameters(parameters, seed=seed)
    weights = mix_conditions(chosen, listed, design=design, serious_share=serious_share)
    check_whole("people", people, least=1)
    rng = np.random.default_rng(seed)
    diagnosis = rng.choice(np.array(list(weights), dtype=object), size=people, p=list(weights.values()))
    cohort = _draw_people(rng, diagnosis, design, chosen)
    cohort["diagnosis"] = pd.Series(diagnosis, index=cohort.index, dtype="str")
    cohort["serious"] = np.isin(diagnosis, listed).astype(int)
    told = [f"{SIMULATED}{design}", *(f"serious {name}" for name in listed)]
    if coefficients is not None:
        model = _read_coefficients(coefficients)
        if design == "population" and "intercept" in model:
            raise _refuse_share(f"intercept={model['intercept']:g}")
        intercept = _redraw_serious(rng, cohort, model, sum(weights[name] for name in listed), listed[0])
        told.append(f"{_OWN}{intercept!r}")
    changed = chosen[chosen != read_parameters()]
    told += [f"{name} of {condition} = {float(value)!r}" for (name, condition), value in changed.items()]
    if missing:
        _lose_signs(rng, cohort, design, chosen)
    cohort[SOURCE] = "; ".join(told)
    return cohort


def is_simulated(people: pd.DataFrame) -> bool:
    """Tell whether any of these people say of themselves that `simulate_cohort` or `simulate_journal` drew them.

    >>> is_simulated(simulate_cohort(people=2)), is_simulated(pd.DataFrame({"age": [40]}))
    (True, False)
    """
    return SOURCE in people and bool(people[SOURCE].astype("str").str.startswith(SIMULATED).any())


def read_source(people: pd.DataFrame) -> dict[str, Any]:
    """Return what people were drawn from, as their column ``source`` tells.

    Returns
    -------
    dict
        ``design, serious``, ``parameters`` that differ from the table (parameter, condition, value) and ``exact``,
        whether coefficients of one's own made them; empty where no simulated people are known of.

    Raises
    ------
    JournalError
        Simulated people together with others.

    >>> read_source(simulate_cohort(people=2)[["age", "source"]])["serious"]
    ('MND',)
    """
    if not is_simulated(people):
        return {}
    sources = sorted(set(people[SOURCE].astype("str")), key=lambda told: not told.startswith(SIMULATED))
    if len(sources) > 1:
        raise JournalError(
            f"{SOURCE}: simulated people ({sources[0]!r}) stand together with others ({sources[1]!r}). Take one kind."
        )
    first, *parts = sources[0].split("; ")
    if first.removeprefix(SIMULATED) not in DESIGNS:  # people who came with a simulated journal
        return {}
    changed = [re.fullmatch(r"(\w+) of (\w+) = (.+)", part) for part in parts]
    return {
        "design": first.removeprefix(SIMULATED),
        "serious": tuple(part.removeprefix("serious ") for part in parts if part.startswith("serious ")),
        "parameters": tuple((found[1], found[2], float(found[3])) for found in changed if found),
        "exact": any(part.startswith(_OWN) for part in parts),
    }


def mix_conditions(
    values: pd.Series, serious: Sequence[str], *, design: str, serious_share: float | None = None
) -> dict[str, float]:
    """Return the share of each condition in a crowd: at its base rate, or as a clinic sees it.

    In a clinic the serious ones together have `serious_share` (.2 by default), a sampling choice.
    """
    rates, weights = values["base_rate"], values["clinic_weight"]
    if design == "population":
        if serious_share is not None:
            raise _refuse_share(f"serious_share={serious_share}")
        return {BENIGN: 1 - sum(rates), **rates}
    share = check_share("serious_share", _DEFAULT_SHARE if serious_share is None else serious_share)
    total = sum(weights[name] for name in serious)
    rest = sum(weights) - total
    return {
        name: weight / total * share if name in serious else weight / rest * (1 - share)
        for name, weight in weights.items()
    }


def _refuse_share(option: str) -> OptionError:
    return OptionError(f"{option} goes with design='clinic' only: a population has its base rate.")


def _draw_people(
    rng: np.random.Generator, diagnosis: NDArray[np.object_], design: str, values: pd.Series
) -> pd.DataFrame:
    n = len(diagnosis)
    index = pd.Index(name_people(n, least=4), name="person", dtype="str")

    def look_up(parameter: str) -> FloatArray:
        return pd.Series(diagnosis).map(values[parameter]).to_numpy(dtype=float)

    age = np.clip(look_up("age_mean") + look_up("age_sd") * rng.standard_normal(n), 18, 95)
    female = rng.random(n) < look_up("female")
    fertile = female & (age <= 45)
    people = pd.DataFrame({"age": np.round(age), "sex": np.where(female, "female", "male")}, index=index)
    people["sex"] = people["sex"].astype("str")
    people["pregnant"] = (fertile & (rng.random(n) < values["pregnant"]["all"])).astype(float)
    people["persistence_weeks"] = _draw_weeks(rng, diagnosis, design, values)
    latent = rng.standard_normal((n, len(PARTS)))
    for sign in list_yes_no_signs():
        loading = np.array([values[f"{part}_loading"][sign] for part in PARTS])
        liability = latent @ loading + np.sqrt(1 - loading @ loading) * rng.standard_normal(n)
        people[sign] = (special.ndtr(liability) > 1 - look_up(sign)).astype(float)
    return people


def _draw_weeks(rng: np.random.Generator, diagnosis: NDArray[np.object_], design: str, values: pd.Series) -> FloatArray:
    median = np.where(diagnosis == "MND", values["persistence_median"]["MND"], values["persistence_median"]["other"])
    brief = (diagnosis == BENIGN) & (rng.random(len(diagnosis)) > values[f"persistent_{design}"][BENIGN])
    median = np.where(brief, values["brief_median"][BENIGN], median)
    sigma = values["persistence_sigma"]["all"]
    whole = median * np.exp(sigma**2 + sigma * rng.standard_normal(len(diagnosis)))
    weeks = whole * rng.spawn(1)[0].random((2, len(diagnosis))).prod(axis=0)  # so far: see `likelihood._weigh_part`
    return np.round(np.clip(weeks, 0.1, 10_000), 1)  # as many as `encode_signs` reads


def _read_coefficients(coefficients: object) -> dict[str, float]:
    if not isinstance(coefficients, (Mapping, pd.Series)):
        raise OptionError(
            f"coefficients={coefficients!r:.60} is not possible. Give log odds by name: {{'wasting': 2.0}}."
        )
    return {str(term): check_number(f"coefficients[{term!r}]", value) for term, value in coefficients.items()}


def _redraw_serious(
    rng: np.random.Generator, cohort: pd.DataFrame, coefficients: dict[str, float], share: float, name: str
) -> float:
    """Draw anew who is serious, by a model of one's own; return its intercept."""
    signs = find_signs(cohort.columns)
    encoded = dict(zip(signs, encode_signs(cohort, signs).T, strict=True))
    log_odds = np.zeros(len(cohort))
    for term, value in coefficients.items():
        if term == "intercept":
            continue
        product = np.full(len(cohort), value)
        for part in term.split(":"):
            if part not in encoded:
                raise unknown_name("sign", part, signs)
            product = product * encoded[part]
        log_odds += product
    if "intercept" not in coefficients:
        reach = 100 + np.abs(log_odds).max()
        coefficients["intercept"] = float(
            optimize.brentq(lambda start: special.expit(start + log_odds).mean() - share, -reach, reach)
        )
    drawn = rng.random(len(cohort)) < special.expit(coefficients["intercept"] + log_odds)
    cohort["serious"] = drawn.astype(int)
    cohort["diagnosis"] = pd.Series(np.where(drawn, name, "benign"), index=cohort.index, dtype="str")
    return coefficients["intercept"]


def _lose_signs(rng: np.random.Generator, cohort: pd.DataFrame, design: str, values: pd.Series) -> None:
    """Empty some cells: an examination is likelier where weakness is felt, so nothing is missing at random there."""
    chance = values[f"examined_{design}"]["all"]
    odds = chance / (1 - chance) * np.where(cohort["weakness_felt"] == 1, values["examined_weakness_odds"]["all"], 1.0)
    unexamined = rng.random(len(cohort)) > odds / (1 + odds)
    for sign in list_yes_no_signs():
        lost = unexamined if sign in _EXAMINED else rng.random(len(cohort)) < values["not_told"]["all"]
        cohort.loc[lost, sign] = np.nan
