"""Stores of the web server: who may sign in, and what was asked for."""

from datetime import timedelta

from streamer.crypto.answer_seal import AnswerSeal
from streamer.storage.accounts import PostgresAccounts
from streamer.storage.api_tokens import PostgresTokens
from streamer.storage.denials import PostgresDenials
from streamer.storage.devices import PostgresDevices
from streamer.storage.idempotency import PostgresOnce
from streamer.storage.sign_in_attempts import PostgresSignInAttempts
from streamer.storage.web_sessions import PostgresSessions, SessionTerms
from streamer.stores.site_stores import SiteStores


class WebStores(SiteStores):
    """Accounts, sessions, tokens, and which writes were made."""

    __slots__ = ()

    @property
    def accounts(self) -> PostgresAccounts:
        """Who may sign in."""
        return PostgresAccounts(self.database.postgres, self.settings.site.id)

    @property
    def tokens(self) -> PostgresTokens:
        """What programs come with."""
        base = self.database
        return PostgresTokens(base.postgres, self.settings.site.id, base.web_secrets)

    @property
    def devices(self) -> PostgresDevices:
        """Tablets and screens."""
        base = self.database
        return PostgresDevices(base.postgres, self.settings.site.id, base.web_secrets)

    @property
    def web_sessions(self) -> PostgresSessions:
        """Who is signed in."""
        base, web = self.database, self.settings.web
        terms = SessionTerms(
            timedelta(hours=web.session_hours), timedelta(minutes=web.session_idle_min)
        )
        return PostgresSessions(
            base.postgres, self.settings.site.id, base.web_secrets, self.accounts, terms
        )

    @property
    def sign_in_attempts(self) -> PostgresSignInAttempts:
        """How often signing in failed."""
        base = self.database
        return PostgresSignInAttempts(base.postgres, self.settings.site.id, base.web_secrets)

    @property
    def denials(self) -> PostgresDenials:
        """Puts on record who asked for what is not theirs."""
        return PostgresDenials(self.database.postgres, self.settings.site.id)

    @property
    def once(self) -> PostgresOnce:
        """Remembers which writes of the API were made."""
        base = self.database
        return PostgresOnce(
            base.postgres, AnswerSeal(base.secrets.derive), self.settings.site.id, self.clock
        )
