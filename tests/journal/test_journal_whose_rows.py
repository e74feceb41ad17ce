"""Whose rows they are: one diary in parts is read without a question, what may be several people's is asked about."""

import io
import zipfile

import pytest

import twitchstats as tw
from twitchstats.errors import JournalError


def write_rows(days, *, header="date,twitches,stress", shift=0, names=("",)):
    """Return a diary as CSV: numbers of days since 1 January 2024, and a row for each name on each of them."""
    lines = [header]
    for day in days:
        date = f"2024-{1 + day // 28:02}-{1 + day % 28:02}"
        for number, name in enumerate(names):
            cells = [date, *[name] * bool(name), f"{(day + shift + 3 * number) % 7}", f"{(2 * day + shift) % 9}"]
            lines.append(",".join(cells[: header.count(",") + 1]))
    return "\n".join(lines) + "\n"


def write_column(header, *names, days=range(12)):
    return write_rows(days, header=f"date,{header},twitches,stress", names=names)


def open_files(**files):
    opened = [io.BytesIO(text.encode()) for text in files.values()]
    for file, name in zip(opened, files, strict=True):
        file.name = f"{name}.csv"
    return opened


def pack_files(**files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.csv", text)
    packed.seek(0)
    return packed


JAN, FEB = write_rows(range(28)), write_rows(range(28, 56))
ODD, EVEN, OTHER = write_rows(range(1, 40, 2)), write_rows(range(0, 40, 2)), write_rows(range(28), shift=1)
SLEEP = write_rows(range(28), header="date,sleep (h)")
TWINS = write_column("X", "Ann", "Bob")
GROUP = write_column("person", "Ann", "Bob")
# Sources, and what is asked for ("" where nothing is).
SHAPES = {
    "a row told twice": (TWINS + TWINS.splitlines()[1] + "\n", "X"),
    "a blank among names": (TWINS.replace("Ann", "", 1), "X"),
    "a dash among names": (TWINS.replace("Ann", "-", 1), "X"),
    "sex": (write_column("sex", "m", "f"), "sex"),
    "age": (write_column("age", "41", "67"), "age"),
    "birth": (write_column("date of birth", "1961-01-01", "1988-03-04"), "date of birth"),
    "one sex in two spellings": (write_column("sex", "m", "male"), ""),
    "a birthday": (write_column("age", "41", "42"), ""),
    "birth control": (write_column("birth control", "yes", "no"), ""),
    "an unnamed header": (write_column("", "Ann", "Bob").replace("date,,", "date, ,"), "column 2"),
    "twins": (write_column("Twin", "Ann", "Bob"), "Twin"),
    "letters": (write_column("Twin", "A", "B"), "Twin"),
    "numbers": (write_column("Twin", "1", "2"), "Twin"),
    "children": (write_column("Kind", "Lena", "Max", "Tom"), "Kind"),
    "an unknown header": (write_column("X", "Ann-Marie", "O'Neil"), "X"),
    "initials": (write_column("label", "Müller J.", "Meier K."), "label"),
    "a relation": (write_column("Family member", "mum", "dad"), "Family member"),
    "numbers of days": (write_column("Twin", "Ann", "Bob").replace("2024-01-", "").replace("date", "day"), "Twin"),
    "other days": (
        write_column("Family member", "Ann") + write_column("", "Bob", days=range(30, 40))[21:],
        "Family member",
    ),
    "parts of a day": (write_column("when", "morning", "evening"), ""),
    "meals": (write_column("meal", "breakfast", "lunch", "dinner"), ""),
    "sides": (write_column("leg", "left", "right"), ""),
    "grades": (write_column("pain was", "mild", "severe"), ""),
    "medicines": (write_column("drug", "a", "b"), ""),
    "sites": (write_column("site", "a", "b"), ""),
    "before and after": (write_column("moment", "before sleep", "after sleep"), ""),
    "devices": (write_column("device", "phone", "watch"), ""),
    "what was planned": (write_rows(range(28), header="date,planned sleep,actual sleep"), ""),
    "events": (write_column("activity", "run", "swim"), ""),
    "who was met": (write_column("coach", "Anna", "Tom"), ""),
    "by turns": (write_column("who", "Ann") + write_column("", "Bob", days=range(30, 40))[21:], "who"),
    "a place": (write_column("place", "home", days=range(20)) + write_column("", "sea", days=range(19, 30))[20:], ""),
    "months": (open_files(jan=JAN, feb=FEB), ""),
    "parts": (open_files(diary_part1=JAN, diary_part2=FEB), ""),
    "months of one": (open_files(anna_jan=JAN, anna_feb=FEB), ""),
    "months in another order": (open_files(apr=FEB.replace("2024-02", "2024-04"), jan=JAN, feb=FEB), ""),
    "no names": ([io.StringIO(JAN), io.StringIO(FEB)], ""),
    "what both say": (open_files(jan=JAN, feb=JAN + FEB.partition("\n")[2]), ""),
    "what both say, whatever the name": (open_files(diary=JAN, phone=JAN + FEB.partition("\n")[2]), ""),
    "another source": (open_files(diary=JAN, watch=SLEEP), ""),
    "another source of sleep": (
        open_files(
            a=write_rows(range(28), header="date,steps,sleep (h)"),
            b=write_rows(range(28), header="date,hrv,sleep (h)", shift=1),
        ),
        "",
    ),
    "packed months": (pack_files(jan=JAN, feb=FEB), ""),
    "moments of a day": (open_files(morning=JAN, evening=OTHER), ""),
    "before and after something": (open_files(before=JAN, after=FEB), ""),
    "names": (open_files(anna=JAN, ben=FEB), "file"),
    "numbered children": (open_files(kid1=JAN, kid2=FEB), "file"),
    "folders": (pack_files(**{"anna/d": JAN, "tom/d": OTHER}), "file"),
    "the same days": (open_files(anna=JAN, ben=OTHER), "file"),
    "half of the columns": (open_files(anna=JAN, ben=OTHER.replace("stress", "coffee")), "file"),
    "days that alternate": (open_files(a1=ODD, a2=EVEN), "file"),
    "numbers of people": (open_files(P1=JAN, P2=FEB), "file"),
    "packed names": (pack_files(anna=JAN, ben=FEB), "file"),
    "packed days": (pack_files(anna=JAN, ben=OTHER), "file"),
}


def rewind(source):
    for file in source if isinstance(source, list) else [source]:
        file.seek(0)
    return source


@pytest.mark.parametrize("shape", SHAPES)
def test_what_may_be_several_people_s_is_asked_about_and_nothing_else(shape):
    source, asked = SHAPES[shape]
    source = io.StringIO(source) if isinstance(source, str) else source
    if not asked:
        assert tw.read_journal(rewind(source)).days.index.unique("person").to_list() == ["me"]
        return
    with pytest.raises(JournalError, match=rf"person=.{asked}. \(command line: --person"):
        tw.read_journal(rewind(source))
    assert len(tw.read_journal(rewind(source), person=asked).days.index.unique("person")) >= 2
    assert tw.read_journal(rewind(source), person="none").days.index.unique("person").to_list() == ["me"]


def test_files_of_two_people_are_asked_about():
    with pytest.raises(JournalError) as caught:
        tw.read_journal(open_files(anna=JAN, ben=OTHER))
    assert str(caught.value) == (
        "anna.csv and ben.csv both tell 'twitches', 'stress' in different ways on the same days. If each is another "
        "person's, say person=\"file\" (command line: --person file), or add a column 'person' to each; if all are one "
        'person\'s, say person="none" (--person none), or leave out what only sums up the other.'
    )
    with pytest.raises(JournalError, match=r"'stress', and neither names nor days show that they are parts of"):
        tw.read_journal(open_files(anna=JAN, ben=FEB))
    journal = tw.read_journal(open_files(anna=JAN, ben=OTHER), person="file")
    assert journal.days.groupby("person").size().to_dict() == {"anna": 28, "ben": 28}
    assert journal.days["twitches"].to_list() == [day % 7 for day in range(28)] + [(day + 1) % 7 for day in range(28)]
    joined = tw.read_journal(open_files(anna=JAN, ben=OTHER), person="none")
    assert joined.days.columns.to_list() == ["twitches", "stress"]  # two rows a day, as if in one file
    assert joined.days["twitches"].to_list() == [day % 7 + (day + 1) % 7 for day in range(28)]
    with pytest.raises(
        JournalError, match=r"^Two files are called 'a.csv', so person=\"file\" can't tell whose each is\."
    ):
        tw.read_journal([*open_files(a=JAN), *open_files(a=OTHER)], person="file")


def test_a_column_of_people_is_asked_about_in_each_source_and_named_for_all():
    twins, sleep = (
        write_column("Twin", "Ann", "Bob"),
        write_rows(range(12), header="date,Twin,sleep (h)", names=("Ann",)),
    )
    for option in ({"person": "Twin"}, {"columns": {"Twin": "person"}}):
        journal = tw.read_journal(open_files(a=twins, b=sleep), **option)
        assert journal.days.groupby("person")["sleep"].count().to_dict() == {"Ann": 12, "Bob": 0}
    with pytest.raises(tw.errors.UnknownNameError, match=r"^No column \(asked for as person=\) named 'Twim'"):
        tw.read_journal(open_files(a=twins, b=sleep), person="Twim")


def test_columns_of_a_packed_table_are_named_as_well():
    packed = pack_files(a=write_column("Twin", "Ann", "Bob").replace("date", "noted at all"))
    journal = tw.read_journal(packed, person="Twin", date="noted at all")
    assert journal.days.groupby("person").size().to_dict() == {"Ann": 12, "Bob": 12}
    with pytest.raises(tw.errors.UnknownNameError, match=r"^No column \(asked for as person=\) named 'Twim'"):
        tw.read_journal(packed, person="Twim", date="noted at all")


def test_a_column_of_dates_and_what_parts_the_cells_are_named_for_several_sources():
    first = write_rows(range(12)).replace("date", "noted at all").replace(",", "|")
    journal = tw.read_journal(open_files(a=first, b=SLEEP), date="noted at all", delimiter="|")
    assert journal.days[["twitches", "sleep"]].notna().sum().to_list() == [12, 28]


def test_a_source_without_person_beside_a_group_is_asked_about():
    told = (
        r"^b\.csv has no column 'person', and others tell of several people\. Add the column; what holds for "
        r"everybody, as the weather does, give as weather= \(command line: --weather\)\.$"
    )
    with pytest.raises(JournalError, match=told):
        tw.read_journal(open_files(a=GROUP, b=SLEEP))
    alone = tw.read_journal(open_files(a=write_column("person", "Ann"), b=SLEEP))
    assert alone.days.notna().groupby("person")[["twitches", "sleep"]].sum().to_numpy().tolist() == [[12, 28]]
    assert tw.read_journal(open_files(a=GROUP), weather=open_files(b=SLEEP)[0]).days["sleep"].notna().sum() == 24


def test_minutes_behind_a_point_are_not_read_as_decimals():
    text = "date,twitches,sleep (h.mm)\n2024-01-01,3,7.30\n2024-01-02,4,6.45\n2024-01-03,5,8.15\n"
    journal = tw.read_journal(io.StringIO(text))
    assert "sleep" not in journal.days
    assert not journal.days.select_dtypes("number").eq(7.3).any(axis=None)
    assert journal.rejects["message"].str.contains("7.30 is not 7.3 h").any()


def test_one_person_s_files_of_the_same_days_are_added_up():
    """An export that was cut in the middle of a day: asked about, and with "none" one diary, not columns apart."""
    first = "date,twitches,stress\n2026-03-01,4,2\n2026-03-02,5,3\n2026-03-03,2,\n"
    second = "date,twitches,stress\n2026-03-03,6,4\n2026-03-04,3,3\n2026-03-05,1,2\n"
    with pytest.raises(JournalError, match="in different ways on the same days"):
        tw.read_journal(open_files(a=first)[0], also=open_files(b=second))
    days = tw.read_journal(open_files(a=first)[0], also=open_files(b=second), person="none").days
    assert days["twitches"].tolist() == [4, 5, 8, 3, 1]
    assert list(days) == ["twitches", "stress"]


def test_columns_of_relatives_are_asked_about_and_ids_of_entries_are_none():
    with pytest.raises(JournalError, match=r"columns for each person \('husband', 'wife'"):
        tw.read_journal(io.StringIO(write_rows(range(28), header="date,wife sleep,husband sleep")))
    with pytest.raises(JournalError, match=r"columns for each person \('her', 'his'"):
        tw.read_journal(io.StringIO(write_rows(range(28), header="date,his twitches,her twitches")))
    with pytest.raises(JournalError, match=r"columns for each person \('p1', 'p2'"):
        tw.read_journal(io.StringIO(write_rows(range(28), header="date,twitches_P1,twitches_P2")))
    rows = [f"2024-01-{1 + n // 2:02},e-{n:03},{n % 4}" for n in range(24)]
    days = tw.read_journal(io.StringIO("\n".join(["date,entry_id,twitches", *rows]))).days
    assert days["twitches"].tolist() == [1, 5] * 6


def test_amounts_with_units_name_nobody():
    """Entries of several rows a day, some told twice: cups and milligrams are no names."""
    amounts = ["0.2 g", "1 cup", "150mg", "2 cups"]
    rows = [f"2024-01-{1 + n // 2:02},{n % 4},{amounts[n % 4]}" for n in range(24)]
    days = tw.read_journal(io.StringIO("\n".join(["date,twitches,caffeine", *rows]))).days
    assert days["caffeine"].tolist() == [295, 340] * 6


def test_nutrients_in_grams_are_added_up_over_the_meals_of_a_day():
    rows = "".join(f"2024-01-{1 + n // 3:02},{8 + n % 3}:00,{20 + n},{n % 5}\n" for n in range(36))
    days = tw.read_journal(io.StringIO(f"date,time,carbs_g,twitches\n{rows}")).days
    assert days["carbs_g"].tolist() == [63 + 9 * day for day in range(12)]
