"""What the arrays are that functions take and give, named once; frames of other libraries as those of pandas."""

from typing import Any

import narwhals
import numpy as np
from narwhals.dependencies import is_into_dataframe, is_pandas_dataframe
from numpy.typing import NDArray

AnyArray = NDArray[Any]
BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

TINY = 1e-300  # what a length is divided by that may be none


def to_pandas(given: Any) -> Any:  # noqa: ANN401
    """Return a data frame of any library (polars, Arrow ...) as one of pandas, and anything else as it is."""
    if is_pandas_dataframe(given) or not is_into_dataframe(given):
        return given
    return narwhals.from_native(given, eager_only=True).to_pandas()
