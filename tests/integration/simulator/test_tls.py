"""The simulated camera over rtsps, with FFmpeg as the one who verifies."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from streamer.errors import InputError
from streamer.simulator.faults.access import Refuse
from streamer.simulator.faults.delivery import MidFrame
from streamer.simulator.server import CameraSimulator
from streamer.simulator.tls_files import TlsFiles
from tests.certificates import make_certificate
from tests.integration.simulator.watching import watched
from tests.video import make_video


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    make_video(path)
    return path


async def test_it_speaks_tls(clip: Path, tmp_path: Path) -> None:
    mine, others = make_certificate(tmp_path / "mine"), make_certificate(tmp_path / "others")
    async with CameraSimulator([clip], port=0, speed=4.0, tls=TlsFiles(*mine)) as camera:
        assert camera.url.startswith("rtsps://")
        seen = await watched(camera.url, ca_file=mine[0])
        assert (seen.error, len(seen.widths)) == (None, 25)
        refused = await watched(camera.url, ca_file=others[0])
        assert refused.error is not None
        assert not refused.widths
        # In plain text it says nothing.
        assert (await watched(camera.url.replace("rtsps", "rtsp"))).error is not None


async def test_faults_are_the_same_under_tls(clip: Path, tmp_path: Path) -> None:
    files = make_certificate(tmp_path)
    faults = [MidFrame(0.4)]
    async with CameraSimulator(
        [clip], port=0, speed=4.0, tls=TlsFiles(*files), faults=faults
    ) as camera:
        assert 0 < len((await watched(camera.url, ca_file=files[0])).widths) < 25
        await camera.set_faults([Refuse()])
        assert (await watched(camera.url, ca_file=files[0])).error is not None
        await camera.set_faults()
        assert len((await watched(camera.url, ca_file=files[0])).widths) == 25


@pytest.mark.parametrize("case", ["absent", "no PEM", "another key", "passphrase"])
async def test_what_is_no_certificate_is_named(clip: Path, tmp_path: Path, case: str) -> None:
    certificate, key = make_certificate(tmp_path)
    match case:
        case "absent":
            certificate.unlink()
        case "no PEM":
            certificate.write_text("no")
        case "another key":
            key = make_certificate(tmp_path / "other")[1]
        case "passphrase":
            key.write_bytes(_locked(key.read_bytes()))
    camera = CameraSimulator([clip], port=0, tls=TlsFiles(certificate, key))
    with pytest.raises(InputError, match=r"cert\.pem.*give two PEM files"):
        await camera.start()
    await camera.stop()


def _locked(key: bytes) -> bytes:
    return load_pem_private_key(key, None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )
