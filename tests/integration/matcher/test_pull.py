import bz2
import hashlib
import http.client
import io
import socket
import stat
import threading
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from matcher.errors import ModelPackError
from matcher.packs.archive import read_bzip2, read_member
from matcher.packs.catalogue import CATALOGUE
from matcher.packs.download import Download
from matcher.packs.fetch import Wanted, _Redirects, fetch
from matcher.packs.manifest import Licence
from matcher.packs.opencv_pack import OPENCV_PACK
from matcher.packs.pull import PullOrder, pull_pack
from matcher.packs.recipe import Ingredient, Recipe
from matcher.packs.store import build_pack, list_packs, open_pack, verify_pack
from tests.fakes.cutting_server import CuttingServer

CONTENT = bytes(range(256)) * 400
OTHER = b"another file" * 10


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def server() -> Iterator[CuttingServer]:
    with CuttingServer({"/a.onnx": CONTENT, "/b.onnx": OTHER}).running() as running:
        yield running


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def quiet(name: str, there: int, size: int | None) -> None:
    pass


def get(server: CuttingServer, part: Path, size: int | None = len(CONTENT)) -> None:
    wanted = Wanted(f"{server.url}/a.onnx", "a.onnx", size)
    fetch(wanted, part, quiet, timeout_s=2.0, pause_s=0.0)


def test_goes_on_where_the_connection_was_cut(server: CuttingServer, tmp_path: Path) -> None:
    server.cut_after = [1000, 30_000, 1]
    get(server, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == CONTENT
    assert server.seen == ["", "bytes=1000-", "bytes=31000-", "bytes=31001-"]


def test_a_server_that_cannot_resume_begins_anew(server: CuttingServer, tmp_path: Path) -> None:
    server.ranges = False
    server.cut_after = [50_000]
    get(server, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == CONTENT


def test_a_size_nobody_knows(server: CuttingServer, tmp_path: Path) -> None:
    server.cut_after = [5]
    get(server, tmp_path / "part", size=None)
    assert (tmp_path / "part").read_bytes() == CONTENT


def test_a_part_beyond_the_end_begins_anew(server: CuttingServer, tmp_path: Path) -> None:
    (tmp_path / "part").write_bytes(CONTENT + b"more")
    get(server, tmp_path / "part", size=None)
    assert (tmp_path / "part").read_bytes() == CONTENT


def test_gives_up_where_nothing_comes_and_keeps_what_came(
    server: CuttingServer, tmp_path: Path
) -> None:
    server.cut_after = [100] + [0] * 20
    with pytest.raises(ModelPackError, match=r"keeps ending.*goes on where it stopped"):
        get(server, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == CONTENT[:100]


def test_a_silent_server_ends_in_time(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/a.onnx"
        with pytest.raises(ModelPackError, match="keeps ending"):
            fetch(Wanted(address, "a.onnx", 9), tmp_path / "p", quiet, timeout_s=0.1, pause_s=0.0)


@pytest.mark.parametrize(("size", "message"), [(10, "more than 10"), (10**7, "only 102400 of")])
def test_another_size_is_another_file(
    server: CuttingServer, tmp_path: Path, size: int, message: str
) -> None:
    with pytest.raises(ModelPackError, match=message):
        get(server, tmp_path / "part", size)


def test_an_answer_that_is_none(server: CuttingServer, tmp_path: Path) -> None:
    del server.files["/a.onnx"]
    with pytest.raises(ModelPackError, match="answers 404"):
        get(server, tmp_path / "part")


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://x/"])
def test_a_redirect_to_another_kind_of_address(
    server: CuttingServer, tmp_path: Path, target: str
) -> None:
    server.redirects["/a.onnx"] = target
    with pytest.raises(ModelPackError, match=r"kind|not allowed"):
        get(server, tmp_path / "part")
    assert not (tmp_path / "part").exists()


def test_a_redirect_keeps_the_place(server: CuttingServer, tmp_path: Path) -> None:
    server.files["/moved"] = CONTENT
    server.redirects["/a.onnx"] = f"{server.url}/moved"
    server.cut_after = [70_000]
    get(server, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == CONTENT
    assert server.seen[-1] == "bytes=70000-"


def test_a_redirect_from_https_to_http_is_not_followed() -> None:
    request = urllib.request.Request("https://example.org/a")
    answer = (io.BytesIO(), 302, "Found", http.client.HTTPMessage())
    with pytest.raises(ModelPackError, match="only https"):
        _Redirects().redirect_request(request, *answer, "http://example.org/a")
    following = _Redirects().redirect_request(request, *answer, "https://example.com/b")
    assert following is not None


def test_another_part_than_asked_for_begins_anew(server: CuttingServer, tmp_path: Path) -> None:
    server.cut_after = [1000]
    server.shift = 7
    get(server, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == CONTENT


def test_a_password_in_an_address_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(ModelPackError, match="password") as caught:
        fetch(Wanted("https://me:geheim@example.org/x", "x", None), tmp_path / "part", quiet)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "/etc/passwd", "data:,x"])
def test_only_web_addresses(tmp_path: Path, url: str) -> None:
    with pytest.raises(ModelPackError, match="kind"):
        fetch(Wanted(url, "x", None), tmp_path / "part", quiet)


# A pack of two published files, converted by doing nothing.


def tiny(server: CuttingServer, **changes: object) -> Recipe:
    def item(name: str, file: str, content: bytes) -> Ingredient:
        download = Download(f"{server.url}/{file}", sha256(content), len(content), "MIT")
        return Ingredient(name, download, lambda published: published)

    recipe = replace(
        OPENCV_PACK,
        ingredients=(
            item("detector.onnx", "a.onnx", CONTENT),
            item("embedder.onnx", "b.onnx", OTHER),
        ),
    )
    return replace(recipe, **changes)  # type: ignore[arg-type]


@pytest.fixture
def published(server: CuttingServer, monkeypatch: pytest.MonkeyPatch) -> CuttingServer:
    monkeypatch.setitem(CATALOGUE, "opencv", tiny(server))
    return server


def leftovers(models: Path) -> list[str]:
    return [path.name for path in (models / ".downloads").iterdir()]


def test_pulls_checks_and_builds(published: CuttingServer, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int | None]] = []
    pack = pull_pack(tmp_path, PullOrder("opencv"), lambda *step: seen.append(step))
    assert all(check.ok for check in verify_pack(tmp_path, "opencv"))
    assert pack.read("detector.onnx") == CONTENT
    assert [source.origin for source in pack.manifest.sources] == [
        f"{published.url}/a.onnx",
        f"{published.url}/b.onnx",
    ]
    assert ("a.onnx", len(CONTENT), len(CONTENT)) in seen
    assert leftovers(tmp_path) == []
    requests = len(published.seen)
    pull_pack(tmp_path, PullOrder("opencv"), quiet)
    assert len(published.seen) == requests  # it was there
    assert open_pack(tmp_path, "opencv").manifest == pack.manifest


def test_an_interrupted_pull_goes_on(published: CuttingServer, tmp_path: Path) -> None:
    (tmp_path / ".downloads").mkdir()
    (tmp_path / ".downloads" / "a.onnx.part").write_bytes(CONTENT[:60_000])
    pull_pack(tmp_path, PullOrder("opencv"), quiet)
    assert published.seen[0] == "bytes=60000-"
    assert all(check.ok for check in verify_pack(tmp_path, "opencv"))


def test_a_foreign_part_is_thrown_away(published: CuttingServer, tmp_path: Path) -> None:
    (tmp_path / ".downloads").mkdir()
    (tmp_path / ".downloads" / "a.onnx.part").write_bytes(b"x" * 60_000)
    pull_pack(tmp_path, PullOrder("opencv"), quiet)
    assert published.seen[:2] == ["bytes=60000-", ""]


def test_wrong_bytes_are_never_used(published: CuttingServer, tmp_path: Path) -> None:
    published.files["/a.onnx"] = CONTENT[:-1] + b"!"
    with pytest.raises(ModelPackError, match=r"a\.onnx.*another file than published.*--from"):
        pull_pack(tmp_path, PullOrder("opencv"), quiet)
    assert leftovers(tmp_path) == []
    with pytest.raises(ModelPackError, match="kirdi models pull opencv"):
        open_pack(tmp_path, "opencv")


def test_without_the_network_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gone = CuttingServer({}, port=1)
    monkeypatch.setitem(CATALOGUE, "opencv", tiny(gone))
    monkeypatch.setattr("matcher.packs.fetch._PAUSE_S", 0.0)
    order = PullOrder("opencv", mirror="http://no-such-host.invalid/")
    with pytest.raises(ModelPackError) as caught:
        pull_pack(tmp_path, order, quiet)
    message = str(caught.value)
    assert "cannot be reached" in message
    assert f"{gone.url}/a.onnx, {gone.url}/b.onnx" in message
    assert "kirdi models pull opencv --from FOLDER" in message
    assert "\n" not in message


def test_from_a_folder_and_from_a_mirror(published: CuttingServer, tmp_path: Path) -> None:
    folder = tmp_path / "usb"
    folder.mkdir()
    (folder / "a.onnx").write_bytes(CONTENT)
    with pytest.raises(ModelPackError, match=r"b\.onnx is not there.*--from FOLDER"):
        pull_pack(tmp_path / "models", PullOrder("opencv", given=folder), quiet)
    (folder / "b.onnx").write_bytes(OTHER + b"?")
    with pytest.raises(ModelPackError, match="another file than published"):
        pull_pack(tmp_path / "models", PullOrder("opencv", given=folder), quiet)
    (folder / "b.onnx").write_bytes(OTHER)
    pull_pack(tmp_path / "models", PullOrder("opencv", given=folder), quiet)
    assert published.seen == []
    published.files = {"/m/a.onnx": CONTENT, "/m/b.onnx": OTHER}
    order = PullOrder("opencv", mirror=f"{published.url}/m/", force=True)
    pull_pack(tmp_path / "models", order, quiet)
    assert len(published.seen) == 2


def test_two_pulls_at_once_are_one(published: CuttingServer, tmp_path: Path) -> None:
    pulls = [
        threading.Thread(target=pull_pack, args=(tmp_path, PullOrder("opencv"), quiet))
        for _ in range(3)
    ]
    for one in pulls:
        one.start()
    for one in pulls:
        one.join(20)
    assert len(published.seen) == 2
    assert all(check.ok for check in verify_pack(tmp_path, "opencv"))


def test_non_commercial_terms_are_accepted_first(
    server: CuttingServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    recipe = tiny(server, licence=Licence("research only", commercial=False))
    monkeypatch.setitem(CATALOGUE, "opencv", recipe)
    with pytest.raises(ModelPackError, match=r"research only.*--accept-non-commercial"):
        pull_pack(tmp_path, PullOrder("opencv"), quiet)
    assert server.seen == []
    pack = pull_pack(tmp_path, PullOrder("opencv", accepted="2026-11-24"), quiet)
    assert pack.manifest.licence == Licence("research only", False, "2026-11-24")
    info = next(one for one in list_packs(tmp_path) if one.pack == "opencv")
    assert (info.state, info.commercial, info.accepted) == ("ready", False, "2026-11-24")


def test_where_no_sha256_is_published_its_user_vouches(
    server: CuttingServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    recipe = tiny(server)
    first, second = recipe.ingredients
    unnamed = Download(f"{server.url}/a.onnx", "", None, "MIT")
    recipe = replace(recipe, ingredients=(replace(first, source=unnamed), second))
    monkeypatch.setitem(CATALOGUE, "opencv", recipe)
    for given, message in (("", "--sha256"), ("abc", "64 hex"), ("0" * 64, "another file")):
        with pytest.raises(ModelPackError, match=message):
            pull_pack(tmp_path, PullOrder("opencv", sha256=given), quiet)
    pull_pack(tmp_path, PullOrder("opencv", sha256=sha256(CONTENT).upper()), quiet)
    assert open_pack(tmp_path, "opencv").manifest.sources[0].sha256 == sha256(CONTENT)


def test_published_packs_are_pulled_not_built(tmp_path: Path) -> None:
    for pack in ("opencv", "taguchi", "buffalo_l", "buffalo_s", "antelopev2"):
        with pytest.raises(ModelPackError, match=f"kirdi models pull {pack}"):
            build_pack(tmp_path, pack)
        with pytest.raises(ModelPackError, match=f"kirdi models pull {pack}"):
            open_pack(tmp_path, pack)


# Archives


def zipped(path: Path, files: dict[str, bytes], mode: int = 0) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = mode << 16
            archive.writestr(info, content)
    return path


@pytest.mark.parametrize("name", ["det.onnx", "buffalo/det.onnx", "../../det.onnx", "/det.onnx"])
def test_a_member_is_read_wherever_it_claims_to_lie(tmp_path: Path, name: str) -> None:
    archive = zipped(tmp_path / "x.zip", {name: CONTENT, "other": b""})
    before = sorted(tmp_path.parent.rglob("det.onnx"))
    assert read_member(archive, "det.onnx") == CONTENT
    assert sorted(tmp_path.parent.rglob("det.onnx")) == before  # nothing was written


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"other": b""}, "0 files called det.onnx"),
        ({"a/det.onnx": b"1", "b/det.onnx": b"2"}, "2 files called"),
        ({"det.onnx": b"\0" * 1001}, "more than 1000 bytes"),
    ],
)
def test_archives_that_are_not_the_published_one(
    tmp_path: Path, files: dict[str, bytes], message: str
) -> None:
    with pytest.raises(ModelPackError, match=message):
        read_member(zipped(tmp_path / "x.zip", files), "det.onnx", most_bytes=1000)


def test_a_link_in_an_archive(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "x.zip", {"det.onnx": b"/etc/passwd"}, stat.S_IFLNK | 0o777)
    with pytest.raises(ModelPackError, match="link"):
        read_member(archive, "det.onnx")


def test_an_archive_that_lies_about_sizes(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "x.zip", {"det.onnx": b"\0" * 50_000})
    content = archive.read_bytes()
    size, lie = (50_000).to_bytes(4, "little"), (10).to_bytes(4, "little")
    archive.write_bytes(content.replace(size, lie))
    with pytest.raises(ModelPackError):
        read_member(archive, "det.onnx", most_bytes=1000)


@pytest.mark.parametrize("cut", [0, 1, 40, -1, -30])
def test_a_damaged_archive(tmp_path: Path, cut: int) -> None:
    content = zipped(tmp_path / "x.zip", {"det.onnx": CONTENT}).read_bytes()
    (tmp_path / "x.zip").write_bytes(content[:cut])
    with pytest.raises(ModelPackError, match="damaged"):
        read_member(tmp_path / "x.zip", "det.onnx")


def test_bzip2(tmp_path: Path) -> None:
    path = tmp_path / "x.dat.bz2"
    path.write_bytes(bz2.compress(CONTENT))
    assert read_bzip2(path) == CONTENT
    with pytest.raises(ModelPackError, match="more than"):
        read_bzip2(path, most_bytes=1000)
    path.write_bytes(bz2.compress(CONTENT)[:-9])
    with pytest.raises(ModelPackError, match="damaged"):
        read_bzip2(path)
    path.write_bytes(b"no bzip2")
    with pytest.raises(ModelPackError, match="damaged"):
        read_bzip2(path)
