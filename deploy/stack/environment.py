"""What each service is told: its addresses and secrets, and whatever else the operator has set for it."""

import os

from deploy.stack.addresses import Addresses
from deploy.stack.launching import plain_environment

SERVICES = ("gateway", "courier", "publish", "quota", "scorer")


def environment(service: str, addresses: Addresses) -> dict[str, str]:
    """The whole environment of a process of `service`, one of SERVICES; or `doctor`, who looks at everything.

    The operator's own HOLDOUT_… variables go through, except where the stack knows better; PUBLIC_URL is theirs.
    """
    usual = {"HOLDOUT_GATEWAY_PUBLIC_URL": addresses.gateway_url}
    theirs = {name: value for name, value in os.environ.items() if name.startswith("HOLDOUT_")}
    return plain_environment(**(usual | theirs | known(service, addresses)))


def known(service: str, addresses: Addresses) -> dict[str, str]:
    """The addresses and secrets of `service`, as the variables that its settings are read from."""
    if service == "quota":
        return _quota(addresses)
    if service == "scorer":
        return _scorer(addresses)
    gateway = _gateway(addresses)
    if service == "courier":
        return gateway | _queue("GATEWAY", "courier", addresses)
    if service == "doctor":
        return gateway | _queue("GATEWAY", "courier", addresses) | _storage("PUBLISH", "publish", addresses)
    if service == "publish":
        return gateway | _storage("PUBLISH", "publish", addresses)
    return gateway


def _gateway(addresses: Addresses) -> dict[str, str]:
    return {
        "HOLDOUT_GATEWAY_DATABASE_URL": addresses.database_url("gateway"),
        "HOLDOUT_GATEWAY_HOST": addresses.listen,
        "HOLDOUT_GATEWAY_PORT": str(addresses.ports["gateway"]),
        "HOLDOUT_GATEWAY_QUOTA_URL": addresses.quota_url,
        "HOLDOUT_GATEWAY_QUOTA_TOKEN": addresses.secrets.quota_token,
        "HOLDOUT_GATEWAY_S3_ENDPOINT": addresses.storage_address("gateway").endpoint,
        "HOLDOUT_GATEWAY_SCORER_SECRETS": addresses.secrets.scorer_secret,
        "HOLDOUT_GATEWAY_KEY_PEPPER": addresses.secrets.key_pepper,
    } | _storage("GATEWAY", "gateway", addresses)


def _quota(addresses: Addresses) -> dict[str, str]:
    return {
        "HOLDOUT_QUOTA_DATABASE_URL": addresses.database_url("quota"),
        "HOLDOUT_QUOTA_HOST": addresses.listen,
        "HOLDOUT_QUOTA_PORT": str(addresses.ports["quota"]),
        "HOLDOUT_QUOTA_TOKEN": addresses.secrets.quota_token,
    }


def _scorer(addresses: Addresses) -> dict[str, str]:
    return (
        {
            "HOLDOUT_SCORER_CALLBACK_URL": f"{addresses.gateway_url}/internal/outcomes",
            "HOLDOUT_SCORER_SECRET": addresses.secrets.scorer_secret,
            "HOLDOUT_SCORER_S3_ENDPOINT": addresses.storage_address("scorer").endpoint,
        }
        | _queue("SCORER", "scorer", addresses)
        | _storage("SCORER", "scorer", addresses)
    )


def _storage(service: str, identity: str, addresses: Addresses) -> dict[str, str]:
    address = addresses.storage_address(identity)
    return {
        f"HOLDOUT_{service}_S3_ACCESS_KEY": address.access_key,
        f"HOLDOUT_{service}_S3_SECRET_KEY": address.secret_key,
    }


def _queue(service: str, user: str, addresses: Addresses) -> dict[str, str]:
    address = addresses.queue_address(user)
    return {
        f"HOLDOUT_{service}_REDIS_HOST": address.host,
        f"HOLDOUT_{service}_REDIS_PORT": str(address.port),
        f"HOLDOUT_{service}_REDIS_USERNAME": address.username,
        f"HOLDOUT_{service}_REDIS_PASSWORD": address.password,
    }
