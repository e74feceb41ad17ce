"""Signs, combinations and rules in a cohort: how much likelier they are in people with certain diagnoses."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from twitchstats.arrays import FloatArray, to_pandas
from twitchstats.errors import OptionError, check_list, check_table, unknown_name
from twitchstats.inference import adjust_p_values, compare_shares, describe_estimates
from twitchstats.signs import encode_yes_no, join_marks, mark_present

SIGN_COLUMNS = [
    "signs", "label", "n_people", "n_cases", "n_with", "measure", "sensitivity", "specificity", "estimate", "ci_lower",
    "ci_upper", "ci90_lower", "ci90_upper", "p_value", "p_adjusted", "likelihood_ratio_negative", "detectable",
    "reason",
]  # fmt: skip
_NAMES = {
    "mnd": ("als", "mnd", "motor neurone disease", "motor neuron disease", "amyotrophic lateral sclerosis"),
    "neuropathy": ("neuropathy", "peripheral neuropathy", "polyneuropathy"),
    "ms": ("ms", "multiple sclerosis"),
    "sma": ("sma", "spinal muscular atrophy"),
    "isaacs": ("isaacs", "isaacs syndrome", "neuromyotonia"),
}


def estimate_sign_ratios(cohort: pd.DataFrame, signs: Sequence[str], *, label: str = "serious") -> pd.DataFrame:
    """Estimate the likelihood ratio of signs and combinations of signs.

    Parameters
    ----------
    cohort : DataFrame
        One row for each person: signs, and ``serious`` (1/0) or ``diagnosis``.
    signs : sequence of str
        Names of columns; "a;b" is a and b together, "a|b" either. A number counts as present from the threshold of
        `signs.load_signs` on (persistence: 2 weeks).
    label : str
        "serious" for that column, otherwise diagnoses (separated by semicolons) against all others. People whose label
        is not known are left out, and those whose sign is not known: absent is not the same.

    Returns
    -------
    DataFrame
        `SIGN_COLUMNS`: ``estimate`` is the likelihood ratio of the sign being there (share among cases over share
        among the others) with the log-normal interval of Simel, Samsa and Matchar (1991), half a person added to each
        cell where one is empty; ``n_cases`` how many people have the label. A likelihood ratio says nothing
        of the risk without the base rate: see `redflags`.

    Raises
    ------
    UnknownNameError
        A sign or the label's column is not in the cohort.

    Examples
    --------
    >>> import twitchstats as tw
    >>> people = tw.simulate_cohort(people=500, seed=1)
    >>> ratios = tw.estimate_sign_ratios(people, ["wasting", "wasting;weakness_found"])
    >>> (ratios["estimate"] > 1).to_list()
    [True, True]
    """
    names, cohort = check_list("signs", signs), to_pandas(cohort)
    check_table("cohort", cohort)
    case = find_cases(cohort, label)
    rows = [{"signs": name, "label": label} | compare_groups(find_present(cohort, name), case) for name in names]
    table = pd.DataFrame(rows, columns=[c for c in SIGN_COLUMNS if c != "p_adjusted"])
    return table.assign(p_adjusted=adjust_p_values(table["p_value"].astype(float)))[SIGN_COLUMNS]


def find_present(cohort: pd.DataFrame, name: str) -> FloatArray:
    """Return 1.0 where all parts of "a;b|c" are present, 0.0 where one surely is not, NaN where that is not known.

    >>> people = pd.DataFrame({"wasting": [1.0, 0.0, np.nan], "pain": [np.nan, np.nan, 1.0]})
    >>> find_present(people, "wasting;pain").tolist()
    [nan, 0.0, nan]
    >>> find_present(people, "wasting|pain").tolist()
    [1.0, nan, 1.0]
    """
    if not isinstance(name, str):
        raise unknown_name("sign", name, cohort.columns)
    parts = [[_read_sign(cohort, single) for single in part.split("|")] for part in name.split(";")]
    return join_marks([join_marks(part, either=True) for part in parts], either=False)


def _read_sign(cohort: pd.DataFrame, name: str) -> FloatArray:
    if name not in cohort.columns:
        raise unknown_name("sign", name, cohort.columns)
    marks = mark_present(cohort[[name]])
    if name in marks:
        return marks[name].to_numpy(float)
    values = pd.to_numeric(cohort[name], errors="coerce").to_numpy(dtype=float)
    return np.where(np.isnan(values), np.nan, (values >= 1).astype(float))


def has_diagnoses(cohort: pd.DataFrame) -> bool:
    """Tell whether any diagnosis is known, so that people need not be judged by a ``serious`` of the table's own."""
    return "diagnosis" in cohort.columns and bool(cohort["diagnosis"].notna().any())


def find_cases(cohort: pd.DataFrame, label: str) -> FloatArray:
    """Return 1.0 for people with the label, 0.0 for others, NaN where it is not known; see `estimate_sign_ratios`.

    Raises
    ------
    UnknownNameError
        The label's column is not in the cohort.

    >>> find_cases(pd.DataFrame({"diagnosis": ["ALS", "benign", None]}), "MND;neuropathy").tolist()
    [1.0, 0.0, nan]
    """
    if not isinstance(label, str):
        raise OptionError(f"label={label!r:.60} is not possible. Give 'serious', or diagnoses separated by semicolons.")
    column = "serious" if label == "serious" else "diagnosis"
    if column not in cohort.columns:
        raise unknown_name("column", column, cohort.columns)
    if column == "serious":
        return encode_yes_no(cohort[column])
    text = cohort[column].astype("str").str.strip().str.lower()
    asked = label.lower().split(";")  # each in every way to write it
    listed = [*asked, *(name for names in _NAMES.values() if set(asked) & set(names) for name in names)]
    return np.where(cohort[column].isna(), np.nan, text.isin(listed).astype(float))


def compare_groups(found: FloatArray, label: FloatArray) -> dict[str, Any]:
    """Return the likelihood ratio of a finding (1, 0, NaN), cases against others, as `estimate_sign_ratios` does."""
    known = np.isfinite(found) & np.isfinite(label)
    present, case = found[known] == 1, label[known] == 1
    n_cases, n_others = int(case.sum()), int((~case).sum())
    counted: dict[str, Any] = {"n_people": len(case), "n_cases": n_cases, "n_with": int(present.sum()),
                                  "measure": "likelihood ratio"}  # fmt: skip
    if not n_cases or not n_others or present.all() or not present.any():
        return counted | {"reason": "no variation" if len(case) else "too few days"}
    hit, alarm = int((present & case).sum()), int((present & ~case).sum())
    log_ratio, se = compare_shares(hit, alarm, n_cases, n_others)
    told = {name: float(value) for name, value in describe_estimates(log_ratio, se, np.inf).items()}
    missed = 1 - hit / n_cases
    return counted | {
        "sensitivity": hit / n_cases, "specificity": 1 - alarm / n_others, "estimate": float(np.exp(log_ratio)),
        "likelihood_ratio_negative": missed / (1 - alarm / n_others) if alarm < n_others else np.nan, "reason": "",
    } | {name: value if name == "p_value" else float(np.exp(value)) for name, value in told.items()}  # fmt: skip
