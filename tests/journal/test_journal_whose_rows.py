"""Hours with minutes behind a point, and files that do not say whose they are."""

import io

import twitchstats as tw


def test_minutes_behind_a_point_are_not_read_as_decimals():
    text = "date,twitches,sleep (h.mm)\n2024-01-01,3,7.30\n2024-01-02,4,6.45\n2024-01-03,5,8.15\n"
    journal = tw.read_journal(io.StringIO(text))
    assert "sleep" not in journal.days
    assert not journal.days.select_dtypes("number").eq(7.3).any(axis=None)
    assert journal.rejects["message"].str.contains("7.30 is not 7.3 h").any()


def test_a_source_without_person_is_told_to_hold_for_everybody():
    diary = "person,date,twitches\nAnn,2024-01-01,3\nAnn,2024-01-02,4\nBob,2024-01-01,9\nBob,2024-01-02,8\n"
    journal = tw.read_journal(io.StringIO(diary), also=[io.StringIO("date,sleep\n2024-01-01,7\n2024-01-02,8\n")])
    assert journal.rejects["message"].str.contains("has no column 'person'").any()


def test_parts_without_person_ask_for_the_column():
    parts = [io.StringIO(f"date,twitches\n2024-0{month}-01,3\n2024-0{month}-02,4\n") for month in (1, 2)]
    assert tw.read_journal(parts).rejects["message"].str.contains("different people's").any()


def test_a_column_that_parts_the_rows_of_a_day_may_name_people():
    rows = "".join(f"2024-01-0{day},Ann,{day},4\n2024-01-0{day},Bob,2{day},5\n" for day in (1, 2, 3))
    told = "column Twin: it parts the rows of a day ('Ann', 'Bob'); if it says whose row it is, name it: "
    told += "person='Twin' (command line: --person)"
    assert told in tw.read_journal(io.StringIO("date,Twin,twitches,stress\n" + rows)).rejects["message"].tolist()
    text = "date,when,twitches,stress\n" + rows.replace("Ann", "morning").replace("Bob", "evening")
    assert "rows_parted" not in set(tw.read_journal(io.StringIO(text)).rejects["rule"])
