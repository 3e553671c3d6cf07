"""Which addresses a team's endpoint may have. Pure: `resolving` asks, this judges (no request into our own network).

Only what is on the public Internet by the IANA registries counts, plus the networks an operator has named.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from shared.errors import Refused

Address = IPv4Address | IPv6Address

# IANA IPv4 special-purpose address registry, with multicast and the reserved block beside it.
_CLOSED_V4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip

# Global unicast is 2000::/3; these parts of it are not the public Internet.
_OPEN_V6 = IPv6Network("2000::/3")
_CLOSED_V6 = tuple(
    IPv6Network(block) for block in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "2620:4f:8000::/48")
)


def may_call(address: Address, networks: tuple[str, ...] = ()) -> bool:
    """Whether an endpoint may live at `address`; `networks` are CIDRs that the operator allows besides."""
    address = _unmapped(address)
    if _is_named(address, networks):
        return True
    if isinstance(address, IPv4Address):
        return not any(address in block for block in _CLOSED_V4)
    return address.scope_id is None and address in _OPEN_V6 and not any(address in block for block in _CLOSED_V6)


def check_url(url: str, networks: tuple[str, ...] = ()) -> None:
    """Raise `Refused` unless `url` is one we may call: https, no user, a good address.

    http is for a literal address inside a named network, or `localhost` where 127.0.0.1 is in one: any other name
    could lead the body and its signature over the open Internet in clear.
    """
    if not url.isascii() or not url.isprintable() or " " in url:
        raise _refused(url, "it holds spaces or characters beyond ASCII")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _refused(url, str(error)) from error
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise _refused(url, "it is not an https address")
    if parts.username is not None or parts.password is not None:
        raise _refused(url, "it holds a user name or password")
    if port == 0:
        raise _refused(url, "port 0 is no port")
    literal = _literal(parts.hostname)
    if literal is not None and not may_call(literal, networks):
        raise _refused(url, "its address is not on the public Internet")
    if parts.scheme == "http" and not _may_be_plain(parts.hostname, literal, networks):
        raise _refused(url, "it must be https")


def check_answers(host: str, answers: Sequence[Address], networks: tuple[str, ...] = ()) -> None:
    """Raise `Refused` unless `host` is at some address, and every one of its addresses may be called.

    Which address is closed is not said: what our own names lead to is nobody's business.
    """
    if not answers:
        raise _refused(host, "it is at no address")
    if not all(may_call(address, networks) for address in answers):
        raise _refused(host, "it leads to an address that is not on the public Internet")


def _may_be_plain(host: str, literal: Address | None, networks: tuple[str, ...]) -> bool:
    if literal is None and host == "localhost":
        literal = IPv4Address("127.0.0.1")
    return literal is not None and _is_named(_unmapped(literal), networks)


def _is_named(address: Address, networks: tuple[str, ...]) -> bool:
    named = (ip_network(network) for network in networks)
    return any(address in network for network in named if network.version == address.version)


def _unmapped(address: Address) -> Address:
    """`::ffff:a.b.c.d` is dialled as a.b.c.d, so it is judged as that."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if mapped is None else mapped


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _refused(url: str, cause: str) -> Refused:
    return Refused(
        "endpoint-refused", f"{url!r} cannot be an endpoint: {cause}", "give an https address that is public"
    )
