"""A closed-loop HTTP/1.1 client: each connection has one request in flight, then sends the next.

Standard library only, one thread, so that it takes as little as possible from the server beside
it. What is sent is `(name, bytes)`; what came back is told with the name.
"""

import selectors
import socket
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

Address = tuple[str, int]
Sent = tuple[str, bytes]


def put(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    lines = [f"PUT {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


@dataclass
class Answer:
    name: str
    status: int  # 0: the connection ended without one
    body: bytes


@dataclass
class Result:
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    codes: Counter[int] = field(default_factory=Counter)
    acknowledged: set[str] = field(default_factory=set)

    @property
    def good(self) -> int:
        return sum(count for code, count in self.codes.items() if 200 <= code < 300)

    @property
    def failures(self) -> int:
        return sum(self.codes.values()) - self.good

    @property
    def rate(self) -> float:
        return self.good / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """In milliseconds."""
        ordered = sorted(self.latencies)
        if not ordered:
            return float("nan")
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000


class Connection:
    """One client, the request it has in flight and what came back of the answer so far."""

    def __init__(self, address: Address, selector: selectors.BaseSelector) -> None:
        self.address = address
        self.selector = selector
        self.open()

    def open(self) -> None:
        self.socket = socket.create_connection(self.address, timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.selector.register(self.socket, selectors.EVENT_READ, self)

    def close(self) -> None:
        self.selector.unregister(self.socket)
        self.socket.close()

    def send(self, request: Sent) -> None:
        self.name, raw = request
        self.got = b""
        self.began = time.perf_counter()
        self.socket.sendall(raw)

    def receive(self) -> Answer | None:
        """The whole answer, or None while more of it is to come."""
        try:
            part = self.socket.recv(65536)
        except OSError:
            part = b""
        self.got += part
        head, blank, body = self.got.partition(b"\r\n\r\n")
        if not part:
            self.close()
            self.open()
            return Answer(self.name, 0, b"")
        if not blank or len(body) < _length(head):
            return None
        if b"connection: close" in head.lower():
            self.close()
            self.open()
        return Answer(self.name, int(head[9:12]), body)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _colon, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0


def drive(
    addresses: list[Address], requests: Iterable[Sent], *, clients: int, seconds: float
) -> Result:
    """Spread over the addresses as a proxy would, until the time or the requests are over."""
    selector = selectors.DefaultSelector()
    waiting: Iterator[Sent] = iter(requests)
    result = Result()
    begin = time.perf_counter()
    live = 0
    for number in range(clients):
        if (first := next(waiting, None)) is not None:
            Connection(addresses[number % len(addresses)], selector).send(first)
            live += 1
    while live:
        for key, _events in selector.select(timeout=60):
            connection: Connection = key.data
            answer = connection.receive()
            if answer is None:
                continue
            now = time.perf_counter()
            result.latencies.append(now - connection.began)
            result.codes[answer.status] += 1
            if 200 <= answer.status < 300:
                result.acknowledged.add(answer.name)
            following = next(waiting, None) if now - begin < seconds else None
            if following is None:
                connection.close()
                live -= 1
            else:
                connection.send(following)
    result.seconds = time.perf_counter() - begin
    return result
