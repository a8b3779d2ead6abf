"""What a decoder process is told of its camera, by the settings. Used by what starts one."""

import os

from config.settings import Camera
from streamer.ingest.camera_url import CameraUrl
from streamer.ingest.decoder_command import Request


def decoding_request(
    camera: Camera, *, analyse_fps: float, hwaccel: str, reference: bytes
) -> Request:
    """For the stream that faces are taken from; raises InputError for an address that is none."""
    url = CameraUrl.parse(camera.url.get_secret_value())
    return Request(
        address=url.full,
        secrets=url.secrets,
        transport=camera.transport,
        analyse_fps=analyse_fps,
        connect_timeout_s=camera.connect_timeout_s,
        read_timeout_s=camera.stall_timeout_s,
        parent_pid=os.getpid(),
        ca_file=None if camera.ca_file is None else str(camera.ca_file.absolute()),
        insecure_tls=camera.insecure_tls,
        hwaccel=hwaccel,
        # A QR code that is held still must be read, too.
        motion_gate=camera.motion_gate and camera.kind != "kiosk",
        idle_after_s=camera.idle_after_s,
        reference=reference,
    )


def viewing_request(camera: Camera) -> Request:
    """For the sub-stream, which is passed on and not decoded; raises InputError likewise."""
    url = CameraUrl.parse(camera.urls[-1].get_secret_value())
    return Request(
        address=url.full,
        secrets=url.secrets,
        transport=camera.transport,
        analyse_fps=camera.analyse_fps,
        connect_timeout_s=camera.connect_timeout_s,
        read_timeout_s=camera.stall_timeout_s,
        parent_pid=os.getpid(),
        ca_file=None if camera.ca_file is None else str(camera.ca_file.absolute()),
        insecure_tls=camera.insecure_tls,
        decodes=False,
    )
