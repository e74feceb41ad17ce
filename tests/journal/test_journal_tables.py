"""The people table and the episodes table."""

import io
import re

import numpy as np
import pandas as pd
import pytest

from twitchstats.errors import JournalError
from twitchstats.journal import write_journal
from twitchstats.journal.record import EPISODE_COLUMNS

DAYS = "person,date,twitches\nA,2024-03-01,1\nA,2024-03-02,2\nB,2024-03-01,1\nB,2024-03-02,2\n"

PEOPLE = """person,Age (years),gender,pregnant,Persistence (months),weakness,numbness,diagnosis,smoker
B,41,m,no,2,1,yes,,no
A,130,Frau,maybe,,no,0,BFS,yes
A,20,f,,,,,,
,20,f,,,,,,
"""


def test_people(read):
    journal = read(DAYS, people=io.StringIO(PEOPLE))
    people = journal.people
    assert people.index.to_list() == ["A", "B"]
    assert people.loc["B"].to_dict() == {
        "age": 41.0, "sex": "male", "pregnant": 0.0, "persistence_weeks": pytest.approx(2 * 365.2425 / 12 / 7),
        "weakness_felt": 1.0, "sensory_change": 1.0, "diagnosis": np.nan, "smoker": 0.0,
    } | {"diagnosis": people.loc["B", "diagnosis"]}  # fmt: skip
    assert people.loc["A", ["sex", "diagnosis"]].to_list() == ["female", "BFS"]
    assert people.loc["A", ["age", "pregnant"]].isna().all()
    told = journal.rejects[journal.rejects["action"] != "kept"]
    assert told[["table", "row", "rule", "message", "action"]].to_numpy().tolist() == [
        ["people", 3, "out_of_range", "row 3, Age (years): 130 is outside 0-120 years", "cell set missing"],
        ["people", 3, "not_yes_no", "row 3, pregnant: 'maybe' is neither yes nor no; write yes, no, 1 or 0",
        "cell set missing"],
        ["people", 4, "same_person", "row 4, person: 'A' has a row already; the first one counts", "row dropped"],
        ["people", 5, "missing_person", "row 5, person: the row doesn't say whose it is; fill it in", "row dropped"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"people": "age,sex\n20,f\n"}, "No person column in the people table. Name one 'person', as in the journal."),
        (
            {"people": "person,sex,gender\nA,f,f\n"},
            "people: columns 'gender' and 'sex' both mean 'sex'. Rename or remove one.",
        ),
        (
            {"episodes": "start,site\n2024-03-01 10:00,calf\n"},
            "The episodes table has no person column, and the journal has several people. Add one.",
        ),
        (
            {"episodes": "person,site\nA,calf\n"},
            "No start column in the episodes table. Name one 'start' (2024-03-31 21:30).",
        ),
        (
            {"episodes": ""},
            "The episodes table is empty. A journal starts with a header row, such as date,twitches,stress.",
        ),
    ],
)
def test_tables_that_cannot_be_read(read, tables, message):
    with pytest.raises(JournalError, match=re.escape(message)):
        read(DAYS, **{name: io.StringIO(text) for name, text in tables.items()})


EPISODES = """person;start;duration (min);type;body part;side;severity;stiff before;place of day
A;01.03.2024 21:30;1,5;Cramp;left calf;;7;yes;sofa
A;02.03.2024 07:15:30;0:02;twitching;Eyelid;right;3;no;bed
B;02.03.2024;;Krampf;elbow;both;11;;bed
B;32.03.2024;1;spasm;back;;1;;bed
;02.03.2024;1;spasm;back;;1;;bed
"""


def test_episodes(read):
    journal = read(DAYS, episodes=io.StringIO(EPISODES))
    episodes = journal.episodes
    assert episodes.columns.to_list() == [*EPISODE_COLUMNS, "place_of_day"]
    assert episodes["person"].to_list() == ["A", "A", "B"]
    assert episodes["start"].to_list() == [
        pd.Timestamp("2024-03-01 21:30"), pd.Timestamp("2024-03-02 07:15:30"), pd.Timestamp("2024-03-02"),
    ]  # fmt: skip
    assert episodes["duration_s"].fillna(-1).to_list() == [90.0, 120.0, -1.0]
    assert episodes["kind"].to_list() == ["cramp", "twitch", "cramp"]
    assert episodes["site"].fillna("").to_list() == ["calf", "eyelid", ""]
    assert episodes["side"].to_list() == ["left", "right", "both"]
    assert episodes["intensity"].fillna(-1).to_list() == [7, 3, -1]
    assert episodes["stiffness_before"].fillna(-1).to_list() == [1, 0, -1]
    assert episodes["ongoing"].to_list() == [0, 0, 0]
    assert episodes["place_of_day"].to_list() == ["sofa", "bed", "bed"]
    told = journal.rejects[journal.rejects["action"] != "kept"]
    assert told[["row", "rule", "action"]].to_numpy().tolist() == [
        [4, "unknown_word", "cell set missing"], [4, "out_of_range", "cell set missing"],
        [5, "impossible_date", "row dropped"], [6, "missing_person", "row dropped"],
    ]  # fmt: skip
    assert told["message"].iloc[0].startswith("row 4, body part: 'elbow' is not one of eyelid, face, jaw,")


def test_durations_from_ends(read):
    text = "start,end,site\n2024-03-01 10:00,2024-03-01 10:05,calf\n2024-03-01 12:00,2024-03-01 11:00,calf\n"
    journal = read("date,twitches\n2024-03-01,1\n2024-03-02,1\n", episodes=io.StringIO(text))
    assert journal.episodes["duration_s"].fillna(-1).to_list() == [300.0, -1.0]
    assert journal.rejects[["row", "rule"]].to_numpy().tolist() == [[3, "end_before_start"]]
    assert set(journal.episodes["person"]) == {"me"}


def test_date_and_time_in_two_columns(read):
    text = "person,date,time,kind\nA,2024-03-01,9:45 pm,twitch\n"
    journal = read(DAYS, episodes=io.StringIO(text))
    assert journal.episodes["start"].to_list() == [pd.Timestamp("2024-03-01 21:45")]


def test_all_three_tables_are_written_and_read_again(read, tmp_path):
    journal = read(DAYS, episodes=io.StringIO(EPISODES), people=io.StringIO(PEOPLE))
    days, episodes, people = write_journal(journal, tmp_path / "mine.csv")
    assert [path.name for path in (days, episodes, people)] == ["mine.csv", "mine_episodes.csv", "mine_people.csv"]
    again = read(days.read_text(encoding="utf-8"), episodes=episodes, people=people)
    pd.testing.assert_frame_equal(again.days, journal.days)
    pd.testing.assert_frame_equal(again.episodes, journal.episodes)
    pd.testing.assert_frame_equal(again.people, journal.people)


def test_without_further_tables_they_are_empty(read):
    journal = read(DAYS)
    assert len(journal.people) == 0
    assert journal.people.index.name == "person"
    assert len(journal.episodes) == 0
    assert journal.episodes.columns.to_list() == EPISODE_COLUMNS


def test_people_without_a_day_are_kept_and_told_once(read):
    people = "person,age\nA,20\nB,30\nC,40\nD,50\n"
    journal = read(DAYS, people=io.StringIO(people))
    assert journal.people.index.to_list() == ["A", "B", "C", "D"]
    assert journal.rejects[["table", "rule", "message", "action"]].to_numpy().tolist() == [
        ["people", "no_days", "2 in the people table have no day in the journal: 'C', 'D'; their rows are kept", "kept"]
    ]


def test_numbered_days_and_their_episodes_come_back(read, tmp_path):
    episodes = "person,day,kind\nA,2,cramp\nA,x,cramp\n"
    journal = read("person,day,twitches\nA,1,3\nA,2,4\n", episodes=io.StringIO(episodes))
    assert journal.episodes["start"].to_list() == [2.0]
    assert journal.rejects["message"].to_list() == ["row 3, day: 'x' is not a whole day number such as 12"]
    days, written = write_journal(journal, tmp_path / "mine.csv")
    again = read(days.read_text(encoding="utf-8"), episodes=written)
    assert again.calendar == "day"
    pd.testing.assert_frame_equal(again.days, journal.days)
    pd.testing.assert_frame_equal(again.episodes, journal.episodes)
