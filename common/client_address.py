"""Where a request comes from: the peer, or the client a trusted proxy vouches for."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address


def client_address(remote: str, forwarded_for: str, *, trusted: Sequence[str]) -> str:
    """The nearest address that is no trusted proxy; "" when the peer has none (a Unix socket).

    `forwarded_for` is read from its right end, as each proxy appends whom it saw: what lies left
    of the first untrusted address is hearsay. A peer that is not trusted vouches for nobody.
    """
    nearest = _parse(remote)
    if nearest is None:
        return ""
    networks = _networks(tuple(trusted))
    for text in reversed(forwarded_for.split(",")):
        if not any(nearest in network for network in networks):
            break
        hop = _parse(text)
        if hop is None:
            break
        nearest = hop
    return str(nearest)


def _parse(text: str) -> Address | None:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)  # ::ffff:1.2.3.4, from a dual-stack socket
    return mapped or address


@lru_cache(maxsize=8)
def _networks(trusted: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(text, strict=False) for text in trusted)
