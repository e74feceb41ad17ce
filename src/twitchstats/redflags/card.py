"""The model card, written from the fitted model (TRIPOD+AI items; Collins et al 2024, BMJ 385:e078378)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

import twitchstats
from twitchstats.redflags.odds import label_term
from twitchstats.redflags.prevalence import list_base_rates
from twitchstats.signs import load_signs

if TYPE_CHECKING:
    from twitchstats.redflags.model import RedFlagModel


def write_model_card(model: RedFlagModel, validation: pd.DataFrame | None = None) -> str:
    """Write the model card as Markdown, every figure from the fitted model."""
    sections = [
        ("Title (item 1)", "Red flag model: the risk of a serious condition in people who twitch, development."),
        ("Intended use (3c, 4)", _tell_use()),
        ("Source of data and participants (5, 6)", _tell_sample(model)),
        ("Outcome (8)", f"`{model.classes_[1]}` against `{model.classes_[0]}`, as labelled in the training sample."),
        ("Predictors (9)", _tell_signs(model)),
        ("Sample size (10)", _tell_size(model)),
        ("Missing data (11)", _tell_missing(model)),
        ("Analysis (12)", _tell_analysis(model)),
        ("Base rate (12f, 20)", _tell_base_rate(model)),
        ("The full model (22)", _tell_coefficients(model)),
        ("Performance (23)", _tell_performance(validation)),
        ("Fairness (14, 25)", _tell_fairness(model)),
        ("Limitations (26)", _tell_limits()),
        ("Open science (18)", f"twitchstats {twitchstats.__version__}, BSD-3-Clause; saved as JSON by `save`."),
    ]
    return "# Model card\n\n" + "\n\n".join(f"## {head}\n\n{text}" for head, text in sections) + "\n"


def _tell_use() -> str:
    return (
        "For research and teaching. **Not for diagnosis**, and not for deciding whether somebody needs a doctor: a red "
        "flag always brings the advice to see one, whatever risk the model gives. A low risk excludes nothing."
    )


def _tell_sample(model: RedFlagModel) -> str:
    if model.origin_:
        origin = f"**Trained on simulated people** ({model.origin_}); no real person has been seen."
    else:
        origin = "The table did not say where the people come from: whoever fitted the model states it here."
    return (
        f"{model.n_people_} people, {model.n_serious_} of them serious ({model.sample_rate_:.1%}). The share is that "
        f"of the sample, not of any population. {origin} `simulate_cohort` makes simulated people from a table of "
        "parameters (data/cohort_parameters.csv), much of which is assumed for want of a figure."
    )


def _tell_signs(model: RedFlagModel) -> str:
    signs = load_signs()
    lines = []
    for name in model.signs_:
        if name in signs.index:
            row = signs.loc[name]
            level = f"; {row['level']} ({row['source']})" if isinstance(row["level"], str) else ""
            lines.append(f"- `{name}`: {row['label']} ({row['kind']}){level}")
        else:
            lines.append(f"- `{name}`: a column of the user's own")
    return "\n".join(lines)


def _tell_size(model: RedFlagModel) -> str:
    each = model.n_serious_ / max(len(model.terms_), 1)
    return (
        f"{model.n_people_} people and {model.n_serious_} serious cases for {len(model.terms_)} terms: {each:.1f} "
        "serious cases for each term before shrinkage. `required_sample_size` gives the number after Riley et al 2020."
    )


def _tell_missing(model: RedFlagModel) -> str:
    gaps = model.missing_[model.missing_["n_unknown"] > 0]
    how = {
        "fill": "A sign that is not known takes its expectation given those that are known.",
        "indicator": "A sign that is not known takes its expectation given those that are, and a term says so.",
        "drop": "People with a sign not known were left out of the fit.",
        "refuse": "The fit allowed no gaps.",
    }[model.missing]
    told = ", ".join(f"{row.sign} {row.share_unknown:.1%}" for row in gaps.itertuples()) or "none"
    return (
        f"{how} Never taken for absent; a predicted risk is averaged over it. Not known in the training sample: {told}."
    )


def _tell_analysis(model: RedFlagModel) -> str:
    products = [term for term in model.terms_ if ":" in term]
    if model.penalty == "firth":
        shrink = "Firth's penalty (Firth 1993)"
    else:
        chosen = "given" if model.strength is not None else "chosen by approximate leave-one-out cross-validation"
        shrink = f"a ridge penalty of {model.strength_:.4g} on standardised columns, {chosen}"
    return f"Logistic regression with {len(products)} interaction terms (none without its parts) and {shrink}."


def _tell_base_rate(model: RedFlagModel) -> str:
    lines = [
        f"Risks refer to a base rate of {model.base_rate_:.4g} ({model.base_rate_source_}); the sample had "
        f"{model.sample_rate_:.4g}. "
        "`at_base_rate` moves the intercept only (King and Zeng 2001). Known figures:",
        "",
    ]
    lines += [f"- {line}" for line in list_base_rates()]
    return "\n".join(lines)


def _tell_coefficients(model: RedFlagModel) -> str:
    rows = ["| term | label | log odds ratio |", "|---|---|---|", f"| intercept | | {model.intercept_[0]:.6g} |"]
    rows += [
        f"| {term} | {'' if term.startswith('unknown ') else label_term(term)} | {value:.6g} |"
        for term, value in zip(model.terms_, model.coef_[0], strict=True)
    ]
    return "\n".join(rows)


def _tell_performance(validation: pd.DataFrame | None) -> str:
    if validation is None:
        return "Not given. Pass the frame of `validate_risk` to see it here."
    rows = ["| metric | estimate | 95 % interval | apparent |", "|---|---|---|---|"]
    rows += [
        f"| {row.metric} | {row.estimate:.3f} | {row.ci_lower:.3f} to {row.ci_upper:.3f} | {row.apparent:.3f} |"
        for row in validation.itertuples()
    ]
    return "\n".join(rows)


def _tell_fairness(model: RedFlagModel) -> str:
    there = [name for name in ("age", "sex") if name in model.signs_]
    used = f"uses {' and '.join(there)}" if there else "uses neither age nor sex"
    return f"The model {used}. Ethnicity, income and access to care are not recorded: no figure known."


def _tell_limits() -> str:
    return (
        "No published model predicts motor neurone disease from symptoms in primary care, so there is nothing to "
        "compare with. Performance on simulated people says how well the method works, not how well it would do on "
        "patients. Where signs are not known the risk is an average over what they might be, judged by the training "
        "people; the interval says how well that average is known. Self-reported weakness and weakness found by an "
        "examiner are two different signs."
    )
