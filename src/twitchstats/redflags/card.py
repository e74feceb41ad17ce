"""The model card, written from the fitted model (TRIPOD+AI; Collins et al 2024, BMJ 385:e078378)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

import twitchstats
from twitchstats.redflags.naming import describe_term
from twitchstats.redflags.prevalence import list_base_rates
from twitchstats.redflags.record import Record
from twitchstats.signs import find_signs, load_signs
from twitchstats.simulate.parameters import load_cohort_parameters

USE = (
    "For research and teaching. **Not for diagnosis**, and not for deciding whether somebody needs a doctor: a red "
    "flag always brings the advice to see one, whatever risk the model gives. A low risk excludes nothing."
)
LIMITS = (
    "No published model predicts motor neurone disease from symptoms in primary care, so there is nothing to compare "
    "with. Performance on simulated people says how well the method works, not how well it would do on patients. "
    "Self-reported weakness and weakness found by an examiner are two different signs. A risk is a share among many "
    "people alike on paper and says nothing certain about one person."
)
NOT_TOLD = "Not known to the software: whoever fitted the model states it here."


def write_model_card(record: Record, parameters: Mapping[str, object], validation: pd.DataFrame | None = None) -> str:
    """Write the model card as Markdown, every figure from the fitted model."""
    there = [name for name in ("age", "sex") if name in record.signs]
    simulated = (
        "Simulated people: no ethics approval, consent or involvement of patients was needed, and none was sought."
    )
    base, sick, terms = record.base, record.n_serious, record.design.terms
    counts = [f"| {row.sign} | {row.n_known} | {row.n_unknown} |" for row in record.missing.itertuples()]
    if validation is None:
        evaluated = "Developed on all people of the sample; no evaluation was handed in."
        performance = "Not given. Pass the frame of `validate_risk` to see it here."
    else:
        apart = bool((validation["optimism"] == 0).all())
        evaluated = "Evaluated on people held out." if apart else "Evaluated on its own people, corrected for optimism."
        performance = "\n".join(
            ["| metric | estimate | 95 % interval | apparent |", "|---|---|---|---|"]
            + [
                f"| {row.metric} | {row.estimate:.3f} | {row.ci_lower:.3f} to {row.ci_upper:.3f} | {row.apparent:.3f} |"
                for row in validation.itertuples()
            ]
        )
    sections = {
        "Title (1)": "Red flag model: the risk of a serious condition in people who twitch, development.",
        "Summary (2)": " ".join(record.notes),
        "Background and objectives (3, 4)": USE,
        "Source of data, participants (5, 6)": _tell_sample(record),
        "Data preparation (7)": "Signs are read by name and coded as the table of coefficients says; no other step.",
        "Outcome (8)": f"`{record.classes[1]}` against `{record.classes[0]}`, as labelled in the training sample.",
        "Predictors (9)": "\n".join(map(_tell_sign, record.signs)),
        "Sample size (10)": f"{record.n_people} people and {sick} serious cases for {len(terms)} terms: "
        f"{sick / max(len(terms), 1):.1f} serious cases for each term before shrinkage. `required_sample_size` gives "
        "the number after Riley et al 2020.",
        "Missing data (11)": _tell_missing(record, str(parameters["missing"])),
        "Analysis (12)": _tell_analysis(record, parameters),
        "Class imbalance, base rate (12f, 13)": f"Risks refer to a base rate of {base.rate:.4g} ({base.source}); the "
        f"sample had {record.sample_rate:.4g}. `at_base_rate` moves the intercept (King and Zeng 2001) and, for "
        "simulated people, the mix of other conditions. Known figures:\n\n"
        + "\n".join(f"- {line}" for line in list_base_rates()),
        "Fairness (14, 25)": f"The model uses {' and '.join(there) or 'neither age nor sex'}. Ethnicity, income and "
        "access to care are not recorded: no figure known.",
        "Model output (15)": "A risk with limits, the base rate beside it, and the advice; no class is decided on.",
        "Training and evaluation (16)": evaluated,
        "Ethics, funding, interests, protocol, registration, involvement (17 to 19)": simulated
        if record.origin
        else NOT_TOLD,
        "Open science (18)": f"twitchstats {twitchstats.__version__}, BSD-3-Clause; saved as JSON by `save`.",
        "Participants in numbers (20, 21)": "\n".join(["| sign | known | not known |", "|---|---|---|", *counts]),
        "The full model (22)": _tell_coefficients(record),
        "Performance (23)": performance,
        "Model updating (24)": "None but the move to a base rate, which is told above.",
        "Limitations (26)": LIMITS,
        "Usability (27)": "Signs that are not told are allowed; values that a sign can't have are refused by name.",
        "Risk of bias (PROBAST+AI, own assessment)": _assess_bias(record),
    }
    return "# Model card\n\n" + "\n\n".join(f"## {head}\n\n{text}" for head, text in sections.items()) + "\n"


def count_assumed() -> str:
    """Return how much of the simulator is assumed.

    >>> count_assumed()
    'Of the 149 parameters that they are made from (data/cohort_parameters.csv) 129 are assumed.'
    """
    table = load_cohort_parameters()
    assumed = int(table["confidence"].eq("assumed").sum())
    return f"Of the {len(table)} parameters that they are made from (data/cohort_parameters.csv) {assumed} are assumed."


def _tell_sample(record: Record) -> str:
    if record.origin:
        counted = ", ".join(record.diagnoses) or "what the labels say"
        what = f"{record.origin.design} sample of `simulate_cohort`; serious means {counted}"
        origin = f"**Trained on simulated people** ({what}); no real person has been seen. {count_assumed()}"
    else:
        origin = "The table did not say where the people come from: whoever fitted the model states it here."
    return (
        f"{record.n_people} people, {record.n_serious} of them serious ({record.sample_rate:.1%}). The share is that "
        f"of the sample, not of any population. {origin}"
    )


def _tell_sign(name: str) -> str:
    if not find_signs([name]):
        return f"- `{name}`: a column of the user's own"
    row = load_signs().loc[name]
    level = f"; {row['level']} ({row['source']})" if isinstance(row["level"], str) else ""
    return f"- `{name}`: {row['label']} ({row['kind']}){level}"


def _tell_missing(record: Record, missing: str) -> str:
    gaps = record.missing[record.missing["n_unknown"] > 0]
    how = {
        "fill": "In the fit a sign that is not known takes its expectation given those that are known.",
        "drop": "People with a sign not known were left out of the fit.",
        "refuse": "The fit allowed no gaps.",
    }[missing]
    told = ", ".join(f"{row.sign} {row.share_unknown:.1%}" for row in gaps.itertuples()) or "none"
    whose = "the exact risk of the simulated world" if record.drawn else "the risk of a model on these"
    return (
        f"{how} Never taken for absent; people who tell only some signs get {whose}. Not known in the training sample: "
        f"{told}."
    )


def _tell_analysis(record: Record, parameters: Mapping[str, object]) -> str:
    products = [term for term in record.design.terms if ":" in term]
    if parameters["penalty"] == "firth":
        shrink = "Firth's penalty (Firth 1993)"
    else:
        chosen = "given" if parameters["strength"] is not None else "chosen by approximate leave-one-out validation"
        shrink = f"a ridge penalty of {record.strength:.4g} on standardised columns, {chosen}"
    limits = "draws of the parameters that the people were drawn from" if record.drawn else "the posterior covariance"
    return (
        f"Logistic regression with {len(products)} interaction terms (none without its parts) and {shrink}. Limits of "
        f"a risk come from {limits}, with that of a base rate that is named."
    )


def _tell_coefficients(record: Record) -> str:
    """Return the coefficients with the coding of each term: enough to compute a risk by hand."""
    base, origin = record.base, record.origin
    crowd = (
        " To this the mix of other conditions at this base rate adds what `explain` tells as other conditions."
        if origin and not origin.exact and base.crowd not in ("", origin.design)
        else ""
    )
    terms = record.design.terms
    rows = zip(terms, map(describe_term, terms), record.coefficients[1:], strict=True)
    return "\n".join(
        [
            "Log odds = intercept + the sum of coefficient times coded value; risk = 1 / (1 + exp(-log odds)), where "
            f"every sign is told.{crowd}",
            "",
            "| term | label | log odds ratio | coded as |",
            "|---|---|---|---|",
            f"| intercept | | {record.coefficients[0] + record.shift:.6g} | 1 |",
            *(f"| {term} | {told.label} | {value:.6g} | {told.coding} |" for term, told, value in rows),
        ]
    )


def _assess_bias(record: Record) -> str:
    """Return an assessment of each domain of PROBAST+AI (Moons et al 2025, BMJ 388:e082505)."""
    each = min(record.n_serious, record.n_people - record.n_serious) / max(len(record.design.terms), 1)
    gaps = record.missing["share_unknown"].max() if len(record.missing) else np.nan
    if record.origin:
        lines = [
            "Overall: **high risk of bias**.",
            f"- Participants: high. Simulated, {record.origin.design} sample"
            + (", case-control." if record.origin.design == "clinic" else "."),
            "- Predictors: high. Their prevalences and how they go together are assumed for want of figures.",
            "- Outcome: high. It is drawn, not found by a reference test.",
        ]
    else:
        lines = [
            "Overall: unclear, for it depends on what only those know who collected the people.",
            "- Participants: unclear. State how they were found; a case-control sample is a high risk.",
            "- Predictors: unclear. State who noted the signs, and whether the outcome was known then.",
            "- Outcome: unclear. State the reference test.",
        ]
    size = "low" if each >= 10 else "high"
    return "\n".join(
        [
            *lines,
            f"- Analysis: {size}. {each:.1f} cases a term, up to {gaps:.0%} of a sign not known, coefficients shrunk.",
        ]
    )
