"""Cohorts of people who twitch, with signs and a diagnosis, drawn from a table of parameters with sources."""

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, special

from twitchstats.errors import OptionError, check_choice, unknown_name
from twitchstats.resources import find_resource
from twitchstats.signs import encode_signs, find_signs, load_signs

FloatArray = NDArray[np.float64]

DESIGNS = ("clinic", "population")
SERIOUS = ("MND",)
_EXAMINED = ("weakness_found", "wasting")
_PARTS = ("motor", "sensory", "worry")
_DEFAULT_SHARE = 0.2


def load_cohort_parameters() -> pd.DataFrame:
    """Return every parameter of the cohort simulator with its source.

    Returns
    -------
    DataFrame
        ``parameter, value, condition, source, doi, confidence`` (H seen at the source, M second-hand, D derived,
        "assumed" where no figure is known) and ``note``.
    """
    return pd.read_csv(find_resource("data", "cohort_parameters.csv"), keep_default_na=False)


@cache
def _parameters() -> dict[str, dict[str, float]]:
    table: dict[str, dict[str, float]] = {}
    for row in load_cohort_parameters().itertuples():
        table.setdefault(str(row.parameter), {})[str(row.condition)] = float(row.value)
    return table


def _yes_no_signs() -> list[str]:
    signs = load_signs()
    return list(signs.index[signs["kind"] == "yes/no"])


def simulate_cohort(
    *,
    people: int = 5000,
    seed: int = 1,
    design: str = "clinic",
    serious_share: float | None = None,
    serious: Sequence[str] = SERIOUS,
    missing: bool = True,
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
    serious : sequence of str
        Diagnoses that count as serious.
    missing : bool
        Whether signs go missing: those of an examination where nobody examined, others where nothing was told.
    coefficients : mapping of str to float, optional
        Draw ``serious`` from this exact logistic model instead: log odds for the encoded signs of `encode_signs`
        ("male" is the name "sex"), pairs and triples written with a colon ("weakness_felt:wasting"). Without an
        "intercept" it is set so that ``serious_share`` is expected.

    Returns
    -------
    DataFrame
        Index ``person``; ``age, sex, pregnant``, the signs (1.0, 0.0, NaN not known), ``persistence_weeks``,
        ``diagnosis`` and ``serious`` (1 or 0). ``attrs`` has ``design``, ``base_rate`` (of serious cases among adults),
        ``serious_diagnoses`` and, where given, ``coefficients``.

    Raises
    ------
    OptionError
        An option outside what it allows.
    UnknownNameError
        A diagnosis or a coefficient that is not known.
    """
    check_choice("design", design, DESIGNS)
    weights = _mix_conditions(design, serious_share, list(serious))
    if people < 1:
        raise OptionError(f"people={people} is not possible. Ask for at least one person.")
    rng = np.random.default_rng(seed)
    diagnosis = rng.choice(np.array(list(weights), dtype=object), size=people, p=list(weights.values()))
    cohort = _draw_people(rng, diagnosis, design)
    cohort["diagnosis"] = pd.Series(diagnosis, index=cohort.index, dtype="str")
    cohort["serious"] = np.isin(diagnosis, list(serious)).astype(int)
    cohort.attrs = {
        "design": design,
        "base_rate": sum(_parameters()["base_rate"][name] for name in serious),
        "serious_diagnoses": list(serious),
    }
    if coefficients is not None:
        share = _DEFAULT_SHARE if serious_share is None else serious_share
        _redraw_serious(rng, cohort, dict(coefficients), share, str(serious[0]))
    if missing:
        _lose_signs(rng, cohort, design)
    return cohort


def cohort_truth(
    *, design: str = "clinic", serious: Sequence[str] = SERIOUS, coefficients: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Return what a simulated cohort is drawn from.

    Returns
    -------
    DataFrame
        With `coefficients`: ``term, coefficient, odds_ratio``. Otherwise a row for each yes/no sign: ``sign,
        prevalence_serious, prevalence_other, likelihood_ratio`` (of the sign being present), ``odds_ratio`` (of the
        sign alone).
    """
    if coefficients is not None:
        truth = pd.DataFrame({"term": list(coefficients), "coefficient": np.array(list(coefficients.values()), float)})
        return truth.assign(odds_ratio=np.exp(truth["coefficient"]))
    check_choice("design", design, DESIGNS)
    weights = _mix_conditions(design, None, list(serious))
    rows = []
    for sign in _yes_no_signs():
        sick, other = (_average_prevalence(sign, weights, list(serious), counted) for counted in (True, False))
        rows.append((sign, sick, other, sick / other, sick / (1 - sick) / (other / (1 - other))))
    return pd.DataFrame(
        rows, columns=["sign", "prevalence_serious", "prevalence_other", "likelihood_ratio", "odds_ratio"]
    )


def _average_prevalence(sign: str, weights: dict[str, float], serious: list[str], counted: bool) -> float:
    chosen = {name: weight for name, weight in weights.items() if (name in serious) == counted}
    prevalence = _parameters()[sign]
    return sum(weight * prevalence[name] for name, weight in chosen.items()) / sum(chosen.values())


def _mix_conditions(design: str, serious_share: float | None, serious: list[str]) -> dict[str, float]:
    rates = _parameters()["base_rate"]
    if not serious:
        raise OptionError("serious=() is not possible. Name at least one diagnosis that counts as serious.")
    for name in serious:
        if name not in rates:
            raise unknown_name("diagnosis", name, rates)
    if design == "population":
        if serious_share is not None:
            raise OptionError(
                f"serious_share={serious_share} goes with design='clinic' only: a population has its base rate."
            )
        return {"benign": 1 - sum(rates.values()), **rates}
    share = _DEFAULT_SHARE if serious_share is None else serious_share
    if not 0 < share < 1:
        raise OptionError(f"serious_share={share} is not possible. It must lie between 0 and 1.")
    weights = _parameters()["clinic_weight"]
    total = sum(weights[name] for name in serious)
    rest = sum(weights.values()) - total
    return {
        name: weight / total * share if name in serious else weight / rest * (1 - share)
        for name, weight in weights.items()
    }


def _draw_people(rng: np.random.Generator, diagnosis: NDArray[np.object_], design: str) -> pd.DataFrame:
    n = len(diagnosis)
    width = max(4, len(str(n)))
    index = pd.Index([f"P{number:0{width}d}" for number in range(1, n + 1)], name="person", dtype="str")
    age = np.clip(
        _by_condition("age_mean", diagnosis) + _by_condition("age_sd", diagnosis) * rng.standard_normal(n), 18, 95
    )
    female = rng.random(n) < _by_condition("female", diagnosis)
    fertile = female & (age <= 45)
    people = pd.DataFrame({"age": np.round(age), "sex": np.where(female, "female", "male")}, index=index)
    people["sex"] = people["sex"].astype("str")
    people["pregnant"] = (fertile & (rng.random(n) < _parameters()["pregnant"]["all"])).astype(float)
    people["persistence_weeks"] = _draw_weeks(rng, diagnosis, design)
    latent = rng.standard_normal((n, len(_PARTS)))
    for sign in _yes_no_signs():
        loading = np.array([_parameters()[f"{part}_loading"][sign] for part in _PARTS])
        liability = latent @ loading + np.sqrt(1 - loading @ loading) * rng.standard_normal(n)
        people[sign] = (special.ndtr(liability) > 1 - _by_condition(sign, diagnosis)).astype(float)
    return people


def _by_condition(parameter: str, diagnosis: NDArray[np.object_]) -> FloatArray:
    return pd.Series(diagnosis).map(_parameters()[parameter]).to_numpy(dtype=float)


def _draw_weeks(rng: np.random.Generator, diagnosis: NDArray[np.object_], design: str) -> FloatArray:
    table = _parameters()
    median = np.where(diagnosis == "MND", table["persistence_median"]["MND"], table["persistence_median"]["other"])
    brief = (diagnosis == "benign") & (rng.random(len(diagnosis)) > table[f"persistent_{design}"]["benign"])
    median = np.where(brief, table["brief_median"]["benign"], median)
    weeks = median * np.exp(table["persistence_sigma"]["all"] * rng.standard_normal(len(diagnosis)))
    return np.round(np.maximum(weeks, 0.1), 1)


def _redraw_serious(
    rng: np.random.Generator, cohort: pd.DataFrame, coefficients: dict[str, float], share: float, name: str
) -> None:
    signs = find_signs(cohort.columns)
    encoded = dict(zip(signs, encode_signs(cohort, signs).T, strict=True))
    log_odds = np.zeros(len(cohort))
    for term, value in coefficients.items():
        if term == "intercept":
            continue
        product = np.full(len(cohort), float(value))
        for part in term.split(":"):
            if part not in encoded:
                raise unknown_name("sign", part, signs)
            product = product * encoded[part]
        log_odds += product
    if "intercept" not in coefficients:
        coefficients["intercept"] = float(
            optimize.brentq(lambda start: special.expit(start + log_odds).mean() - share, -100, 100)
        )
    drawn = rng.random(len(cohort)) < special.expit(coefficients["intercept"] + log_odds)
    cohort["serious"] = drawn.astype(int)
    cohort["diagnosis"] = pd.Series(np.where(drawn, name, "benign"), index=cohort.index, dtype="str")
    cohort.attrs["coefficients"] = {key: float(value) for key, value in coefficients.items()}


def _lose_signs(rng: np.random.Generator, cohort: pd.DataFrame, design: str) -> None:
    """Empty some cells: an examination is likelier where weakness is felt, so nothing is missing at random there."""
    table = _parameters()
    chance = table[f"examined_{design}"]["all"]
    odds = chance / (1 - chance) * np.where(cohort["weakness_felt"] == 1, table["examined_weakness_odds"]["all"], 1.0)
    unexamined = rng.random(len(cohort)) > odds / (1 + odds)
    for sign in _yes_no_signs():
        lost = unexamined if sign in _EXAMINED else rng.random(len(cohort)) < table["not_told"]["all"]
        cohort.loc[lost, sign] = np.nan
