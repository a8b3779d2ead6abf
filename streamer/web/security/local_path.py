"""Keeps a way back from leading elsewhere. Pure; used by `oidc` and the sign-in page."""


def local_path(wanted: str) -> str:
    """Return a path of this server; anything that might lead elsewhere is its front page."""
    plain = wanted.isascii() and wanted.isprintable() and "\\" not in wanted
    if not plain or not wanted.startswith("/") or wanted.startswith("//") or len(wanted) > 512:
        return "/"
    return wanted
