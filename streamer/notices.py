"""What an operator should know of recognition at this site: logged by `app`, told by `health`."""

from collections.abc import Iterator
from dataclasses import dataclass

from matcher.packs.manifest import Manifest
from streamer.domain.remark import Remark


@dataclass(frozen=True, slots=True)
class Notice:
    """One line; `command` is told at the command line and in the log only."""

    remark: Remark
    command: str = ""

    def __str__(self) -> str:
        return f"{self.remark} ({self.command})" if self.command else str(self.remark)


def pack_notice(manifest: Manifest) -> Remark | None:
    """For whom the pack is known to be worse; None where nothing is known."""
    if not manifest.weak_for:
        return None
    groups = ", ".join(manifest.weak_for)
    text = f"model pack {manifest.pack} is weaker for: {groups}"
    return Remark("pack_weak", text, {"pack": manifest.pack, "groups": groups})


def licence_notice(manifest: Manifest) -> Remark | None:
    """That a pack may not be used commercially, and when that was accepted; None where it may."""
    terms = manifest.licence
    if terms.commercial:
        return None
    text = (
        f"model pack {manifest.pack} is for non-commercial use only ({terms.name}), "
        f"accepted on {terms.accepted}"
    )
    values = {"pack": manifest.pack, "licence": terms.name, "day": terms.accepted}
    return Remark("pack_licence", text, values)


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
        text = (
            f"model pack {manifest.pack} is not calibrated on this site's patients: every face "
            "match waits for a person"
        )
        yield Notice(Remark("not_calibrated", text, {"pack": manifest.pack}), "kirdi review list")
    if needing_enrolment:
        text = (
            f"{needing_enrolment} consenting patients cannot be recognised by model pack "
            f"{manifest.pack}: enrol them"
        )
        yield Notice(
            Remark("needs_enrolment", text, {"count": needing_enrolment, "pack": manifest.pack}),
            "kirdi patients list --needs-enrolment",
        )
