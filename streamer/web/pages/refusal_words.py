"""Why something was refused, and why a camera shows nothing: in English, translated where shown.

Keys are the codes of refusals (`KirdiError.code`) and the words with which cameras' reasons begin
(`ingest.protocol.FailureKind`); `static/modules/refusals.js` picks the line.
"""

from typing import Final


def _(text: str) -> str:
    """Mark a text for the catalogues."""
    return text


CAMERA_REASONS: Final = {
    "unreachable": _("It cannot be reached: look at its power and its network."),
    "unauthorized": _("It refuses user or password."),
    "busy": _("It has too many connections already."),
    "not_found": _("It has no stream at this address."),
    "no_video": _("There is no video at this address."),
    "codec": _("Its kind of video cannot be read: set it to H.264 or H.265."),
    "hardware": _("The graphics card cannot decode it; the processor does it next."),
    "redirected": _("It sends us to another address."),
    "certificate": _("Its certificate is not trusted."),
    "stalled": _("It is connected, and sends no picture."),
    "ended": _("It has closed the connection."),
    "other": _("Something is wrong with its stream."),
    "decoder_died": _("Its stream could not be decoded."),
    "decoder_garbled": _("Its stream could not be decoded."),
    "decoder_not_started": _("The service could not begin to look: see its log."),
    "decoder_recycled": _("The service begins anew with it."),
    "dark": _("The picture is dark."),
    "blurred": _("The picture is not sharp."),
    "covered": _("Something covers the camera."),
    "moved": _("The camera looks elsewhere than before."),
    "keyframes only": _("The machine is short: only some pictures are looked at."),
    "more than 20 % of frames dropped": _("The machine is short: many pictures are left out."),
}

CAMERA_REMARKS: Final = {
    "analysed at ": _("The machine is short: fewer pictures are looked at than are set."),
    "nobody moves": _("Nobody moves: only some pictures are decoded."),
    "model pack ": _(
        "The model pack in use is weaker for some faces: an administrator sees which, on Health."
    ),
}
"""Of remarks that begin so."""

REFUSALS: Final = {
    "own_patient": _("This is a patient of your own: somebody else has to do this."),
    "unknown_appointment": _("There is no such appointment any more. Load the page again."),
    "unknown_patient": _("There is no such patient. Look at the reference."),
    "to_come": _("This time is still to come."),
    "too_long_ago": _(
        "Times may be entered for {days} days. This belongs into the clinic's system."
    ),
    "outside_window": _("The appointment is at {starts_at}; it can't be arrived at at this time."),
    "already_in": _("The patient is checked in already."),
    "wrong_status": _("The appointment is not expected any more: look at its status."),
    "not_at_site": _("The appointment is at home, by video or elsewhere."),
    "cannot_come": _("This patient can't come in any more: look at the patient's entry."),
    "noshow_kept": _(
        "The clinic's system says that the patient did not come. Your word is kept, and a colleague"
        " is asked."
    ),
    "no_check_in": _("There is no check-in that could be taken back."),
    "gone_on": _("The clinic's own system has gone on: take it back there."),
    "no_face": _("No camera took part in it: take it back without the tick."),
    "window_closed": _("It is too late for a code: check in by hand."),
    "code_too_early": _("The appointment is more than {days} days away: issue the code later."),
    "too_many_codes": _("The patient has had {count} codes today. Check in by hand."),
    "no_phone": _("No phone is registered: show the code, or print it."),
    "no_gateway": _("Messages can't be sent here: show the code, or print it."),
    "deceased": _(
        "The patient is recorded as deceased: have the import corrected if that is wrong."
    ),
    "staff": _("Staff are never checked in by face: use a code."),
    "no_consent": _("The patient has no consent in force: use a code, or check in by hand."),
    "not_enrolled": _("The patient's face is not enrolled: use a code, or check in by hand."),
    "looks_alike": _("Too much like another patient to be told apart by face: use a code."),
    "camera_dark": _("The camera shows nothing just now: use a code, or check in by hand."),
    "desk_busy": _("Somebody is being compared there just now. Try again in a moment."),
    "consent_over": _("The consent's term is over: have a new one signed."),
    "consent_day": _("The consent's day can't be right: correct it."),
    "needs_guardian": _("The patient is a minor: a guardian has to consent."),
    "of_age": _("The patient is of age: have the patient sign."),
    "too_young": _("Too young to be enrolled by face: use codes, no consent is needed for them."),
    "wrong_guardian": _("This is nobody who may consent for the patient: look at the reference."),
    "document_known": _("A document of this number is recorded already, with other facts."),
    "photo_unreadable": _("This photo can't be read: use another one, as JPEG."),
    "photo_size": _("A photo is too small or too large: use another one."),
    "photos_differ": _("The photos seem to show different people: leave one out."),
    "photo_unfit": _("A photo does not show one face well enough: take it anew."),
    "vouched": _("It rests on your own word or code: somebody else has to confirm it."),
    "review_over": _(
        "This one is over: decided by somebody, too old, or the patient has arrived or consents no"
        " more."
    ),
    "consent_gone": _(
        "No consent has held ever since this picture was taken: use a code, or check in by hand."
    ),
    "name_taken": _("There is one of this name already: choose another."),
    "last_admin": _("This is the last administrator who can sign in: make another one first."),
    "camera_unreachable": _("The camera cannot be reached: look at address, power and network."),
    "camera_codec": _("The camera's video cannot be read: set it to H.264 or H.265."),
    "camera_certificate": _("The camera's certificate is not trusted."),
    "camera_none": _("There is no camera at this address."),
    "camera_bad_address": _(
        "This is no camera's address: write rtsp://user:password@host/path, without spaces."
    ),
    "camera_address": _("Give the camera's first address, too: both are tested together."),
    "camera_unauthorized": _("The camera refuses user or password."),
    "camera_not_found": _("The camera has no stream at this address."),
    "camera_busy": _("The camera has too many connections already."),
    "camera_stalled": _("The camera is connected, and sends no picture."),
    "report_future": _("These days are still to come: there is nothing to report yet."),
    "report_too_long": _("A report has a year at most: choose fewer days."),
    "report_busy": _("Another report is being made. Wait for it, then try again."),
    "report_stopped": _("The service was stopped meanwhile: nothing was kept. Try again."),
    "report_fault": _("The service has made a mistake. Tell whoever looks after it."),
    "schedule_unknown": _("There is no such schedule any more. Load the page again."),
    "schedule_taken": _("There is or was a schedule of this name: choose another."),
    "schedule_of_settings": _("It stands in the settings file: have it changed there."),
    "schedule_wrong": _("This schedule can't be used: look at its day and time."),
    "destination_unknown": _("The settings file names no such recipient any more."),
    "too_many_schedules": _("There are too many schedules: remove one first."),
    "job_not_due": _("Nothing has been due lately: there is nothing to do yet."),
    "reply_not_needed": _("Nothing is held against this visit: there is nothing to answer."),
    "reply_final": _("The report is final: answers are neither taken nor decided any more."),
    "reply_length": _("Write 3 to {most} characters."),
    "reply_erased": _("The patient was erased: there is nothing to answer any more."),
    "reply_known": _("There is an answer to this visit already. Load the page again."),
    "reply_decided": _("Somebody else has decided already. Load the page again."),
    "kind_forbidden": _("Your account may not do this."),
    "kind_own-account": _("Nobody changes their own account: ask another administrator."),
    "kind_not-found": _("It is not there any more. Load the page again."),
    "kind_too-many-requests": _("Too many requests. Wait a moment, then try again."),
    "kind_database": _("The database does not answer. Try again in a moment."),
    "kind_password": _(
        "The new password is too short, easy to guess, or the one before: choose a few words in a"
        " row."
    ),
    "kind_fault": _("The service has made a mistake. Tell whoever looks after it."),
    "kind_stale": _("Somebody else has changed it meanwhile. Load the page again."),
    "kind_camera": _("The camera does not answer."),
    "kind_idempotency-busy": _("It is being done already. Wait a moment."),
    "kind_idempotency-answer-lost": _("It was done, and the answer was lost. Look at the list."),
    "in_english": _("Refused. The service says, in English:"),
}
