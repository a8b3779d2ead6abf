"""The settings under which a made-up period means what its maker expects."""

from typing import Any

from streamer.bench.reports.made_period import Maker
from streamer.bench.reports.made_site import REPORTS
from streamer.bench.reports.planted_cases import OWN


def made_settings(maker: Maker, site: dict[str, Any]) -> dict[str, Any]:
    """Return them, to be validated; `site` has id, name and time zone."""
    cameras = [
        {"id": one, "url": "rtsp://127.0.0.1/1", "building": building, "entrance": entrance}
        for one, building, entrance in (
            ("lobby-1", "main", "front"),
            ("lobby-2", "main", "back"),
            ("annex-1", "annex", "front"),
        )
    ]
    more = {
        "buildings": ["main", "annex"],
        "opening_hours": {"mon-sat": "08:00-20:00"},
        "holidays": [maker.holiday.isoformat()],
    }
    return {
        "site": site | more,
        "cameras": cameras,
        "reports": REPORTS.model_dump(mode="json") | {"entrances": {"annex": ["front", "side"]}},
        "codes": {"devices": {"terminal": "main", "other": "annex"}},
        "staff": {"practitioners": {"own": OWN}},
    }
