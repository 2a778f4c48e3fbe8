"""Names to addresses, and which of them are public: `ipaddress.is_global` alone lets others pass."""

import socket
from enum import Enum, auto
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from queue import Empty, SimpleQueue
from threading import Thread

IpAddress = IPv4Address | IPv6Address
_Answers = SimpleQueue[list[IpAddress] | OSError | ValueError]
_LOOPBACK_V4 = IPv4Network("127.0.0.0/8")
_LOOPBACK_V6 = IPv6Address("::1")


class Reach(Enum):
    """Where a call may go: targets that others name are PUBLIC, the operator's own settings ANYWHERE."""

    PUBLIC = auto()
    PUBLIC_OR_LOOPBACK = auto()
    ANYWHERE = auto()


# IANA's special-purpose registries, and the metadata services that live at public-looking addresses.
_CLOSED_V4 = [
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT, and Alibaba's metadata
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's host services
        "169.254.0.0/16",  # link-local, and most clouds' metadata
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments, and Oracle's metadata
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",
    )
]
# Of IPv6 only global unicast is open; that leaves out loopback, local, multicast, mapped IPv4 and NAT64.
_OPEN_V6 = IPv6Network("2000::/3")
_CLOSED_V6 = [
    IPv6Network(network)
    for network in (
        "2001::/23",  # Teredo, ORCHID, benchmarking
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address in disguise
        "2620:4f:8000::/48",
        "3fff::/20",
    )
]


class NotResolved(Exception):
    """The name has no address, or none was found in time."""

    def __init__(self, reason: str, *, is_timeout: bool = False) -> None:
        super().__init__(reason)
        self.is_timeout = is_timeout


def resolve(host: str, port: int, *, seconds: float) -> list[IpAddress]:
    """Every address of the name, in the resolver's order. Raises NotResolved.

    The system's lookup cannot be interrupted, so it runs in a thread of its own that may be left behind.
    """
    answers: _Answers = SimpleQueue()
    Thread(target=_look_up, args=(host, port, answers), daemon=True).start()
    try:
        found = answers.get(timeout=max(seconds, 0.001))
    except Empty:
        raise NotResolved("the name was not resolved in time", is_timeout=True) from None
    if isinstance(found, Exception):
        raise NotResolved(f"the name does not resolve: {found}"[:200])
    return found


def _look_up(host: str, port: int, answers: "_Answers") -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        answers.put([ip_address(str(address[0])) for *_, address in found])
    except (OSError, ValueError) as error:  # a malformed name is a UnicodeError, thus a ValueError
        answers.put(error)


def is_public(address: IpAddress) -> bool:
    """Whether the address is an ordinary one of the Internet."""
    if not address.is_global:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _CLOSED_V4)
    is_scoped = address.scope_id is not None
    return (
        not is_scoped
        and address in _OPEN_V6
        and not any(address in network for network in _CLOSED_V6)
    )


def is_within(address: IpAddress, reach: Reach) -> bool:
    """Whether a call of that reach may dial the address."""
    if reach is Reach.ANYWHERE:
        return True
    return is_public(address) or (reach is Reach.PUBLIC_OR_LOOPBACK and is_loopback(address))


def is_loopback(address: IpAddress) -> bool:
    """This machine, plainly written: a mapped ::ffff:127.0.0.1 is not."""
    return address in _LOOPBACK_V4 or address == _LOOPBACK_V6
