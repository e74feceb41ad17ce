"""Exports made of text, as files would give them."""

import io
from pathlib import Path

import pytest

from twitchstats.journal.readers.export import Export

SAMPLES = Path(__file__).parent


@pytest.fixture
def make_export():
    """Return the maker of an export from text or bytes."""

    def make(content, name="export.csv"):
        data = content if isinstance(content, bytes) else content.encode("utf-8")
        return Export(name, lambda: io.BytesIO(data))

    return make


@pytest.fixture
def sample():
    """Return the reader of a sample's bytes."""
    return lambda name: (SAMPLES / name).read_bytes()
