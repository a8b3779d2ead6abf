"""Large files in portions: every wrong row is named, and none of its cells is repeated."""

from pathlib import Path

import pytest

from streamer.domain.portion import Portion
from streamer.errors import InputError
from streamer.exchange.csv_portions import read_portions
from streamer.exchange.csv_table import Columns, CsvRow

COLUMNS = Columns(("ref", "name"), ("note",))


def _parse(row: CsvRow) -> str:
    if row.cell("name") == "bad":
        raise row.error("name", "is bad; write another")
    return row.cell("ref")


def _read(tmp_path: Path, content: bytes, rows: int = 2) -> list[Portion[str]]:
    path = tmp_path / "some.csv"
    path.write_bytes(content)
    return list(read_portions(path, COLUMNS, "ref", _parse, rows))


def test_portions_keep_lines_and_columns(tmp_path: Path) -> None:
    content = '\ufeffname;ref\r\nӘ;1\r\n\r\n"b\nb";2\r\nc;3\r\n'.encode()
    portions = _read(tmp_path, content)
    assert [list(one.records) for one in portions] == [["1", "2"], ["3"]]
    assert [list(one.lines) for one in portions] == [[2, 4], [6]]
    assert portions[0].columns == {"name", "ref"}
    assert portions[1].where(0, "ref") == "some.csv line 6, column ref"


def test_every_wrong_row_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    content = b"ref,name\n1,a\n2,bad\n3\n4,,x\n,d\n1,e\n7,f\n"
    portions = _read(tmp_path, content)
    assert [one for portion in portions for one in portion.records] == ["1", "7"]
    bad = [one for portion in portions for one in portion.bad]
    assert bad == [
        "some.csv line 3, column name: is bad; write another",
        "some.csv line 4, column name: the row ends before it; write empty cells, too",
        "some.csv line 5, column 3: the row has 3 cells, the header 2; put cells that hold the "
        "separator in quotation marks",
        "some.csv line 6, column ref: is empty; fill it in",
        "some.csv line 7, column ref: stands on line 2 already; leave one of the rows out",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "line 1: the file is empty"),
        (b"ref,name\n\n", "no row follows the header"),
        (b"ref\n1\n", "line 1, column name: is missing"),
        (b"ref,name\n1,\xff\n", "line 2, byte 3: is not UTF-8"),
        (b"ref,name\n1,a\0\n", "line 2, byte 4: a NUL byte"),
        ("ref,name\n1,a\n".encode("utf-16"), "the file is UTF-16"),
        (b'ref,name\n1,"a\n2,b\n', "line 2: quotation marks do not match"),
        (b"ref,name\n1," + b"a" * (1 << 20), "line 2: is longer than 1 MiB"),
    ],
)
def test_what_is_no_table_ends_it_at_once(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        _read(tmp_path, content)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv: cannot be read"):
        list(read_portions(tmp_path / "none.csv", COLUMNS, "ref", _parse))


def test_a_long_file_is_never_whole_in_memory(tmp_path: Path) -> None:
    """One portion at a time is asked for: the second is not read before the first is taken."""
    path = tmp_path / "long.csv"
    path.write_bytes(b"ref,name\n" + b"".join(b"%d,n\n" % number for number in range(20_000)))
    portions = read_portions(path, COLUMNS, "ref", _parse, 5)
    first = next(portions)
    path.write_bytes(b"")
    assert list(first.records) == ["0", "1", "2", "3", "4"]
    # What a file's buffer held may still come; what follows it does not.
    assert sum(len(one.records) for one in portions) < 5_000
