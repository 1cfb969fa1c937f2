"""Servers of others that webhooks are sent to: real ones, on this machine."""

import contextlib
import http.server
import socket
import ssl
import subprocess
import threading
from dataclasses import dataclass, field

import pytest


@dataclass
class Receiver:
    url: str = ""
    context: ssl.SSLContext | None = None
    requests: list = field(default_factory=list)  # (headers in lower case, body)
    answers: list = field(default_factory=list)  # statuses still to give; then `answer`
    answer: int = 200
    headers: dict = field(default_factory=dict)

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _body in self.requests]


@contextlib.contextmanager
def receiver(host: str = "127.0.0.1", inside: ssl.SSLContext | None = None, name: str = ""):
    made = Receiver()

    class Receive(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            made.requests.append(({n.lower(): v for n, v in self.headers.items()}, body))
            self.send_response(made.answers.pop(0) if made.answers else made.answer)
            for key, value in made.headers.items():
                self.send_header(key, value)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *args):
            pass

    class Server(http.server.ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

    server = Server((host, 0), Receive)
    if inside is not None:
        server.socket = inside.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    scheme = "https" if inside else "http"
    shown = name or (f"[{host}]" if ":" in host else host)
    made.url = f"{scheme}://{shown}:{server.server_address[1]}/hook"
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@contextlib.contextmanager
def tls_receiver(folder):
    """With a certificate of its own for “localhost”; `context` trusts it."""
    pair, cert = folder / "pair.pem", folder / "cert.pem"
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout",
         str(pair), "-out", str(cert), "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost"],
        capture_output=True, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip("needs openssl")
    inside = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    inside.load_cert_chain(cert, pair)
    with receiver(inside=inside, name="localhost") as found:
        found.context = ssl.create_default_context(cafile=str(cert))
        yield found


@contextlib.contextmanager
def raw_receiver(play):
    """`play(line)` speaks to whoever connects, after the request was read."""
    listening = socket.create_server(("127.0.0.1", 0))
    calls = []

    def serve():
        while True:
            try:
                line, _address = listening.accept()
            except OSError:
                return
            calls.append(line)
            with line, contextlib.suppress(OSError):
                line.recv(65536)
                play(line)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/", calls
    finally:
        # close() alone does not wake a thread that waits in accept().
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(5)
