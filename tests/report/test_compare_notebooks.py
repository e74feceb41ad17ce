"""Two executed notebooks are compared without running either."""

import copy
import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell

from twitchstats.errors import JournalError, OptionError
from twitchstats.report.verify import compare_notebooks


@pytest.fixture
def notebook():
    texts = ("rate ratio 1.2345 (1.10 to 1.38)", "supported")
    cells = [
        new_code_cell(
            f"show({number})",
            execution_count=number,
            outputs=[new_output("execute_result", {"text/plain": text}, execution_count=number)],
        )
        for number, text in enumerate(texts, start=1)
    ]
    return new_notebook(cells=[new_markdown_cell("# A"), *cells])


@pytest.fixture
def compare(notebook, tmp_path):
    """Return a function that writes the notebook and a changed copy, and compares them."""

    def run(change):
        other = copy.deepcopy(notebook)
        change(other)
        paths = [tmp_path / name for name in ("a.ipynb", "b.ipynb")]
        for path, node in zip(paths, (notebook, other), strict=True):
            path.write_text(nbformat.writes(node))
        return compare_notebooks(*paths)

    return run


def put(cell, text):
    return lambda notebook: notebook.cells[cell].outputs[0]["data"].update({"text/plain": text})


def test_the_same_is_the_same(compare):
    compared = compare(lambda notebook: None)
    assert (compared.reproduced, compared.n_cells) == (True, 2)
    assert compared.message == "The same: all 2 cells hold the same numbers."


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            put(1, "rate ratio 1.2346 (1.10 to 1.38)"),
            "cell 1: '1.2345' against '1.2346', from digit 5 on",
        ),
        (
            put(1, "rate ratio 1.2345 (1.10 to 1.39)"),
            "cell 1: '1.38' against '1.39', from digit 3 on",
        ),
        (
            put(1, "rate ratio 1.234 (1.10 to 1.38)"),
            "cell 1: '1.2345' against '1.234', from digit 5 on",
        ),
        (put(2, "inconclusive"), "cell 2: 'supported' against 'inconclusive'"),
        (
            lambda notebook: notebook.cells[2].update(source="show(3)"),
            "cell 2: the code differs, '2' against '3', from digit 1 on",
        ),
        (
            lambda notebook: notebook.cells[2].update(outputs=[]),
            "cell 2: there are more outputs in one than in the other",
        ),
        (
            lambda notebook: notebook.cells[0].update(source="# A\nIt is proven."),
            "cell 1: the text before it differs, '' against 'It'",
        ),
        (
            lambda notebook: notebook.cells.insert(2, new_raw_cell("It is proven.")),
            "cell 2: the text before it differs, '' against 'It'",
        ),
        (
            lambda notebook: notebook.cells[0].update(attachments={"a.png": {"image/png": "AA"}}),
            "cell 1: the text before it differs, '' against \"('a.png', {'image/png': 'AA'})\"",
        ),
        (
            lambda notebook: notebook.cells[2].update(source="show(2)  # so"),
            "cell 2: the code differs, '' against '# so'",
        ),
        (
            lambda notebook: notebook.cells[2].outputs[0].metadata.update(kept=True),
            "cell 2: the outputs differ",
        ),
        (
            lambda notebook: notebook.cells.append(new_markdown_cell("Proven.")),
            "the text at the end ('' against 'Proven.')",
        ),
        (lambda notebook: notebook.cells.pop(), "a.ipynb has 2 cells of code, b.ipynb has 1."),
    ],
)
def test_the_first_differing_cell_and_digit_are_named(change, told, compare):
    compared = compare(change)
    told = re.sub(r"^cell (\d): (.*)", r"cell \1, under 'A': show(\1) (\2)", told)
    assert (compared.reproduced, compared.differing) == (False, (told,))


def test_a_tag_of_one_notebook_hides_no_number(compare, tmp_path):
    """In a table of versions what stands at the end of a line may differ: only where both say that it is one."""

    def forge(notebook):
        notebook.cells[1].metadata["tags"] = ["nbval-ignore-output"]
        put(1, "rate ratio 9.87")(notebook)

    compared = compare(forge)
    turned = compare_notebooks(tmp_path / "b.ipynb", tmp_path / "a.ipynb")
    assert (compared.reproduced, turned.reproduced) == (False, False)
    assert turned.differing == ("cell 1, under 'A': show(1) ('9.87' against '1.2345', from digit 1 on)",)


def test_notebooks_without_code_prove_nothing(notebook, compare):
    del notebook.cells[1:]
    with pytest.raises(
        OptionError, match=r"a\.ipynb was not run from its first cell to its last in one go: there is n"
    ):
        compare(lambda notebook: None)


def test_what_was_not_run_is_refused(compare, tmp_path):
    with pytest.raises(
        OptionError, match=r"b\.ipynb was not run from its first cell to its last in one go: there is n"
    ):
        compare(lambda notebook: notebook.cells[2].update(execution_count=None))
    with pytest.raises(JournalError, match=re.escape(f"There is no file {tmp_path / 'c.ipynb'}. Name a notebook that")):
        compare_notebooks(tmp_path / "a.ipynb", tmp_path / "c.ipynb")
