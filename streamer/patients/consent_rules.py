"""Who may consent, and who may be enrolled upon it. Pure; called by `storage`.

Of a patient whose birth date is not known nobody can say whether they are of age: they neither sign
nor are enrolled until an import names the date, or an IIN that tells it.
"""

from datetime import date, datetime, timedelta, tzinfo

from streamer.domain.age import MAJORITY, birth_date_of, birthday, full_years
from streamer.domain.consent import ConsentGiven, ConsentInForce, ConsentPurpose
from streamer.domain.patient import Patient
from streamer.errors import InputError


class ConsentRules:
    """The rules of one site."""

    def __init__(self, term_days: int, minimum_age: int, zone: tzinfo) -> None:
        """Keep the settings; days are those of the site's `zone`."""
        self._term = timedelta(days=term_days)
        self._term_days = term_days
        self._minimum_age = minimum_age
        self._zone = zone

    def refuse_given(
        self, given: ConsentGiven, patient: Patient, guardian: Patient | None, now: datetime
    ) -> None:
        """Refuse a consent that nobody could have given, or that ends too late.

        Args:
            given: As it is to be recorded.
            patient: Whom it is about.
            guardian: Who signed; None where the patient did, or where the reference is unknown.
            now: Aware.

        Raises:
            InputError: Names the patient by reference, and what to do.
        """
        who = f"patient {patient.patient_ref}"
        if not given.document_ref.strip():
            raise InputError(
                f"{who}: no document; name the signed one", command="by --document-ref"
            )
        if given.given_at > now:
            raise InputError(
                f"{who}: a consent cannot be given in the future; correct the day",
                code="consent_day",
            )
        if given.expires_at > given.given_at + self._term + timedelta(days=1):
            raise InputError(
                f"{who}: the text names a term of {self._term_days} days; a consent may end "
                "earlier, not later",
                code="consent_day",
            )
        if given.expires_at <= now < given.given_at + self._term:
            raise InputError(
                f"{who}: the last day that the consent is to hold is over; name one still to come, "
                "or none for a full term",
                code="consent_day",
            )
        if given.expires_at <= now:
            raise InputError(
                f"{who}: the consent's term is over; have a new one signed", code="consent_over"
            )
        if patient.deceased_on is not None:
            raise InputError(_deceased(who), code="deceased")
        if given.purpose is ConsentPurpose.CHECK_IN:
            self._refuse_for_recognition(who, patient, now)
        self._refuse_signer(who, given, patient, guardian, now)

    def refuse_enrolment(
        self, patient: Patient, consent: ConsentInForce | None, consent_ref: str, now: datetime
    ) -> None:
        """Refuse to enrol somebody by face.

        Args:
            patient: Who is to be enrolled.
            consent: The active consent to check-in, its term perhaps over.
            consent_ref: The document as it was named; empty = whichever is in force.
            now: Aware.

        Raises:
            InputError: Names the patient by reference, and what to do.
        """
        who = f"patient {patient.patient_ref}"
        self._refuse_for_recognition(who, patient, now)
        if patient.deceased_on is not None:
            raise InputError(_deceased(who), code="deceased")
        if consent is None or (consent.expires_at is not None and consent.expires_at <= now):
            raise InputError(
                f"{who}: has no consent to check-in in force; record the signed document first",
                command="by `kirdi consents record`",
                code="no_consent",
            )
        if consent_ref and consent_ref != consent.document_ref:
            raise InputError(
                f"{who}: the consent in force is document {consent.document_ref}, another than was "
                "named; correct that or leave it out, or record the new document",
                command="by --consent-ref, or by `kirdi consents record`",
            )
        if consent.by_guardian and self.came_of_age(patient, consent.given_at, now):
            raise InputError(
                f"{who}: is of age, and a guardian's consent ends with that; have the patient sign",
                code="of_age",
            )
        if not consent.by_guardian and self._is_minor(patient, now):
            raise InputError(
                f"{who}: is under {MAJORITY}; have a guardian consent", code="needs_guardian"
            )

    def came_of_age(self, patient: Patient, given_at: datetime, now: datetime) -> bool:
        """Whether a patient turned 18 after `given_at` and until `now`: by days of the site."""
        born = birth_date_of(patient)
        if born is None:
            return False
        majority = birthday(born, MAJORITY)
        day_given, today = (one.astimezone(self._zone).date() for one in (given_at, now))
        return day_given < majority <= today

    def _refuse_for_recognition(self, who: str, patient: Patient, now: datetime) -> None:
        if patient.is_staff:
            raise InputError(
                f"{who}: is staff, and staff are never checked in by face; use another way to "
                "check in",
                code="staff",
            )
        born = _known_birth_date(who, patient)
        if full_years(born, self._today(now)) < self._minimum_age:
            raise InputError(
                f"{who}: is under {self._minimum_age}, too young to be enrolled by face; use a "
                "code, for which no consent is needed",
                code="too_young",
            )

    def _refuse_signer(
        self,
        who: str,
        given: ConsentGiven,
        patient: Patient,
        guardian: Patient | None,
        now: datetime,
    ) -> None:
        if given.guardian_ref is None:
            _known_birth_date(who, patient)
            # On the day of the signature: a child's does not count when the child has grown up.
            if self._is_minor(patient, given.given_at):
                raise InputError(
                    f"{who}: is under {MAJORITY}; a guardian has to consent: name who it was",
                    command="by --guardian",
                    code="needs_guardian",
                )
            return
        if guardian is None or given.guardian_ref not in patient.guardian_refs:
            raise InputError(
                f"{who}: named is nobody who is this patient's guardian in the imports; correct "
                "the reference, or import the patient with guardian_refs",
                code="wrong_guardian",
            )
        if guardian.deceased_on is not None or self._is_minor(guardian, given.given_at):
            raise InputError(
                f"{who}: the guardian is under {MAJORITY} or recorded as deceased and cannot "
                "consent; name another one, or correct the import",
                code="wrong_guardian",
            )
        if self.came_of_age(patient, given.given_at, now):
            raise InputError(
                f"{who}: is of age, and a guardian's consent ends with that; have the patient sign",
                code="of_age",
            )

    def _is_minor(self, patient: Patient, now: datetime) -> bool:
        born = birth_date_of(patient)
        return born is not None and full_years(born, self._today(now)) < MAJORITY

    def _today(self, now: datetime) -> date:
        return now.astimezone(self._zone).date()


def _known_birth_date(who: str, patient: Patient) -> date:
    born = birth_date_of(patient)
    if born is None:
        raise InputError(
            f"{who}: no birth date is known, so that nobody can say whether they are of age; "
            "import the patient with birth_date (or with the IIN, which tells it)"
        )
    return born


def _deceased(who: str) -> str:
    return f"{who}: is recorded as deceased; correct the import if that is wrong"
