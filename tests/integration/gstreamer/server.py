"""GStreamer's RTSP server with a test picture. Run by the system's Python, which has its bindings.

`python3 -I server.py --codec h264 [--user NAME:PASSWORD] [--frames N]` prints `{"port": N}` and
serves `rtsp://127.0.0.1:N/stream` until its standard input ends. Exits with 3, saying why, where
GStreamer or a plugin is missing.
"""

import argparse
import json
import sys
from typing import Any, NoReturn

MISSING = 3
_SOURCE = "videotestsrc is-live=true pattern=ball num-buffers={frames}"
_PICTURE = "video/x-raw,width=640,height=360,framerate=15/1,format=I420"
_CODECS = {
    "h264": "x264enc tune=zerolatency sliced-threads=false key-int-max=15 bitrate=800 ! h264parse "
    "! rtph264pay name=pay0 pt=96 config-interval=-1",
    "h265": "x265enc tune=zerolatency key-int-max=15 bitrate=800 speed-preset=ultrafast "
    "! h265parse ! rtph265pay name=pay0 pt=96 config-interval=-1",
    "mjpeg": "jpegenc ! rtpjpegpay name=pay0 pt=26",
}
_ROLE = "viewer"


def main() -> None:
    """Serve until standard input ends."""
    options = _options()
    try:
        import gi

        for name in ("Gst", "GstRtsp", "GstRtspServer"):
            gi.require_version(name, "1.0")
        from gi.repository import GLib, Gst, GstRtsp, GstRtspServer
    except (ImportError, ValueError) as error:
        _give_up(str(error))
    Gst.init(None)
    launch = f"( {_SOURCE.format(frames=options.frames)} ! {_PICTURE} ! {_CODECS[options.codec]} )"
    for element in (part.split()[0] for part in _CODECS[options.codec].split("!")):
        if Gst.ElementFactory.find(element) is None:
            _give_up(f"GStreamer has no {element}")

    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(launch)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    if options.user is not None:
        server.set_auth(_digest(options.user, GstRtsp, GstRtspServer))
        permissions = GstRtspServer.RTSPPermissions()
        for permission in ("access", "construct"):
            permissions.add_permission_for_role(_ROLE, f"media.factory.{permission}", True)
        factory.set_permissions(permissions)
    server.get_mount_points().add_factory("/stream", factory)
    server.attach(None)
    print(json.dumps({"port": server.get_bound_port()}), flush=True)

    loop = GLib.MainLoop()
    GLib.io_add_watch(sys.stdin, GLib.IO_IN | GLib.IO_HUP, lambda *_: loop.quit())
    loop.run()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--codec", choices=_CODECS, default="h264")
    parser.add_argument("--user", help="NAME:PASSWORD to ask for, by Digest only")
    parser.add_argument("--frames", type=int, default=-1, help="then the stream ends; -1: never")
    return parser.parse_args()


def _digest(user: str, rtsp: Any, rtsp_server: Any) -> Any:
    name, _, password = user.partition(":")
    token = rtsp_server.RTSPToken()
    token.set_string("media.factory.role", _ROLE)
    auth = rtsp_server.RTSPAuth()
    auth.set_supported_methods(rtsp.RTSPAuthMethod.DIGEST)
    auth.add_digest(name, password, token)
    return auth


def _give_up(reason: str) -> NoReturn:
    print(reason, flush=True)
    sys.exit(MISSING)


if __name__ == "__main__":
    main()
