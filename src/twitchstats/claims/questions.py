"""The questions that the claims ask: each with its outcome, its test, and the smallest effect that matters."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from twitchstats.variables import load_table

_NUMBERS = ("direction", "margin", "share")
# what an outcome is judged on where it is not recorded, by the articles' own use of the words
STAND_INS = {
    "twitches": ("spasms", "episodes", "intensity"),
    "spasms": ("twitches", "episodes", "intensity"),
    "cramps": ("spasms", "episodes"),
}


@dataclass(frozen=True)
class Question:
    """What a question asks of the data; questions that ask the same share one estimate.

    Examples
    --------
    >>> question = Question("effect", ("sleep",), (0, 1), "twitches", level="8", share=None)
    >>> question.lag, question.limit
    (0, 8.0)
    """

    test: str  # a name in `claims.analyses.ANALYSES`
    variables: tuple[str, ...]  # the exposure first; "a|b" is either
    lags: tuple[int, ...]  # days from the exposure to the outcome; several are taken together
    outcome: str  # on what it is judged
    level: str  # a limit, a site, diagnoses, a rule, or the variable on whose days it is asked, as the test takes it
    share: float | None  # that a share is set against

    @property
    def lag(self) -> int:
        """The first of its lags, 0 where it has none."""
        return self.lags[0] if self.lags else 0

    @property
    def limit(self) -> float:
        """Its level as a number."""
        return float(self.level)


def load_questions() -> pd.DataFrame:
    """Return the questions that the claims of the articles ask, one a row.

    Returns
    -------
    DataFrame
        ``question_id, question`` (plain words), ``kind`` (trigger, remedy, sign, rule, site, course, symptom ...);
        ``test``, the analysis that answers it (a name in `claims.analyses.ANALYSES`, "" where no journal can), with the
        ``variables`` it needs (separated by semicolons, the exposure first; "|" joins signs of which any counts),
        ``lag`` in days (several, separated by semicolons, are taken together), ``outcome`` (the one that is asked
        about), ``level`` (a limit, sites, diagnoses, a rule; for remedies the variable on whose days it is asked) and
        ``share`` (that a share is set against: small where something only may happen); ``stand_in``, what it is
        judged on where the thing itself is not recorded ("relaxation for yoga"); ``direction`` (sign of the estimate
        if what is asked is so), ``margin`` (smallest effect that matters: a ratio, or a difference for ratings) and
        ``margin_reason``; ``condition, people``: under which, and of whom, it is asked; ``reason`` why no journal can
        answer it; ``literature`` ("agrees", "disputes", "mixed", "no figure known": on this outcome) and ``evidence``,
        keys of `load_evidence`.

    Examples
    --------
    >>> load_questions().set_index("question_id").loc["sleep-twitches", "question"]
    'Do twitches come more on days after short sleep?'
    """
    table = load_table("questions.csv")
    return table.assign(**{name: pd.to_numeric(table[name]) for name in _NUMBERS})


def read_question(row: Mapping[str, object]) -> Question:
    """Return the record of a row of `load_questions`, or of a frame like it."""
    lags = tuple(int(lag) for lag in str(row["lag"]).split(";") if lag)
    share = float(str(row["share"]))
    variables = tuple(name for name in str(row["variables"]).split(";") if name)
    return Question(
        str(row["test"]), variables, lags, str(row["outcome"]), str(row["level"]), None if share != share else share
    )
