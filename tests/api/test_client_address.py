"""Whose address a call counts for: nobody can claim another one."""

import pytest

from common.client_address import client_address

PROXIES = ["10.0.0.0/8", "192.0.2.7"]


@pytest.mark.parametrize(
    ("remote", "forwarded_for", "expected"),
    [
        ("198.51.100.9", "", "198.51.100.9"),
        ("198.51.100.9", "203.0.113.5", "198.51.100.9"),  # an untrusted peer vouches for nobody
        ("10.1.1.1", "203.0.113.5", "203.0.113.5"),
        ("10.1.1.1", "203.0.113.66, 203.0.113.5", "203.0.113.5"),  # what the client wrote itself
        ("10.1.1.1", "203.0.113.5, 192.0.2.7", "203.0.113.5"),
        ("10.1.1.1", "unknown", "10.1.1.1"),
        ("10.1.1.1", "203.0.113.5, <script>, 192.0.2.7", "192.0.2.7"),
        ("10.1.1.1", "10.2.2.2", "10.2.2.2"),
        ("::ffff:10.1.1.1", "2001:db8::5", "2001:db8::5"),
        ("", "203.0.113.5", ""),
        ("unix:", "203.0.113.5", ""),
    ],
)
def test_the_nearest_untrusted_address_is_the_client(
    remote: str, forwarded_for: str, expected: str
) -> None:
    assert client_address(remote, forwarded_for, trusted=PROXIES) == expected
