"""What the tests of the reader share."""

import datetime as dt
import io
from collections.abc import Callable

import pytest

from twitchstats.journal import Journal, read_journal

TODAY = dt.date(2024, 12, 31)


@pytest.fixture
def read() -> Callable[..., Journal]:
    """Read a journal given as text or bytes, as if today were the last day of 2024."""

    def run(content: str | bytes, **options: object) -> Journal:
        stream = io.BytesIO(content) if isinstance(content, bytes) else io.StringIO(content)
        return read_journal(stream, **{"today": TODAY, **options})

    return run
