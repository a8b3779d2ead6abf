"""Reviews, what calibrates a site, and the counts an estimate of its errors rests on.

Opaque ids and figures only: no picture, no vector, nothing of whoever is nobody here.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_STATEMENTS = (
    # Who looked at a match and confirmed it; null where the match sufficed.
    "ALTER TABLE check_ins ADD COLUMN decided_by text CHECK (decided_by <> '')",
    # One row for each candidate of a decided review; rows are only ever added.
    """
    CREATE TABLE reviews (
        review_id uuid NOT NULL,
        patient_id uuid NOT NULL REFERENCES patients,
        site_id text NOT NULL REFERENCES sites,
        lead boolean NOT NULL,
        appointment_ids uuid[] NOT NULL,
        camera_id text NOT NULL,
        reason text NOT NULL,
        band text NOT NULL CHECK (band IN ('accept','review')),
        score double precision NOT NULL,
        threshold double precision NOT NULL,
        pack_id text NOT NULL,
        decision text NOT NULL CHECK (decision IN ('confirmed','rejected','other','expired')),
        decided_by text NOT NULL CHECK (decided_by <> ''),
        captured_at timestamptz NOT NULL,
        decided_at timestamptz NOT NULL,
        PRIMARY KEY (review_id, patient_id)
    )
    """,
    "CREATE INDEX reviews_day ON reviews (site_id, decided_at)",
    # How alike an enrolment's photos are to each other: a photo against the mean of the others.
    """
    CREATE TABLE photo_agreements (
        template_id uuid NOT NULL REFERENCES templates ON DELETE CASCADE,
        photo smallint NOT NULL CHECK (photo > 0),
        distance double precision NOT NULL,
        score double precision NOT NULL,
        PRIMARY KEY (template_id, photo)
    )
    """,
    # That a site has calibrated a pack; the newest row of a pack holds.
    """
    CREATE TABLE site_calibrations (
        calibration_id uuid PRIMARY KEY,
        site_id text NOT NULL REFERENCES sites,
        pack_id text NOT NULL,
        made_at timestamptz NOT NULL,
        made_by text NOT NULL CHECK (made_by <> ''),
        figures text NOT NULL,
        accept_fpir double precision NOT NULL CHECK (accept_fpir > 0 AND accept_fpir < 1),
        patients integer NOT NULL CHECK (patients > 0),
        impostor_pairs bigint NOT NULL CHECK (impostor_pairs > 0),
        decided_reviews integer NOT NULL CHECK (decided_reviews > 0),
        wrong_reviews integer NOT NULL CHECK (wrong_reviews BETWEEN 0 AND decided_reviews),
        impostor_tail jsonb NOT NULL
    )
    """,
    "CREATE INDEX site_calibrations_newest ON site_calibrations (site_id, pack_id, made_at)",
    # How much was searched in galleries of which size, by day and camera.
    """
    CREATE TABLE match_counts (
        site_id text NOT NULL REFERENCES sites,
        day date NOT NULL,
        camera_id text NOT NULL,
        pack_id text NOT NULL,
        tracks bigint NOT NULL CHECK (tracks >= 0),
        gallery_sum bigint NOT NULL CHECK (gallery_sum >= 0),
        gallery_max integer NOT NULL CHECK (gallery_max >= 0),
        accepted bigint NOT NULL CHECK (accepted >= 0),
        reviewed bigint NOT NULL CHECK (reviewed >= 0),
        PRIMARY KEY (site_id, day, camera_id, pack_id)
    )
    """,
)


def upgrade() -> None:
    """Create everything."""
    for statement in _STATEMENTS:
        op.execute(statement)
