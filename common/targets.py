"""What a webhook's address and custom headers may be: checked when saved (and again when dialled)."""

import re
from collections.abc import Mapping

import httpx

from .addresses import NotResolved, Reach, is_loopback, is_within, resolve

MAX_URL_LENGTH = 2_000
MAX_HEADERS = 20
MAX_HEADER_NAME_LENGTH = 100
MAX_HEADER_VALUE_LENGTH = 2_000
_RESOLVE_SECONDS = 3.0

_VISIBLE_ASCII = re.compile(r"[!-~]+")
# A name, an IPv4 address or an IPv6 one in brackets, and a port: what every reader of URLs takes alike.
_AUTHORITY = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]*)?")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110, 5.6.2
_HEADER_VALUE = re.compile(r"[!-~]([ \t!-~]*[!-~])?")
_OUR_PREFIXES = ("webhook-", "x-webhook-", "proxy-", "sec-")
_RESERVED = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
    }
)


def refuse_target(url: str, *, allow_loopback: bool) -> str | None:
    """Why this address must not be saved as a target, for a person to read; None when it may.

    Looks the name up (for at most three seconds): a name that does not resolve is accepted.
    """
    if not _VISIBLE_ASCII.fullmatch(url) or "\\" in url:
        return "Use visible ASCII characters only, without spaces or backslashes."
    if len(url) > MAX_URL_LENGTH:
        return f"Use at most {MAX_URL_LENGTH} characters."
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return "This is not a valid URL."
    return _refuse_parts(parsed, url) or _refuse_place(parsed, allow_loopback=allow_loopback)


def refuse_headers(headers: Mapping[str, object]) -> str | None:
    """Why these custom headers must not be saved, for a person to read; None when they may."""
    if len(headers) > MAX_HEADERS:
        return f"Use at most {MAX_HEADERS} headers."
    seen: set[str] = set()
    for name, value in headers.items():
        if problem := _refuse_header_name(name) or _refuse_header_value(name, value):
            return problem
        if name.lower() in seen:
            return f"The header {name} is named twice."
        seen.add(name.lower())
    return None


def _refuse_parts(parsed: httpx.URL, url: str) -> str | None:
    authority = url.partition("://")[2].partition("/")[0].partition("?")[0].partition("#")[0]
    if parsed.scheme not in ("http", "https"):
        return "Use an https:// address."
    if parsed.userinfo or "@" in authority:
        return "A user name or password in the address is not allowed."
    if not _AUTHORITY.fullmatch(authority) or not _host_of(parsed):
        return "The address names no usable host."
    default = 443 if parsed.scheme == "https" else 80
    port = default if parsed.port is None else parsed.port
    if not (port in (443, 8443) or 1024 <= port <= 65535):
        return "Use port 443, 8443 or one from 1024 to 65535."
    return None


def _host_of(parsed: httpx.URL) -> str:
    """ "" when there is none, or one that only looks like an internationalised name (`xn--a`)."""
    try:
        return parsed.host
    except UnicodeError:
        return ""


def _refuse_place(parsed: httpx.URL, *, allow_loopback: bool) -> str | None:
    is_plain = parsed.scheme == "http"
    if is_plain and not allow_loopback:
        return "Use an https:// address."
    reach = Reach.PUBLIC_OR_LOOPBACK if allow_loopback else Reach.PUBLIC
    host = parsed.raw_host.decode("ascii")
    try:
        addresses = resolve(host, parsed.port or 443, seconds=_RESOLVE_SECONDS)
    except NotResolved:
        return "Use an https:// address." if is_plain else None
    if is_plain and not all(is_loopback(address) for address in addresses):
        return "Use an https:// address."
    if not all(is_within(address, reach) for address in addresses):
        return "The address does not lead to a public host."
    return None


def _refuse_header_name(name: str) -> str | None:
    if len(name) > MAX_HEADER_NAME_LENGTH or not _TOKEN.fullmatch(name):
        return "A header's name is up to 100 letters, digits and -."
    lower = name.lower()
    if lower in _RESERVED or lower.startswith(_OUR_PREFIXES):
        return f"The header {name} is ours to set."
    return None


def _refuse_header_value(name: str, value: object) -> str | None:
    if not isinstance(value, str):
        return f"The value of the header {name} must be a text."
    if len(value) > MAX_HEADER_VALUE_LENGTH:
        return f"The value of the header {name} has more than {MAX_HEADER_VALUE_LENGTH} characters."
    if not _HEADER_VALUE.fullmatch(value):
        return f"The value of the header {name} must be visible ASCII, without spaces at its ends."
    return None
