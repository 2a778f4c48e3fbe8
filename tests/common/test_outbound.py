"""The one HTTP client: which addresses it dials, what may be saved as a target, when it ends."""

import socket
import ssl
import time
from collections.abc import Iterator
from ipaddress import ip_address

import httpcore
import pytest

from common import addresses, outbound
from common.addresses import Reach
from common.outbound import AddressRefused, CallFailed, call, refuse_headers, refuse_target
from tests.doubles.http import Receiver, answer

PUBLIC = ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001::1"]
NOT_PUBLIC = [
    "0.0.0.0",  # noqa: S104  # nothing is bound here
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.9",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "233.252.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:8.8.8.8",
    "::ffff:127.0.0.1",
    "::7f00:1",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::a00:1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]


@pytest.mark.parametrize("text", PUBLIC)
def test_ordinary_addresses_are_public(text: str) -> None:
    assert addresses.is_public(ip_address(text))


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_every_special_address_is_not(text: str) -> None:
    assert not addresses.is_public(ip_address(text))


Answers = list[list[str]]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """The name server's answers, one per lookup; the last one stays."""
    script: Answers = []

    def look_up(host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        is_address = host[0].isdigit()  # connecting to an address asks, too, and is no lookup
        found = [host] if is_address else script[0]
        if len(script) > 1 and not is_address:
            script.pop(0)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, port)) for text in found]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return script


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses a connection was asked for; none of them is really made."""
    hosts: list[str] = []

    def connect(backend: object, host: str, port: int, **_: object) -> object:
        hosts.append(host)
        raise httpcore.ConnectError("not in a test")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    return hosts


def test_the_checked_address_is_dialled_and_the_name_not_asked_again(
    resolver: Answers, dialled: list[str]
) -> None:
    resolver += [["93.184.216.34"], ["127.0.0.1"]]

    with pytest.raises(CallFailed):
        call("POST", "https://rebind.example/", total_seconds=1)

    assert dialled == ["93.184.216.34"]


@pytest.mark.parametrize(
    "answers", [["127.0.0.1"], ["10.0.0.1"], ["93.184.216.34", "169.254.169.254"]]
)
def test_one_closed_address_refuses_the_name_before_dialling(
    resolver: Answers, dialled: list[str], answers: list[str]
) -> None:
    resolver += [answers]

    with pytest.raises(AddressRefused):
        call("POST", "https://rebind.example/", total_seconds=1)

    assert dialled == []


def test_a_name_that_was_public_when_saved_is_refused_when_dialled(
    resolver: Answers, dialled: list[str]
) -> None:
    resolver += [["93.184.216.34"], ["192.168.0.10"]]

    assert refuse_target("https://rebind.example/", allow_loopback=False) is None
    with pytest.raises(AddressRefused):
        call("POST", "https://rebind.example/", total_seconds=1)

    assert dialled == []


def test_plain_http_goes_to_loopback_only(resolver: Answers, dialled: list[str]) -> None:
    resolver += [["93.184.216.34"]]

    with pytest.raises(AddressRefused, match="without TLS"):
        call("POST", "http://open.example:8080/", reach=Reach.PUBLIC_OR_LOOPBACK, total_seconds=1)

    assert dialled == []


def test_the_name_is_kept_for_host_and_sni(
    resolver: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver += [["127.0.0.1"]]
    names: list[str | None] = []

    class Context(ssl.SSLContext):
        def wrap_socket(self, *_: object, server_hostname: str | None = None) -> ssl.SSLSocket:  # type: ignore[override]  # only asked for the name
            names.append(server_hostname)
            raise ssl.SSLError("enough seen")

    monkeypatch.setattr(outbound, "_tls", lambda: Context(ssl.PROTOCOL_TLS_CLIENT))
    with Receiver() as receiver:
        port = receiver.port
        with pytest.raises(CallFailed):
            call(
                "POST",
                f"https://partner.example:{port}/",
                reach=Reach.PUBLIC_OR_LOOPBACK,
                total_seconds=1,
            )
        call(
            "POST",
            f"http://partner.example:{port}/",
            reach=Reach.PUBLIC_OR_LOOPBACK,
            total_seconds=1,
        )

    assert names == ["partner.example"]
    assert receiver.requests[0].headers["host"] == f"partner.example:{port}"


def test_a_slow_name_server_does_not_outlast_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(*_: object, **__: object) -> object:
        time.sleep(1)
        raise OSError("no answer")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    started = time.monotonic()

    with pytest.raises(CallFailed) as failed:
        call("POST", "https://slow.example/", total_seconds=0.3)

    assert time.monotonic() - started < 0.8
    assert failed.value.is_timeout


@pytest.fixture
def silent_tls() -> Iterator[int]:
    """A port that accepts and then says nothing: the handshake never ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_handshake_that_never_ends_does_not_outlast_the_deadline(silent_tls: int) -> None:
    started = time.monotonic()

    with pytest.raises(CallFailed) as failed:
        call(
            "POST",
            f"https://127.0.0.1:{silent_tls}/",
            reach=Reach.PUBLIC_OR_LOOPBACK,
            total_seconds=0.4,
        )

    assert time.monotonic() - started < 1
    assert failed.value.is_timeout
    assert not failed.value.may_have_arrived


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver() as proxy, Receiver([answer(204, b"")]) as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        got = call("POST", receiver.url, reach=Reach.PUBLIC_OR_LOOPBACK, total_seconds=2)

    assert got.status_code == 204
    assert proxy.requests == []


def test_a_redirect_is_an_answer_like_any_other() -> None:
    with Receiver() as elsewhere, Receiver([answer(302, Location=elsewhere.url)]) as receiver:
        got = call("POST", receiver.url, reach=Reach.PUBLIC_OR_LOOPBACK, total_seconds=2)

    assert got.status_code == 302
    assert elsewhere.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "http://partner.example/",
        "ftp://partner.example/",
        "//partner.example/",
        "partner.example",
        "",
        "https://",
        "https:///path",
        "https://user@partner.example/",
        "https://user:password@partner.example/",
        "https://@partner.example/",
        "https://partner.example\\@127.0.0.1/",
        "https://partner.example/\x00",
        "https://partner.example/\r\nX: y",
        "https://partner.example/ space",
        "https://pärtner.example/",
        "https://partner.example:22/",
        "https://partner.example:80/",
        "https://partner.example:0/",
        "https://partner.example:1023/",
        "https://partner.example:65536/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://xn--/",  # names that only look internationalised
        "https://xn--a.example/",
        "https://xn--bcher-kva../",
        "https://partner[.example/",  # readers of URLs disagree about these
        "https://partner,example/",
        "https://par%74ner.example/",
        "https://localhost/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[fe80::1%25eth0]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://100.64.0.1/",
        "https://224.0.0.1/",
        "https://[64:ff9b::a00:1]/",
        "https://partner.example/" + "x" * 2_000,
    ],
)
def test_what_must_not_be_a_target_is_refused_when_saved(url: str) -> None:
    assert refuse_target(url, allow_loopback=False)


@pytest.mark.parametrize(
    "url",
    [
        "https://8.8.8.8/hook?a=1",
        "https://8.8.8.8:8443/",
        "https://8.8.8.8:1024/",
        "https://[2606:4700:4700::1111]/",
        "https://a-name-that-does-not-resolve.invalid/",
        "https://xn--bcher-kva.invalid/",
    ],
)
def test_what_may_be_a_target_is_accepted(url: str) -> None:
    assert refuse_target(url, allow_loopback=False) is None


def test_loopback_only_where_the_setting_says_so() -> None:
    for url in ("http://127.0.0.1:8899/", "http://localhost:8899/", "https://127.0.0.1/"):
        assert refuse_target(url, allow_loopback=True) is None
        assert refuse_target(url, allow_loopback=False)
    for url in ("http://8.8.8.8:8080/", "https://10.0.0.1/", "http://nowhere.invalid:8080/"):
        assert refuse_target(url, allow_loopback=True)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Webhook-Event": "x"},
        {"x-webhook-anything": "x"},
        {"WEBHOOK-ID": "x"},
        {"webhook-signature": "x"},
        {"Content-Type": "text/plain"},
        {"Content-Length": "0"},
        {"Transfer-Encoding": "chunked"},
        {"Host": "elsewhere.example"},
        {"Connection": "close"},
        {"Accept-Encoding": "gzip"},
        {"User-Agent": "mine"},
        {"": "x"},
        {"a b": "x"},
        {"a:b": "x"},
        {"naïve": "x"},
        {"a\r\nb": "x"},
        {"X-A": "a\r\nInjected: b"},
        {"X-A": "a\x00b"},
        {"X-A": "ü"},
        {"X-A": " padded "},
        {"X-A": ""},
        {"X-A": 7},
        {"X-A": None},
        {"X-A": "x" * 2_001},
        {"X-A": "1", "x-a": "2"},
        {f"X-{i}": "x" for i in range(21)},
    ],
)
def test_reserved_and_malformed_headers_are_refused(headers: dict[str, object]) -> None:
    assert refuse_headers(headers)


def test_ordinary_headers_are_accepted() -> None:
    assert refuse_headers({"Authorization": "Bearer abc def", "X-Tenant": "north"}) is None
