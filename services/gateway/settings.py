"""What an operator sets for the gateway's processes: serve, courier, publish. All documented in docs/operations.md."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict

from services.gateway.headers import address_of
from services.gateway.patience import Patience
from services.gateway.smtp import MailServer
from shared.settings import Secret, Settings
from shared.storage import StorageAddress

if TYPE_CHECKING:
    from shared.queue import QueueAddress

DatabaseUrl = Annotated[str, StringConstraints(pattern=r"^postgresql://")]


class GatewaySettings(Settings):
    """Settings of `serve` and of the team commands."""

    model_config = SettingsConfigDict(env_prefix="HOLDOUT_GATEWAY_", frozen=True, extra="ignore", env_ignore_empty=True)

    database_url: DatabaseUrl = Field(repr=False)
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    listen_fd: int | None = Field(default=None, ge=3)
    """A listening socket that we are started with, by its number; it takes the place of `host` and `port`."""

    public_url: str = "http://127.0.0.1:8080"
    log_style: Literal["line", "json"] = "line"

    quota_url: str
    quota_token: Secret

    s3_endpoint: str
    s3_access_key: str
    s3_secret_key: Secret

    scorer_secrets: Secret
    """Webhook secrets that scorers may sign with, separated by commas: two while one is being rotated out."""

    key_pepper: Secret
    """Mixed into every stored key digest. Losing it voids every key; leaking it alone voids none."""

    upload_seconds: int = Field(default=3600, ge=10)
    """How long one upload may take: 500 MB at 140 kB/s. A place is held a little longer than this."""

    resumable_seconds: int = Field(default=86_400, ge=60, le=6 * 86_400)
    """How long an upload in parts may take, pauses included; its place is held as long (a hold may last 7 days)."""

    open_uploads: int = Field(default=10, ge=1)
    """How many uploads in parts a team may have open."""

    open_evaluations: int = Field(default=1000, ge=1)
    """How many files for splits that are not held out a team may have waiting for their evaluation."""

    longest_queue: int = Field(default=20_000, ge=1)
    """How many evaluations may wait in all; those of held-out splits are not refused for what goes behind them."""

    checks_per_hour: int = Field(default=60, ge=0, le=10_000)
    """How many dry runs a team has in any hour; 0 offers none."""

    check_seconds: float = Field(default=60.0, gt=0, le=300)
    """How long a dry run waits for a scorer, once its file is there."""

    support: str = ""
    """Whom teams ask for help, an address or a URL; every problem names it. None by default."""

    private_networks: str = ""
    """Networks (CIDR, commas) beyond the public Internet that teams' webhook endpoints may be in. None by default."""

    trusted_proxies: str = ""
    """Addresses or networks (CIDR, commas) of reverse proxies whose X-Forwarded-For and -Proto are believed."""

    metrics_token: Secret | None = None
    """Opens /metrics to whoever brings it, from anywhere; without one it is open to private networks only."""

    def storage_address(self) -> StorageAddress:
        """The gateway's identity in S3."""
        return StorageAddress(self.s3_endpoint, self.s3_access_key, self.s3_secret_key.get_secret_value())

    def scorer_keys(self) -> tuple[str, ...]:
        """The secrets that a scorer's notice may be signed with."""
        return tuple(part.strip() for part in self.scorer_secrets.get_secret_value().split(","))

    def networks(self) -> tuple[str, ...]:
        """The private networks that endpoints may be in."""
        return tuple(part.strip() for part in self.private_networks.split(",") if part.strip())


class CourierSettings(GatewaySettings):
    """Settings of `courier`: the gateway's, and Redis, which `serve` never talks to."""

    redis_host: str
    redis_port: int = Field(default=6379, ge=1, le=65535)
    redis_username: str = "courier"
    redis_password: Secret

    sweep_seconds: float = Field(default=2.0, gt=0)
    """How often the sweeps look for what was lost."""

    silence_seconds: float = Field(default=10.0, gt=0)
    """How long an open evaluation may be silent before a sweep looks after it: a few leases of a scorer (3 s)."""

    attempt_seconds: float = Field(default=2400.0, gt=0)
    """How long one started attempt may last in all: three runs of a scorer's wall limit (300 s), and more."""

    attempts: int = Field(default=5, ge=1)
    """Attempts before an evaluation is given up as failed and its place refunded."""

    deliveries_days: int = Field(default=90, ge=1)
    """How long the log of deliveries, and deliveries that were given up, are kept."""

    events_days: int = Field(default=366, ge=7)
    """How long events are kept for the feed; the last of each submission is kept for ever."""

    requests_days: int = Field(default=30, ge=8)
    """How long an Idempotency-Key is remembered: longer than the weekly window, or a late retry is charged again."""

    orphan_hours: float = Field(default=24.0, ge=1)
    """How long an object in S3 that no row names is left alone after it was first seen so."""

    janitor_seconds: float = Field(default=3600.0, ge=60)
    """How often the janitor begins a round through the object storage."""

    warn_after_days: float = Field(default=1.0, gt=0, le=365)
    """How long every attempt at an endpoint may fail before its team is warned by mail."""

    disable_after_days: float = Field(default=5.0, gt=0, le=365)
    """How long every attempt at an endpoint may fail before it is disabled; a delivery is tried for seven."""

    mail_host: str = ""
    """The mail server that takes what persons are written. None by default: then nobody is written to."""

    mail_port: int = Field(default=587, ge=1, le=65535)

    mail_tls: Literal["starttls", "tls", "none"] = "starttls"
    """`starttls` (usual at port 587), `tls` (at 465), or `none`, for a server on this machine."""

    mail_user: str = ""
    """Who logs in there; nobody does where it is empty."""

    mail_password: SecretStr | None = Field(default=None, repr=False)

    mail_sender: str = Field(default="", validate_default=True)
    """The address that mails come from, with a name before it or not; required where there is a mail server."""

    @field_validator("mail_sender")
    @classmethod
    def _is_an_address(cls, sender: str, info: ValidationInfo) -> str:
        if (sender or info.data.get("mail_host")) and address_of(sender) is None:
            raise ValueError("is no address to send from, such as `Holdout <holdout@example.org>`")
        return sender

    def mail_server(self) -> MailServer | None:
        """Where mail goes; None where nobody is written to."""
        sender = address_of(self.mail_sender)
        if not self.mail_host or sender is None:
            return None
        password = self.mail_password.get_secret_value() if self.mail_password else ""
        return MailServer(self.mail_host, self.mail_port, self.mail_tls, sender, self.mail_user, password)

    def patience(self) -> Patience:
        """How long an endpoint may fail."""
        return Patience(timedelta(days=self.warn_after_days), timedelta(days=self.disable_after_days))

    def queue_address(self) -> "QueueAddress":
        """The courier's identity in Redis."""
        # arq comes with it, and `serve` does without.
        from shared.queue import QueueAddress

        return QueueAddress(
            self.redis_host, self.redis_port, self.redis_username, self.redis_password.get_secret_value()
        )


class PublishSettings(Settings):
    """The operator's own key to ground truth; the running gateway does not have it."""

    model_config = SettingsConfigDict(env_prefix="HOLDOUT_PUBLISH_", frozen=True, extra="ignore", env_ignore_empty=True)

    s3_access_key: str
    s3_secret_key: Secret

    def storage_address(self, endpoint: str) -> StorageAddress:
        """The operator's identity in S3."""
        return StorageAddress(endpoint, self.s3_access_key, self.s3_secret_key.get_secret_value())
