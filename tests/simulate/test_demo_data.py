"""The demo data in data/ are what the command makes, byte for byte."""

import pytest

import twitchstats as tw
from twitchstats.resources import find_resource
from twitchstats.simulate import write_demo_data

FILES = [
    "demo_journal.csv",
    "demo_group_days.csv",
    "demo_group_episodes.csv",
    "demo_group_people.csv",
    "demo_cohort.csv",
]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return write_demo_data(tmp_path_factory.mktemp("demo") / "new")


def test_demo_data_are_made_by_the_command(written):
    assert [path.name for path in written] == FILES
    for path in written:
        assert path.read_bytes() == find_resource("data", path.name).read_bytes(), path.name


def test_demo_data_are_small(written):
    assert sum(path.stat().st_size for path in written) < 3_000_000


def test_demo_data_are_read_without_a_reject(written):
    paths = {path.name: path for path in written}
    person = tw.read_journal(paths["demo_journal.csv"])
    group = tw.read_journal(
        paths["demo_group_days.csv"],
        episodes=paths["demo_group_episodes.csv"],
        people=paths["demo_group_people.csv"],
    )
    for journal in (person, group):
        assert len(journal.rejects) == 0
        assert journal.calendar == "date"
        assert journal.outcome == "twitches"
    assert len(group.people) == 24
    assert 100 < group.episodes.groupby("person").size().median() < 400  # what people may write down in three months
