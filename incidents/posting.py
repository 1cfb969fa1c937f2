"""A signed message to somebody else's server: the one place from which this house calls out.

Signed as Standard Webhooks says. The name is resolved once, every address it leads to must be on
the open internet, and exactly the checked address is spoken to. Of the answer only the status is
read. Everything, handshake and a dripping answer included, has one deadline.
"""

import base64
import binascii
import hashlib
import hmac
import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

SECONDS = 10.0
DRAIN_SECONDS = 1.0
LONGEST_HEAD = 16 * 1024
LONGEST_URL = 500
LONGEST_HOST = 253
SHORTEST_SECRET = 24
HTTPS = 443
FIRST_FREE_PORT = 1024
FIRST_FINAL = 200  # a lower status announces another answer
MOST_ADDRESSES = 3
PREFIX = "whsec_"
VISIBLE = re.compile(r"[\x21-\x7e]+")
LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
# Programs differ about what these mean; some read 0x7f.1 and 017700000001 as 127.0.0.1.
NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")
STATUS = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: [^\r\n]*)?\r?\n")
# What Python's tables call global, or once called so, and is no place of a receiver: protocol
# assignments, relays of 6to4, and what was reserved.
NOT_OURS_V4 = [ipaddress.ip_network(n) for n in ("192.0.0.0/24", "192.88.99.0/24", "240.0.0.0/4")]
# Of IPv6 only what is given out to networks; within it no tunnel (Teredo, 6to4), which would lead
# to an IPv4 address nobody checked, and no documentation. NAT64 lies outside of it anyway.
GIVEN_OUT = ipaddress.ip_network("2000::/3")
NOT_OURS_V6 = [
    ipaddress.ip_network(n) for n in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
]


class NotDelivered(Exception):
    """The message says why, without an address, a secret or what the other side answered.

    `code` is for programs and never changes; `answered` is the status of the answer, if any.
    """

    def __init__(self, message: str, code: str = "refused", answered: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.answered = answered


@dataclass(frozen=True)
class Target:
    """An address as it was understood: what is checked is what is called."""

    scheme: str
    host: str  # in ASCII, lower case, an IPv6 address without brackets
    port: int
    path: str

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = HTTPS if self.scheme == "https" else 80
        return host if self.port == usual else f"{host}:{self.port}"


def on_the_open_internet(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return on_the_open_internet(str(found.ipv4_mapped))
        if found not in GIVEN_OUT or any(found in net for net in NOT_OURS_V6):
            return False
    elif any(found in net for net in NOT_OURS_V4):
        return False
    return found.is_global and not found.is_multicast


def on_this_machine(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


# --- The address ------------------------------------------------------------------------------


def understand(url: str, *, plain: bool = False) -> Target:
    """The address in parts. `plain` allows http, too. Raises NotDelivered; nothing is resolved."""
    if not (len(url) <= LONGEST_URL and VISIBLE.fullmatch(url)) or "\\" in url:
        raise NotDelivered("the address is not a web address", "address")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise NotDelivered("the address is not a web address", "address") from error
    if parts.scheme != "https" and not (plain and parts.scheme == "http"):
        raise NotDelivered("the address is not https", "address")
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise NotDelivered("the address carries a password", "address")
    if parts.fragment or url.endswith("#"):
        raise NotDelivered("the address has a fragment", "address")
    if port is None:
        port = HTTPS if parts.scheme == "https" else 80
    elif port != HTTPS and port < FIRST_FREE_PORT:
        raise NotDelivered("the port belongs to another service", "address")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, _host(host, bracketed="[" in parts.netloc), port, path)


def _host(host: str, *, bracketed: bool) -> str:
    """Names in ASCII, IPv4 in its one common spelling, IPv6 in brackets without a zone."""
    no_host = NotDelivered("the address names no host", "address")
    if bracketed:
        try:
            found = ipaddress.IPv6Address(host)
        except ValueError as error:
            raise no_host from error
        if found.scope_id is not None:
            raise no_host
        return str(found)
    labels = host.split(".")
    if len(host) > LONGEST_HOST or not all(LABEL.fullmatch(label) for label in labels):
        raise no_host
    if NUMBER.fullmatch(labels[-1]):
        try:
            if str(ipaddress.IPv4Address(host)) != host:
                raise no_host
        except ValueError as error:
            raise no_host from error
    return host


def literal(host: str) -> str | None:
    """The address, if the host is one and no name."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None


# --- The signature ----------------------------------------------------------------------------


def signature(secret: str, message_id: str, moment: str, body: bytes) -> str:
    """As Standard Webhooks defines it, version 1."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotDelivered("the secret is not base64", "secret") from error
    if len(key) < SHORTEST_SECRET:
        raise NotDelivered("the secret is shorter than 24 bytes", "secret")
    signed = f"{message_id}.{moment}.".encode() + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def signed_headers(
    secrets: Sequence[str], message_id: str, at: float, body: bytes
) -> dict[str, str]:
    """One signature a secret: while one is being replaced, both verify."""
    moment = str(int(at))
    return {
        "content-type": "application/json",
        "user-agent": "dauys",
        "webhook-id": message_id,
        "webhook-timestamp": moment,
        "webhook-signature": " ".join(
            signature(secret, message_id, moment, body) for secret in secrets
        ),
    }


# --- The call ---------------------------------------------------------------------------------


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    reachable: Callable[[str], bool] = on_the_open_internet,
    context: ssl.SSLContext | None = None,
    plain: bool = False,
    seconds: float = SECONDS,
) -> int:
    """The status of a 2xx answer. Raises NotDelivered for everything else."""
    target = understand(url, plain=plain)
    addresses = _resolve(target, reachable)
    end = time.monotonic() + seconds
    try:
        with _connect(target, addresses, context, end) as line:
            _hurry(line, end)
            line.sendall(_request(target, body, headers))
            status = _status(line, end)
    except ssl.SSLError as error:
        raise NotDelivered("no secure connection could be made", "tls") from error
    except TimeoutError as error:
        raise NotDelivered(f"no answer within {seconds:.0f} seconds", "timeout") from error
    except OSError as error:
        raise NotDelivered("the connection failed", "connection") from error
    if not FIRST_FINAL <= status < 300:
        raise NotDelivered(f"answered {status}", "status", status)
    return status


def _resolve(target: Target, reachable: Callable[[str], bool]) -> list[str]:
    """One refusal for a name that does not exist and one that leads inside: who asks must not
    learn which names the inner network knows."""
    no = NotDelivered("the address is not on the open internet", "no_public_address")
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        good = bool(addresses) and all(reachable(address) for address in addresses)
    except (OSError, UnicodeError, ValueError) as error:
        raise no from error
    if not good:
        raise no
    return addresses[:MOST_ADDRESSES]


def _connect(
    target: Target, addresses: Sequence[str], context: ssl.SSLContext | None, end: float
) -> socket.socket:
    """To one of the checked addresses, whatever the name resolves to a moment later."""
    refused: OSError = OSError("no address")
    for number, address in enumerate(addresses):
        share = (end - time.monotonic()) / (len(addresses) - number)
        try:
            plain = socket.create_connection((address, target.port), timeout=max(0.05, share))
        except OSError as error:
            refused = error
            continue
        if target.scheme == "http":
            return plain
        _hurry(plain, end)
        try:
            tls = context or ssl.create_default_context()
            return tls.wrap_socket(plain, server_hostname=target.host)
        except BaseException:
            plain.close()
            raise
    raise refused


def _hurry(line: socket.socket, end: float) -> None:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    line.settimeout(left)


def _request(target: Target, body: bytes, headers: Mapping[str, str]) -> bytes:
    lines = [f"POST {target.path} HTTP/1.1", f"host: {target.authority}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"content-length: {len(body)}", "connection: close"]
    if any("\r" in line or "\n" in line for line in lines):
        raise NotDelivered("a header has two lines", "header")
    return "\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + body


def _status(line: socket.socket, end: float) -> int:
    """Read by hand: a library would wait for each byte of a dripping head as long as it liked."""
    head = b""
    while True:
        match = STATUS.match(head)
        if match and int(match[1]) >= FIRST_FINAL:
            _drain(line, min(end, time.monotonic() + DRAIN_SECONDS))
            return int(match[1])
        if match and (over := re.search(rb"\r?\n\r?\n", head)):
            head = head[over.end() :]  # 100 and 103 come before the answer itself
            continue
        if len(head) > LONGEST_HEAD or (not match and b"\n" in head):
            raise NotDelivered("what answered does not speak HTTP/1.1", "protocol")
        _hurry(line, end)
        if not (more := line.recv(4096)):
            raise NotDelivered("the connection ended without an answer", "connection")
        head += more


def _drain(line: socket.socket, end: float) -> None:
    """Hang up politely: a server that still writes when we are gone may take it for a failure."""
    try:
        for _piece in range(LONGEST_HEAD // 4096):
            _hurry(line, end)
            if not line.recv(4096):
                return
    except OSError:
        return
