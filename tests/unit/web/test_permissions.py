"""Who may do what, and which rows they see."""

import pytest

from streamer.domain.device import DeviceKind
from streamer.domain.role import Role
from streamer.web.permissions import (
    DEVICES_ONLY,
    Permission,
    permissions_of,
    permissions_of_device,
)
from streamer.web.principal import Principal, Via
from streamer.web.row_scope import RowScope, is_own, row_scope

READ = Permission.CHECK_INS_READ


def principal(*roles: Role, refs: tuple[str, ...] = ()) -> Principal:
    return Principal("a", frozenset(roles), permissions_of(roles), refs, None, "s1", Via.TOKEN)


@pytest.mark.parametrize("role", Role)
def test_each_role_may_something_and_none_everything(role: Role) -> None:
    assert permissions_of((role,))
    assert permissions_of((role,)) < frozenset(Permission)


@pytest.mark.parametrize("permission", Permission)
def test_somebody_may_it(permission: Permission) -> None:
    assert (permission in permissions_of(Role)) is not (permission in DEVICES_ONLY)


def test_a_device_may_one_thing() -> None:
    for kind in DeviceKind:
        assert len(permissions_of_device(kind)) == 1
    assert frozenset().union(*map(permissions_of_device, DeviceKind)) >= DEVICES_ONLY


def test_no_role_may_nothing() -> None:
    assert permissions_of(()) == frozenset()


def test_who_administers_or_audits_looks_at_no_patient() -> None:
    for role in (Role.ADMIN, Role.AUDITOR, Role.OPERATOR):
        assert Permission.PATIENTS_READ not in permissions_of((role,))
    assert Permission.PATIENTS_READ not in permissions_of((Role.INSURER,))


@pytest.mark.parametrize("role", [Role.PRACTITIONER, Role.INSURER, Role.HEAD, Role.AUDITOR])
def test_those_who_bill_or_check_write_nothing_but_what_they_say(role: Role) -> None:
    written = {one for one in permissions_of((role,)) if not one.value.endswith(":read")}
    # A head has reports made, of what others have written, and decides about answers.
    may = {
        Role.HEAD: {
            Permission.REPORTS_WRITE,
            Permission.REPORT_SCHEDULES_WRITE,
            Permission.REPLIES_DECIDE,
        },
        Role.PRACTITIONER: {Permission.REPLIES_WRITE},
    }
    assert written == may.get(role, set())


def test_heads_and_administrators_alone_say_what_is_made_by_itself() -> None:
    for role in Role:
        may = Permission.REPORT_SCHEDULES_WRITE in permissions_of((role,))
        assert may is (role in (Role.HEAD, Role.ADMIN))


def test_who_answers_does_not_decide() -> None:
    for role in Role:
        may = permissions_of((role,))
        assert not {Permission.REPLIES_WRITE, Permission.REPLIES_DECIDE} <= may


@pytest.mark.parametrize(
    ("roles", "scope"),
    [
        ((Role.RECEPTION,), RowScope.ALL),
        ((Role.PRACTITIONER,), RowScope.OWN),
        ((Role.INSURER,), RowScope.PSEUDONYMS),
        ((Role.PRACTITIONER, Role.RECEPTION), RowScope.ALL),
        # The auditor may not read check-ins, so this opens no more rows.
        ((Role.PRACTITIONER, Role.AUDITOR), RowScope.OWN),
        ((Role.AUDITOR,), RowScope.NONE),
        ((), RowScope.NONE),
    ],
)
def test_rows_are_those_of_the_roles_that_grant_it(
    roles: tuple[Role, ...], scope: RowScope
) -> None:
    assert row_scope(principal(*roles), READ) is scope


def test_own_are_the_appointments_one_bills() -> None:
    doctor = principal(Role.PRACTITIONER, refs=("D-1", "D-2"))
    assert is_own(doctor, "D-2")
    assert not is_own(doctor, "D-3")
    assert not is_own(doctor, "")


def test_cameras_are_those_granted() -> None:
    assert principal(Role.OPERATOR).may_use_camera("any")
