"""What comes before, during and after an episode, and what moves with its strength and length."""

import numpy as np
import pandas as pd

from twitchstats.episodes.shares import (
    LEAST_EPISODES,
    Slope,
    estimate_share,
    fit_line,
    fit_logistic,
    get_episodes,
    relate_by_person,
)
from twitchstats.errors import check_choice, check_share
from twitchstats.journal.record import Journal

LEAST_PAIRS = 10  # episodes of a person with both ratings
SIGNS = ("stiffness_before", "limited_movement", "fatigue_after")


def estimate_sign(
    journal: Journal,
    *,
    sign: str,
    reference: float | None = 0.5,
    kind: str | None = None,
) -> pd.DataFrame:
    """Estimate the share of episodes with a sign.

    Parameters
    ----------
    journal : Journal
    sign : {"stiffness_before", "limited_movement", "fatigue_after"}
        Episodes where it was not noted are left out, not taken for 'no'.
    reference : float, optional
        Share to test against (one half: does it go with most episodes?).
    kind : {"twitch", "cramp", "spasm"}, optional
        Only these episodes.

    Returns
    -------
    DataFrame
        One row: ``sign, measure`` ("share"), ``estimate`` (mean of people's shares; of one person's episodes),
        ``se, df, ci_lower, ci_upper, ci90_lower, ci90_upper, p_value, reference, heterogeneity`` (SD between people),
        ``n_people, n_episodes, reason``.

    Raises
    ------
    OptionError
        Unknown sign, or a reference outside 0 to 1.

    Examples
    --------
    >>> import twitchstats as tw
    >>> estimate_sign(tw.read_demo("group"), sign="fatigue_after")[["sign", "measure", "n_people"]]
                sign measure  n_people
    0  fatigue_after   share        24
    """
    check_choice("sign", sign, SIGNS)
    if reference is not None:
        check_share("reference", reference)
    episodes = get_episodes(journal, sign, kind=kind)
    hits = (episodes[sign].astype(float) > 0).to_numpy(float)
    row = estimate_share(hits, episodes["person"], episodes["day"], reference=reference)
    return pd.DataFrame([{"sign": sign} | row])


def relate_pain_to_intensity(journal: Journal, *, kind: str | None = None) -> pd.DataFrame:
    """Estimate by how much pain differs for one point of intensity more.

    Least squares within each person with an error robust to days, then random effects over people (REML,
    Hartung-Knapp).

    Parameters
    ----------
    journal : Journal
    kind : str, optional
        Only episodes of this kind.

    Returns
    -------
    DataFrame
        One row: ``measure`` ("difference", points of pain), then the columns of `estimate_sign`.

    Examples
    --------
    >>> import twitchstats as tw
    >>> relate_pain_to_intensity(tw.read_demo("group"))[["measure", "n_people"]]
          measure  n_people
    0  difference        24
    """
    episodes = get_episodes(journal, "pain", "intensity", kind=kind)

    def fit(own: pd.DataFrame) -> Slope | None:
        if len(own) < LEAST_PAIRS:
            return None
        return fit_line(own["pain"].to_numpy(float), own["intensity"].to_numpy(float), own["day"])

    return pd.DataFrame([relate_by_person(episodes, fit, x="intensity", measure="difference")])


def relate_sign_to_duration(journal: Journal, *, sign: str = "fatigue_after", kind: str | None = None) -> pd.DataFrame:
    """Estimate the odds ratio of a sign for an episode twice as long.

    Logistic regression on the binary logarithm of the duration within each person, error robust to days, then random
    effects over people. Episodes whose end was not seen are left out.

    Parameters
    ----------
    journal : Journal
    sign : {"stiffness_before", "limited_movement", "fatigue_after"}
    kind : str, optional
        Only episodes of this kind.

    Returns
    -------
    DataFrame
        One row: ``sign, measure`` ("odds ratio" for a doubling), then the columns of `estimate_sign`.

    Raises
    ------
    OptionError
        Unknown sign.

    Examples
    --------
    >>> import twitchstats as tw
    >>> relate_sign_to_duration(tw.read_demo("group"))[["sign", "measure", "n_people"]]
                sign     measure  n_people
    0  fatigue_after  odds ratio        24
    """
    check_choice("sign", sign, SIGNS)
    episodes = get_episodes(journal, sign, "duration_s", kind=kind)
    if "ongoing" in episodes:
        episodes = episodes[~(episodes["ongoing"].astype(float) > 0)]
    episodes = episodes[episodes["duration_s"].astype(float) > 0]

    def fit(own: pd.DataFrame) -> Slope | None:
        hits = (own[sign].astype(float) > 0).to_numpy(float)
        if min(hits.sum(), (1 - hits).sum()) < LEAST_EPISODES:
            return None
        return fit_logistic(hits, np.ones(len(own)), np.log2(own["duration_s"].to_numpy(float)), own["day"])

    row = relate_by_person(episodes, fit, x="duration_s", measure="odds ratio")
    return pd.DataFrame([{"sign": sign} | row])
