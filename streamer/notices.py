"""What an operator should know of recognition at this site: logged by `app`, told by `health`."""

from collections.abc import Iterator
from dataclasses import dataclass

from matcher.packs.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Notice:
    """One line; `command` is told at the command line and in the log only."""

    text: str
    command: str = ""

    def __str__(self) -> str:
        return f"{self.text} ({self.command})" if self.command else self.text


def pack_notice(manifest: Manifest) -> str | None:
    """For whom the pack is known to be worse; None where nothing is known."""
    if not manifest.weak_for:
        return None
    return f"model pack {manifest.pack} is weaker for: {', '.join(manifest.weak_for)}"


def licence_notice(manifest: Manifest) -> str | None:
    """That a pack may not be used commercially, and when that was accepted; None where it may."""
    if manifest.licence.commercial:
        return None
    return (
        f"model pack {manifest.pack} is for non-commercial use only ({manifest.licence.name}), "
        f"accepted on {manifest.licence.accepted}"
    )


def notices(
    manifest: Manifest, auto_arrive: str, calibrated: bool, needing_enrolment: int
) -> Iterator[Notice]:
    """One line each.

    Args:
        manifest: Of the pack in use.
        auto_arrive: As set.
        calibrated: The site has calibrated this pack on its own patients.
        needing_enrolment: Consenting patients without a template of this pack.
    """
    terms = licence_notice(manifest)
    if terms is not None:
        yield Notice(terms)
    weak = pack_notice(manifest)
    if weak is not None:
        yield Notice(weak)
    if auto_arrive == "calibrated" and not calibrated:
        yield Notice(
            f"model pack {manifest.pack} is not calibrated on this site's patients: every face "
            "match waits for a person",
            "kirdi review list",
        )
    if needing_enrolment:
        yield Notice(
            f"{needing_enrolment} consenting patients cannot be recognised by model pack "
            f"{manifest.pack}: enrol them",
            "kirdi patients list --needs-enrolment",
        )
