"""What the tables of `kirdi bench` show, by benchmark. Used by `commands.bench`."""

PIPELINE_COLUMNS = (
    "cameras",
    "ratio",
    "ratio_least",
    "ratio_most",
    "fps_asked",
    "fps",
    "cpu_per_camera",
    "idle_cpu",
    "frames_dropped",
    "check_ins",
    "latency_p50_ms",
    "latency_p95_ms",
    "service_mb",
    "decoder_mb",
    "note",
)

INGEST_COLUMNS = (
    "cameras",
    "format",
    "ratio",
    "ratio_least",
    "ratio_most",
    "cpu_per_camera",
    "frames_decoded",
    "frames_analysed",
    "frames_dropped",
    "latency_p50_ms",
    "latency_p95_ms",
    "first_frame_s",
    "decoder_mb",
    "parent_mb",
)

MATCHER_COLUMNS = (
    "subject",
    "pack",
    "size",
    "per_second",
    "bare_per_second",
    "ratio",
    "ratio_least",
    "ratio_most",
    "latency_p50_ms",
    "latency_p95_ms",
    "cpu_ms",
    "faiss_per_second",
    "note",
)

PEERS_COLUMNS = (
    "peer",
    "frames",
    "per_second",
    "kirdi_ratio",
    "cpu_ms",
    "visits",
    "visits_found",
    "visits_false",
    "note",
)

SCHEDULE_COLUMNS = (
    "subject",
    "patients",
    "appointments",
    "samples",
    "p50_ms",
    "p95_ms",
    "most_ms",
    "cpu_ms",
    "ratio",
    "note",
)

PROTECTION_COLUMNS = (
    "subject",
    "size",
    "rounds",
    "per_second",
    "bare_per_second",
    "seconds",
    "bare_seconds",
    "ratio",
    "ratio_least",
    "ratio_most",
)
