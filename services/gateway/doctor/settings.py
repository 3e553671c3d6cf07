"""Settings: missing and malformed ones, misspelt ones, and those that are well formed and yet cannot be meant."""

from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from services.gateway.doctor.findings import Finding, ok, trouble, warning
from services.gateway.doctor.meanings import ELSE, MEANINGS
from services.gateway.doctor.patient import Patient
from services.gateway.doctor.told import Told
from shared.clock import utc_now
from shared.signing import sign

NAME = "settings"


def check_settings(patient: Patient) -> list[Finding]:
    """Every setting that is to be mended, one by one."""
    told = patient.told
    found = [
        trouble(NAME, f"{wrong.variable}: {wrong.message}", MEANINGS.get(wrong.variable, ELSE))
        for kind in told.kinds
        for wrong in told.wrong(kind)
    ]
    found += [warning(NAME, f"nothing reads {name}", "it may be misspelt; else remove it") for name in told.unread()]
    found += [*_public_url(told), *_proxies(told), *_networks(told), *_scorer_secrets(told)]
    kinds = " and ".join(kind.__name__.removesuffix("Settings").lower() for kind in told.kinds)
    return found or [ok(NAME, f"those of {kinds} are complete and well formed")]


def _public_url(told: Told) -> list[Finding]:
    name, url = "HOLDOUT_GATEWAY_PUBLIC_URL", told.value("public_url") or ""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return [trouble(NAME, f"{name} is no address: {url}", "write https://NAME, as teams reach this server")]
    if parts.path not in ("", "/") or parts.query or url.endswith("/"):
        return [trouble(NAME, f"{name} has more than a host: {url}", "end it with the name or port, without a slash")]
    listens_on = told.value("host") or ""
    if _is_loopback(parts.hostname) and not _is_loopback(listens_on):
        return [
            warning(NAME, f"{name} is {url}, which is each reader's own machine", "set it to the name that teams use")
        ]
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        return [warning(NAME, f"{name} is not https: keys of teams travel in clear", "put a proxy with TLS before it")]
    return []


def _proxies(told: Told) -> list[Finding]:
    name, trusted = "HOLDOUT_GATEWAY_TRUSTED_PROXIES", _listed(told, "trusted_proxies")
    found = [trouble(NAME, f"{name} has {text!r}, which is no network", "write CIDR") for text in _malformed(trusted)]
    if any(text == "*" or (not _malformed([text]) and ip_network(text, False).prefixlen == 0) for text in trusted):
        found = [
            trouble(NAME, f"{name} trusts everybody: anybody can say who they are", "name the proxy's network only")
        ]
    if not trusted and (told.value("public_url") or "").startswith("https://"):
        found.append(
            warning(
                NAME, f"the public address is https, and {name} is empty", "name the proxy: else it is every client"
            )
        )
    return found


def _networks(told: Told) -> list[Finding]:
    name, networks = "HOLDOUT_GATEWAY_PRIVATE_NETWORKS", _listed(told, "private_networks")
    if wrong := _malformed(networks):
        return [trouble(NAME, f"{name} has {text!r}, which is no network", "write CIDR") for text in wrong]
    if networks:
        open_ones = ", ".join(networks)
        return [
            warning(NAME, f"teams' endpoints may be in {open_ones}", f"if that is not meant, take it out of {name}")
        ]
    return []


def _scorer_secrets(told: Told) -> list[Finding]:
    """Each must be able to sign; none is shown."""
    secrets = [text.strip() for text in (told.value("scorer_secrets") or "").split(",") if text.strip()]
    found = []
    for number, secret in enumerate(secrets, start=1):
        try:
            sign([secret], "trial", utc_now(), b"")
        except ValueError:
            saw = f"HOLDOUT_GATEWAY_SCORER_SECRETS: secret {number} of {len(secrets)} cannot sign"
            found.append(trouble(NAME, saw, "a secret is whsec_ and 24 to 64 random bytes in base64"))
    return found


def _listed(told: Told, name: str) -> list[str]:
    return [text.strip() for text in (told.value(name) or "").split(",") if text.strip()]


def _malformed(networks: list[str]) -> list[str]:
    return [text for text in networks if text != "*" and not _is_network(text)]


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
