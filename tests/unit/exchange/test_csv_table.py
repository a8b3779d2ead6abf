import csv
import io
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamer.errors import InputError
from streamer.exchange.csv_table import Columns, read_table

COLUMNS = Columns(("ref", "name"), ("note", "time"))


def _file(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "some.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def _cells(path: Path) -> list[tuple[int, dict[str, str]]]:
    return [(row.line, row.cells) for row in read_table(path, COLUMNS).rows]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_separators_marks_and_column_order(
    tmp_path: Path, mark: str, separator: str, newline: str
) -> None:
    lines = [["note", "name", "ref"], ["n", "Ә Б", "1"], [], ["", "В", "2"]]
    text = mark + newline.join(separator.join(line) for line in lines)
    assert _cells(_file(tmp_path, text)) == [
        (2, {"note": "n", "name": "Ә Б", "ref": "1"}),
        (4, {"note": "", "name": "В", "ref": "2"}),
    ]


def test_blanks_are_one_space_and_lines_are_counted_inside_quotes(tmp_path: Path) -> None:
    path = _file(tmp_path, 'ref,name\n 1 ,"A\n\u00a0 B"\n2,"say ""b"", or; c"\n')
    assert _cells(path) == [
        (2, {"ref": "1", "name": "A B"}),
        (4, {"ref": "2", "name": 'say "b", or; c'}),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "some.csv line 1: the file is empty"),
        (b"\xef\xbb\xbf\n \n", "some.csv line 1: the file is empty"),
        (b"ref,name\n", "line 1: no row follows the header"),
        (b"ref,nmae\n1,2\n", r"line 1, column 2: 'nmae' is unknown; did you mean name\?"),
        (b"ref,name,zz\n1,2,3\n", "line 1, column 3: 'zz' is unknown; known: ref, name, note"),
        (b"ref,note\n1,2\n", "line 1, column name: is missing; add it"),
        (b"ref,name,ref\n1,2,3\n", "line 1, column 3: 'ref' stands there twice"),
        (b"ref,name\n1\n", "line 2, column name: the row ends before it"),
        (b"ref,name\n1,2,3\n", "line 2, column 3: the row has 3 cells, the header 2"),
        (b"ref,name\n1,2\n3,\n", "line 3, column name: is empty"),
        (b"ref,name\n1,\0\n", "line 2, byte 3: a NUL byte"),
        (b"ref,name\n1,2\n3,\xe9\n", 'line 3, byte 3: is not UTF-8; save it as "CSV UTF-8"'),
        ("ref,name\n1,2".encode("utf-16"), "line 1, character 1: the file is UTF-16"),
        (b'ref,name\n1,"2\n3,4\n', "line 2: quotation marks do not match"),
        (b'ref,name\n1,"2"x\n', "line 2: quotation marks do not match"),
        (b"ref,name\n1," + b"x" * 200_000 + b"\n", "line 2: quotation marks .* far too long"),
        (b"ref,name\n1," + b"x" * 5000 + b"\n", "line 2, column name: is longer than 4096"),
        (b"ref,name\n1,a\x07b\n", "line 2, column name: holds a control character"),
    ],
)
def test_bad_files_are_refused_by_place(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read_table(_file(tmp_path, content), COLUMNS)
    assert "\n" not in str(caught.value)


def test_a_file_without_a_header_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_table(_file(tmp_path, "Ахметова Айгүл,880101400123\n"), COLUMNS)
    assert "Ахметова" not in str(caught.value)
    assert "880101400123" not in str(caught.value)


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.csv: cannot be read"):
        read_table(tmp_path / "absent.csv", COLUMNS)
    with pytest.raises(InputError, match="cannot be read"):
        read_table(tmp_path, COLUMNS)


_CELL = st.text(
    st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=20
) | st.sampled_from(['"', '""', ",", ";", "a;b", "a,b", '"a'])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(_CELL, _CELL), min_size=1, max_size=5), st.sampled_from(",;"))
def test_whatever_a_csv_writer_wrote_is_read_back(
    tmp_path: Path, rows: list[tuple[str, str]], separator: str
) -> None:
    stream = io.StringIO()
    csv.writer(stream, delimiter=separator).writerows([("ref", "name"), *rows])
    found = [
        (cells["ref"], cells["name"]) for _, cells in _cells(_file(tmp_path, stream.getvalue()))
    ]
    assert found == [
        (unicodedata.normalize("NFC", one), unicodedata.normalize("NFC", other))
        for one, other in rows
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(tmp_path: Path, content: bytes) -> None:
    try:
        read_table(_file(tmp_path, b"ref,name\n" + content), COLUMNS)
    except InputError as error:
        message = str(error)
    else:
        message = "some.csv"
    assert message.startswith("some.csv")
