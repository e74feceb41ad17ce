"""What the arrays are that functions take and give, named once; frames of other libraries as those of pandas."""

from typing import Any

import narwhals
import numpy as np
from narwhals.dependencies import is_into_dataframe, is_pandas_dataframe
from numpy.typing import ArrayLike, NDArray

from twitchstats.errors import OptionError

AnyArray = NDArray[Any]
BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

TINY = 1e-300  # what a length is divided by that may be none


def read_numbers(option: str, values: ArrayLike) -> FloatArray:
    """Return numbers as an array, or raise OptionError where one is none; a missing one is NaN."""
    try:
        return np.asarray(values, float)
    except (TypeError, ValueError) as error:
        raise OptionError(f"{option}={values!r:.60} is not possible. Give numbers.") from error


def to_pandas(given: Any) -> Any:  # noqa: ANN401
    """Return a data frame of any library (polars, Arrow ...) as one of pandas, and anything else as it is."""
    if is_pandas_dataframe(given) or not is_into_dataframe(given):
        return given
    return narwhals.from_native(given, eager_only=True).to_pandas()
