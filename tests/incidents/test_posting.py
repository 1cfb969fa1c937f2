"""Where this house calls out: what it signs, whom it refuses to call, how long it listens."""

import socket
import time

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from incidents import posting
from tests.receivers import raw_receiver, receiver, tls_receiver

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + "QUFB" * 10


def listed(text: str) -> list[str]:
    return text.split()


def anywhere(address):
    return True


def call(url, **more):
    return posting.post(url, b"{}", {"x": "y"}, plain=True, reachable=anywhere, **more)


def refused(url, **more):
    with pytest.raises(posting.NotDelivered) as error:
        posting.post(url, b"{}", {}, **more)
    return error.value.code


# --- The signature ---------------------------------------------------------------------------


def test_the_signature_is_that_of_standard_webhooks():
    body = b'{"test": 2432232314}'
    said = posting.signature(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body)
    assert said == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_public_library_verifies_with_each_secret_and_with_no_other():
    body = b'{"type":"incident.published"}'
    headers = posting.signed_headers([SECRET, OTHER], "an-id", time.time(), body)
    for secret in (SECRET, OTHER):
        assert Webhook(secret).verify(body, headers) == {"type": "incident.published"}
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "QkJC" * 10).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body + b" ", headers)
    old = posting.signed_headers([SECRET], "an-id", time.time() - 3600, body)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body, old)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "not base64!", "ж" * 40])
def test_a_weak_secret_signs_nothing(secret):
    with pytest.raises(posting.NotDelivered):
        posting.signature(secret, "id", "1", b"{}")


# --- Addresses -------------------------------------------------------------------------------

INSIDE = listed("""
127.0.0.1 127.1.2.3 10.1.2.3 172.16.0.1 172.31.255.255 192.168.0.9 169.254.169.254 100.64.0.1
100.127.255.254 0.0.0.0 0.1.2.3 192.0.0.1 192.0.0.171 192.0.2.1 192.88.99.1 198.18.0.1
198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
:: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:0:7f00:1
64:ff9b::7f00:1 64:ff9b::8.8.8.8 64:ff9b:1::1 100::1 2001::1 2001:0:53aa:64c:0:fbff:80ff:fffe
2001:2::1 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1:: 2002:0a00:0001::1 2002:808:808::1
3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1 ff0e::1
""")


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside_are_refused(address):
    assert posting.on_the_open_internet(address) is False


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"]
)
def test_addresses_outside_are_not(address):
    assert posting.on_the_open_internet(address) is True


HOSTILE = listed("""
http://example.org/ ftp://example.org/ file:///etc/passwd //example.org/ example.org javascript:1
https:// https:/// https://:443/ https://user:word@example.org/ https://user@example.org/
https://@example.org/ https://example.org@127.0.0.1/ https://example.org:99999/
https://example.org:x/ https://example.org:-1/ https://example.org:25/ https://example.org:22/
https://example.org:80/ https://example.org:0/ https://example.org:1023/
https://example.org/#x https://example.org/# https://example.org\\@127.0.0.1/
https://127.1/ https://127.0.1/ https://2130706433/ https://0x7f.1/ https://0x7f000001/
https://0x7f.0x0.0x0.0x1/ https://0177.0.0.1/ https://017700000001/ https://127.0.0.01/
https://127.0.0.1./ https://localhost./ https://example.org./ https://.example.org/
https://example..org/ https://-a.example.org/ https://127.0.0.1.1/ https://1.2.3.4.5/
https://foo.0x7f/ https://foo.7/ https://%31%32%37.0.0.1/ https://exa%6dple.org/
https://127。0。0。1/ https://①②⑦.0.0.1/ https://ⓛocalhost/ https://пример.рф/
https://[::1%25eth0]/ https://[fe80::1%eth0]/ https://[::1/ https://::1/ https://[v1.x]/
https://[]/ https://[127.0.0.1]/ https://a_$.org/
""")
LITERAL = listed("""
https://127.0.0.1/ https://127.0.0.1:8443/ https://10.0.0.1/ https://169.254.169.254/latest/
https://[::1]/ https://[::1]:8443/ https://[::ffff:127.0.0.1]/ https://[::ffff:7f00:1]/
https://[64:ff9b::7f00:1]/ https://[2002:7f00:1::]/ https://[::]/ https://0.0.0.0/
https://[fd00:ec2::254]/ https://LOCALHOST/ https://localhost/ https://100.64.0.1/
""")
ODD = [
    "",
    " ",
    "\0",
    "https://example.org\t/",
    "https://exa\nmple.org/",
    "https://example.org/\r\nx: y",
    "https://example.org/ x",
    "https://a/" + "x" * 500,
    "https://" + "a." * 200 + "org/",
    "https://exa\udce4mple.org/",
    "https://example.org/é",
]


@pytest.mark.parametrize("url", [*HOSTILE, *ODD])
def test_an_address_that_programs_read_differently_is_no_address(url, monkeypatch):
    """Refused by its letters: no name is looked up."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: pytest.fail("it was looked up"))
    assert refused(url) == "address"


@pytest.mark.parametrize("url", LITERAL)
def test_what_leads_inside_is_never_connected_to(url, monkeypatch):
    monkeypatch.setattr(socket, "create_connection", lambda *a, **k: pytest.fail("connected"))
    assert refused(url) == "no_public_address"


def test_what_is_understood_is_what_is_called():
    target = posting.understand("HTTPS://Example.ORG:8443/a/b?c=d")
    assert (target.host, target.port, target.path) == ("example.org", 8443, "/a/b?c=d")
    assert target.authority == "example.org:8443"
    assert posting.understand("https://example.org?x").path == "/?x"
    assert (
        posting.understand("https://[2606:2800:220:1:0:0:0:1]/").authority
        == "[2606:2800:220:1::1]"
    )


# --- The name --------------------------------------------------------------------------------


def answers(*rounds):
    """A resolver that answers otherwise each time; the last answer stays."""
    left, real = list(rounds), socket.getaddrinfo

    def resolve(host, port, *args, **kwargs):
        if host != "hook.example":
            return real(host, port, *args, **kwargs)
        found = left.pop(0) if len(left) > 1 else left[0]
        families = {True: socket.AF_INET6, False: socket.AF_INET}
        return [(families[":" in one], socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

    return resolve


@pytest.mark.parametrize(
    "found",
    [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["127.0.0.1", "93.184.216.34"],
     ["93.184.216.34", "fe80::1%eth0"], ["::ffff:127.0.0.1"], ["nonsense"], []],
)  # fmt: skip
def test_one_address_inside_is_enough_to_refuse(found, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", answers(found))
    monkeypatch.setattr(socket, "create_connection", lambda *a, **k: pytest.fail("connected"))
    assert refused("https://hook.example/") == "no_public_address"


def test_a_name_that_does_not_exist_is_refused_in_the_same_words(monkeypatch):
    def unknown(*args, **kwargs):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(posting.NotDelivered) as one:
        posting.post("https://hook.example/", b"{}", {})
    monkeypatch.setattr(socket, "getaddrinfo", answers(["10.0.0.1"]))
    with pytest.raises(posting.NotDelivered) as other:
        posting.post("https://hook.example/", b"{}", {})
    assert str(one.value) == str(other.value)


def test_a_name_that_leads_elsewhere_a_moment_later_is_not_followed(monkeypatch):
    """Asked once; the checked address is connected to, though by then the name leads inside."""
    monkeypatch.setattr(socket, "getaddrinfo", answers(["93.184.216.34"], ["127.0.0.1"]))
    connected = []

    def connect(address, **kwargs):
        connected.append(address)
        raise ConnectionRefusedError

    with receiver() as inner:
        port = int(inner.url.rsplit(":", 1)[1].split("/")[0])
        monkeypatch.setattr(socket, "create_connection", connect)
        assert refused(f"https://hook.example:{port}/") == "connection"
        assert connected == [("93.184.216.34", port)]
        assert inner.requests == []
        assert refused(f"https://hook.example:{port}/") == "no_public_address"
        assert len(connected) == 1


def test_host_and_certificate_are_those_of_the_name(tmp_path, monkeypatch):
    """The address is pinned, the name stays: in Host, and for the certificate."""
    with tls_receiver(tmp_path) as made:
        assert posting.post(made.url, b"{}", {}, reachable=anywhere, context=made.context) == 200
        headers, body = made.requests[0]
        assert headers["host"] == made.url.split("/")[2]
        assert body == b"{}"
        monkeypatch.setattr(socket, "getaddrinfo", answers(["127.0.0.1"]))
        other = made.url.replace("localhost", "hook.example")
        more = {"reachable": anywhere, "context": made.context}
        assert refused(other, **more) == "tls"
        assert refused(made.url, reachable=anywhere) == "tls"  # nobody vouches for it
        assert len(made.requests) == 1


def test_the_second_address_is_tried_when_the_first_is_silent(monkeypatch):
    with receiver() as made:
        monkeypatch.setattr(socket, "getaddrinfo", answers(["127.0.0.2", "127.0.0.1"]))
        url = made.url.replace("127.0.0.1", "hook.example")
        assert call(url) == 200


# --- The answer ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "status", [301, 302, 303, 307, 308, 400, 401, 404, 410, 429, 500, 503, 304]
)
def test_anything_but_success_is_a_failure_and_no_redirect_is_followed(status):
    with receiver() as other, receiver() as made:
        made.answer, made.headers = status, {"location": other.url}
        with pytest.raises(posting.NotDelivered) as error:
            call(made.url)
        assert (error.value.code, error.value.answered) == ("status", status)
        assert len(made.requests) == 1
        assert other.requests == []


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_success_is_one(status):
    with receiver() as made:
        made.answer = status
        assert call(made.url) == status


def drip(line):
    for _piece in range(200):
        line.sendall(b"HTTP/1.1 200 OK\r\n" if _piece == 0 else b"x")
        time.sleep(0.05)


def drip_head(line):
    for piece in b"HTTP/1.1 200 OK\r\n" * 50:
        line.sendall(bytes([piece]))
        time.sleep(0.2)


def endless_early_hints(line):
    while True:
        line.sendall(b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n")


def endless_head(line):
    while True:
        line.sendall(b"HTTP/1.1 " + b"9" * 4096)


@pytest.mark.parametrize(
    ("play", "code"),
    [
        (lambda line: time.sleep(3), "timeout"),
        (drip_head, "timeout"),
        (endless_early_hints, "timeout"),
        (endless_head, "protocol"),
        (lambda line: line.sendall(b"SSH-2.0-OpenSSH_9\r\n"), "protocol"),
        (lambda line: line.sendall(b"HTTP/2 200\r\n\r\n"), "protocol"),
        (lambda line: line.sendall(b"HTTP/1.1 20\r\n\r\n"), "protocol"),
        (lambda line: line.sendall(b"HTTP/1.1 099 x\r\n\r\n"), "protocol"),
        (lambda line: line.sendall(b"\xff\0\n"), "protocol"),
        (lambda line: None, "connection"),
        (lambda line: line.sendall(b"HTTP/1.1 200"), "connection"),
    ],
)
def test_a_strange_or_slow_answer_ends_in_time(play, code):
    with raw_receiver(play) as (url, _calls):
        began = time.monotonic()
        with pytest.raises(posting.NotDelivered) as error:
            call(url, seconds=1)
        assert error.value.code == code
        assert time.monotonic() - began < 10  # without a deadline: never


def test_of_an_endless_body_little_is_read_and_the_status_counts():
    with raw_receiver(drip) as (url, _calls):
        began = time.monotonic()
        assert call(url) == 200
        assert time.monotonic() - began < 8  # the body takes ten


def test_early_hints_come_before_the_answer():
    hints = b"HTTP/1.1 103 Early\r\nlink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    hints += b"HTTP/1.1 204 No\r\n\r\n"
    with raw_receiver(lambda line: line.sendall(hints)) as (url, _calls):
        assert call(url) == 204


def test_a_closed_port_is_a_failed_connection():
    with receiver() as made:
        url = made.url
    with pytest.raises(posting.NotDelivered) as error:
        call(url)
    assert error.value.code == "connection"


def test_a_header_of_two_lines_is_never_sent():
    with receiver() as made:
        with pytest.raises(posting.NotDelivered):
            posting.post(made.url, b"{}", {"x": "y\r\nz: 1"}, plain=True, reachable=anywhere)
        assert made.requests == []


def test_ipv6_is_spoken_to_in_its_own_family():
    try:
        with receiver("::1") as made:
            assert call(made.url) == 200
            assert made.requests[0][0]["host"].startswith("[::1]:")
    except OSError:
        pytest.skip("this machine has no IPv6")
