"""Signing in at the clinic's OpenID Connect provider."""

import warnings

from authlib.deprecate import AuthlibDeprecationWarning

# Authlib would rather have another library than httpx. That is no news for an operator, and it
# insists on saying so: only a filter set after its own is heard.
warnings.filterwarnings("ignore", "The httpx module", AuthlibDeprecationWarning)
