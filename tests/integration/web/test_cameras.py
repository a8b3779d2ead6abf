"""Cameras through the API: grants, passwords, and two who change the same one."""

from streamer.domain.role import Role
from tests.integration.web.house import House

NEW = {"camera_id": "back-1", "url": "rtsp://viewer:geheim@10.0.0.9/2", "analyse_fps": 4}
LOOKS = {"from": "2020-01-01", "to": "2030-01-01", "kind": "live-view"}


async def test_a_camera_is_added_changed_switched_and_removed(house: House) -> None:
    client = await house.as_role(Role.OPERATOR)
    added = await client.post("/cameras", json=NEW)
    assert (added.status_code, added.json()["added"]) == (201, ["back-1"])
    shown = await client.get("/cameras/back-1")
    assert (shown.json()["address"], shown.json()["source"]) == ("rtsp://10.0.0.9:554/2", "added")
    assert "geheim" not in shown.text + (await client.get("/cameras")).text
    seen = {"If-Match": shown.headers["etag"]}
    done = await client.patch("/cameras/back-1", json={"analyse_fps": 9}, headers=seen)
    assert (done.status_code, done.json()["changed"]) == (200, ["back-1"])
    changed = (await client.get("/cameras/back-1")).json()
    assert (changed["analyse_fps"], changed["address"]) == (9, "rtsp://10.0.0.9:554/2")
    for late in (
        await client.patch("/cameras/back-1", json={"analyse_fps": 1}, headers=seen),
        await client.delete("/cameras/back-1", headers=seen),
    ):
        assert (late.status_code, late.json()["type"]) == (412, "urn:kirdi:problem:stale")
    off = await client.post("/cameras/back-1/disable")
    assert off.json()["changed"] == ["back-1"]
    assert (await client.get("/cameras/back-1")).json()["status"] == "disabled"
    assert (await client.post("/cameras/back-1/enable")).status_code == 200
    assert (await client.delete("/cameras/back-1")).json()["removed"] == ["back-1"]
    assert (await client.get("/cameras/back-1")).status_code == 404


async def test_an_operator_has_to_do_with_granted_cameras_only(house: House) -> None:
    client = await house.as_role(Role.OPERATOR, cameras=["lobby-1"])
    (one,) = (await client.get("/cameras")).json()["items"]
    assert one["camera_id"] == "lobby-1"
    assert (await client.get("/service")).json()["cameras"]["total"] == 1
    assert (await client.get("/cameras/desk-1")).status_code == 404
    for path in ("enable", "disable"):
        assert (await client.post(f"/cameras/desk-1/{path}")).status_code == 404
    assert (await client.patch("/cameras/desk-1", json={"analyse_fps": 1})).status_code == 404
    assert (await client.delete("/cameras/desk-1")).status_code == 404
    assert (await client.post("/cameras", json=NEW)).status_code == 403


async def test_files_of_the_server_and_what_nobody_knows_are_refused(house: House) -> None:
    client = await house.as_role(Role.OPERATOR)
    for more in ({"url_file": "/etc/passwd"}, {"ca_file": "/etc/passwd"}, {"enabled": False}):
        answer = await client.post("/cameras", json=NEW | more)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["code"] == "extra_forbidden"
        assert "passwd" not in answer.text
    wrong = await client.post("/cameras", json=NEW | {"url": "http://viewer:geheim@x/"})
    assert wrong.status_code == 422
    assert "geheim" not in wrong.text
    fixed = await client.delete("/cameras/lobby-1")
    assert (fixed.status_code, "settings file" in fixed.json()["detail"]) == (422, True)


async def test_notices_are_listed(house: House) -> None:
    client = await house.as_role(Role.ADMIN)
    (notice,) = (await client.get("/service/notices")).json()["items"]
    assert "waits for a person" in notice["text"]
    assert (notice["code"], notice["values"]) == ("not_calibrated", {"pack": "open"})


async def test_a_camera_is_tested_by_those_who_may_change_it(house: House) -> None:
    client = await house.as_role(Role.OPERATOR, cameras=["lobby-1", "back-1"])
    sent = {"camera_id": "back-1", "url": NEW["url"]}
    seen = await client.post("/cameras/test", json=sent)
    assert (seen.status_code, seen.json()["covered"]) == (200, True)
    assert "geheim" not in seen.text
    assert (await client.get("/cameras/back-1")).status_code == 404
    assert (await client.post("/cameras/test", json={"camera_id": "lobby-1"})).status_code == 200
    for other, status in (
        ({"camera_id": "desk-1"}, 404),
        ({"camera_id": "back-1"}, 422),
        (sent | {"url": "http://viewer:geheim@10.0.0.9/"}, 422),
        (sent | {"url_file": "/etc/passwd"}, 422),
        (sent | {"connect_timeout_s": 1e9}, 422),
    ):
        refused = await client.post("/cameras/test", json=other)
        assert refused.status_code == status, other
        assert "geheim" not in refused.text
    assert (await client.post("/cameras/test", json=sent)).json()["snapshot"] is not None
    admin = await house.as_role(Role.ADMIN, account="dana")
    figures = (await admin.post("/cameras/test", json=sent)).json()
    assert (figures["snapshot"], figures["faces"]["codec"]) == (None, "h264")
    reader = await house.as_role(Role.HEAD, account="bolat")
    assert (await reader.post("/cameras/test", json=sent)).status_code == 403
    auditor = await house.as_role(Role.AUDITOR, account="ayan")
    events = (await auditor.get("/audit/events", params=LOOKS)).json()["items"]
    tested = [(one["entity_id"], one["detail"]["picture"]) for one in events]
    assert tested == [
        ("back-1", "none"),
        ("back-1", "covered"),
        ("lobby-1", "covered"),
        ("back-1", "covered"),
    ]
    assert "geheim" not in str(events)


async def test_boxes_of_other_cameras_are_nobodys(house: House) -> None:
    client = await house.as_role(Role.RECEPTION, cameras=["lobby-1"])
    assert (await client.get("/cameras/desk-1/tracks")).status_code == 404
    assert (await client.get("/cameras/lobby-1/tracks?view=naked")).status_code == 422
