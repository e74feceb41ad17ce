"""Days that say two things at once are kept, and told."""

import io

import pandas as pd
import pytest

import twitchstats as tw

HEAD = "date,twitches,cramps,intensity\n"


def find_told(journal):
    told = journal.rejects[journal.rejects["rule"] == "contradiction"]
    assert (told["action"] == "kept").all()
    return told["message"].to_list()


def test_an_intensity_where_nothing_twitched_is_told(read):
    journal = read(f"{HEAD}2024-03-01,0,0,4\n2024-03-02,0,3,4\n2024-03-03,0,0,0\n2024-03-04,0,0,2\n2024-03-05,2,,5\n")
    assert find_told(journal) == [
        "column intensity: Intensity of the twitching is above zero where Muscle twitches and Muscle cramps are 0, on "
        "2 days ('2024-03-01', '2024-03-04'); both are kept, but one of them may be a slip"
    ]
    assert journal.days["intensity"].to_list() == [4, 4, 0, 2, 5]


def test_an_episode_on_a_day_without_is_told_for_its_kind(read):
    days = "person,date,twitches,cramps\nA,2024-03-01,0,2\nB,2024-03-01,2,0\nB,2024-03-02,0,0\n"
    episodes = (
        "person,start,kind\nA,2024-03-01 21:30,twitch\nA,2024-03-01 22:00,cramp\nB,2024-03-01 07:00,twitch\n"
        "B,2024-03-03 07:00,twitch\n"
    )
    journal = read(days, episodes=io.StringIO(episodes))
    assert find_told(journal) == [
        "column start: Muscle twitches is 0 where an episode of this kind began, on 1 day ('2024-03-01'); both are "
        "kept, but one of them may be a slip"
    ]
    assert len(journal.episodes) == 4


def test_numbered_days_are_compared_too(read):
    journal = read("day,twitches\n1,0\n2,3\n", episodes=io.StringIO("day,kind\n1,twitch\n2,twitch\n"))
    assert len(found := find_told(journal)) == 1
    assert "on 1 day ('1')" in found[0]


def test_dated_episodes_beside_numbered_days_are_told(read):
    journal = read("day,twitches\n1,0\n2,3\n", episodes=io.StringIO("start,kind\n2024-03-01 21:00,twitch\n"))
    assert journal.rejects["message"].to_list() == [
        "column start: it tells dates, and the journal numbers its days, so episodes and days can't be laid beside "
        "each other; give both dates or numbers"
    ]
    assert len(journal.episodes) == 1


@pytest.mark.parametrize("rows", ["2024-03-01,3,0,4\n2024-03-02,0,0,\n", "2024-03-01,,,4\n2024-03-02,1,0,0\n"])
def test_a_journal_that_agrees_with_itself_is_not_warned(read, rows):
    assert not find_told(read(HEAD + rows))


def test_one_diary_under_two_names_is_told():
    days = pd.date_range("2025-01-01", periods=12)
    one = pd.DataFrame({"date": days, "twitches": [0, 3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5], "stress": [2, 7] * 6})
    other = one.assign(twitches=one["twitches"] + 1)
    people = pd.concat([one.assign(person="ann"), one.assign(person="anna"), other.assign(person="bea")])
    [row] = tw.read_journal(people).rejects.to_dict("records")
    assert (row["rule"], row["action"]) == ("contradiction", "kept")
    assert row["message"] == (
        "column person: 'ann', 'anna' have the same entries on all of their 12 days; all are kept, but if this is one "
        "person's diary under several names, leave one: it would count several times"
    )
    short = people[people["date"] < "2025-01-09"]
    assert tw.read_journal(short).rejects.empty
