"""How many people a risk model needs."""

import numpy as np
import pandas as pd

from twitchstats.errors import OptionError, check_whole
from twitchstats.redflags.prevalence import check_share


def required_sample_size(
    *,
    r2: float,
    parameters: int,
    prevalence: float,
    shrinkage: float = 0.9,
    optimism: float = 0.05,
    margin: float = 0.05,
) -> pd.DataFrame:
    """Return how many people are needed to develop a logistic risk model.

    Riley, Snell, Ensor et al 2019, Stat Med 38:1276; Riley, Ensor, Snell et al 2020, BMJ 368:m441.

    Parameters
    ----------
    r2 : float
        Anticipated Cox-Snell R2.
    parameters : int
        Candidate parameters.
    prevalence : float
        Share of serious cases in the sample.
    shrinkage : float
        Least global shrinkage factor (criterion 1).
    optimism : float
        Largest drop of Nagelkerke's R2 (criterion 2).
    margin : float
        Margin of error of the overall risk (criterion 3).

    Returns
    -------
    DataFrame
        A row for each criterion and a last row "required" (their maximum): ``criterion, rule, n, n_serious,
        per_parameter`` (serious cases for each parameter).

    Raises
    ------
    OptionError
        A value outside its range.

    Examples
    --------
    >>> required_sample_size(r2=0.288, parameters=24, prevalence=0.174)["n"].tolist()
    [623, 662, 221, 662]
    """
    shares = {"prevalence": prevalence, "shrinkage": shrinkage, "optimism": optimism, "margin": margin, "r2": r2}
    for name, value in shares.items():
        check_share(name, value)
    check_whole("parameters", parameters, least=1)
    most = 1 - (prevalence**prevalence * (1 - prevalence) ** (1 - prevalence)) ** 2
    if r2 >= most:
        raise OptionError(
            f"r2={r2} is not possible. At a prevalence of {prevalence} the Cox-Snell R2 lies between 0 and {most:.4g}."
        )
    least = np.array([shrinkage, r2 / (r2 + optimism * most)])
    if (wrong := least[least <= r2]).size:
        raise OptionError(f"r2={r2} is not possible with a shrinkage of {wrong[0]:.3g}: it must be smaller.")
    sizes = parameters / ((least - 1) * np.log1p(-r2 / least))
    sizes = np.append(sizes, (1.959963984540054 / margin) ** 2 * prevalence * (1 - prevalence))
    rules = {
        "1": f"shrinkage of at least {shrinkage:g}",
        "2": f"drop of Nagelkerke's R2 of at most {optimism:g}",
        "3": f"overall risk within {margin:g}",
        "required": "the largest of these",
    }
    n = np.ceil(np.round([*sizes, sizes.max()], 9)).astype(int)
    frame = pd.DataFrame({"criterion": list(rules), "rule": list(rules.values()), "n": n})
    return frame.assign(n_serious=n * prevalence, per_parameter=n * prevalence / parameters)
