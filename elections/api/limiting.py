"""Endpoints that do not answer without end: which bucket a request is taken from, and its headers.

Who signs in with a session is never counted: a desk must not wait because the public reads.
Neither are phones: what they send is bounded by its own rules and never refused for being much.
"""

from typing import Any, ClassVar

from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request
from rest_framework.views import APIView

from elections import limits
from elections.addresses import address_of, network_of
from elections.limits import Verdict

HEADERS = ("RateLimit-Policy", "RateLimit", "Retry-After")
# What those who carry no token spend where a token is needed: guesses.
GUESSES = "read"


class Limited(APIView):
    """`bucket`: what each request costs a token of; "" where nothing is counted.

    An action that costs more says so: `self.spend("export")`. Raises Throttled (429).
    """

    bucket: ClassVar[str] = ""
    request: Request

    def perform_authentication(self, request: Request) -> None:
        try:
            super().perform_authentication(request)
        except AuthenticationFailed:
            if self.bucket:
                self._take(GUESSES, "address", network_of(address_of(request._request)))
            raise

    def check_throttles(self, request: Request) -> None:
        if self.bucket and request.method != "OPTIONS":
            self.spend(self.bucket)

    def spend(self, bucket: str) -> None:
        """One token of whoever asks."""
        request = self.request
        if request.auth is not None:
            self._take(bucket, "token", f"{type(request.auth).__name__} {request.auth.pk}")
        elif not request.user.is_authenticated:
            self._take(bucket, "address", network_of(address_of(request._request)))

    def _take(self, bucket: str, kind: str, identity: str) -> None:
        verdict = limits.spend(bucket, kind, identity)
        if verdict is None:
            return
        self.__dict__.setdefault("verdicts", []).append(verdict)
        if not verdict.granted:
            raise Throttled(max(1.0, verdict.wait))

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        verdicts: list[Verdict] = self.__dict__.get("verdicts", [])
        told = [verdict.headers() for verdict in verdicts]
        for name in HEADERS[:2]:
            if values := [one[name] for one in told]:
                answer[name] = ", ".join(values)
        return answer
