"""Whose request this is, for limits: the address that the last proxy of ours saw.

A visitor can write into X-Forwarded-For what they like; it ends up left of what our proxies
append. So as many hops are counted from the right as there are proxies of ours
(`TRUSTED_PROXIES`); with none the header is not looked at.
"""

import ipaddress
import re

from django.conf import settings
from django.http import HttpRequest

WITH_PORT = re.compile(r"\[(?P<six>[^\]]+)\](:\d+)?|(?P<four>\d+\.\d+\.\d+\.\d+):\d+", re.ASCII)
NETWORK = 64  # bits of an IPv6 address that one customer of a provider gets


def address_of(request: HttpRequest) -> str:
    """As text, "" if nobody told: behind a socket without the header all are one client."""
    proxies: int = settings.TRUSTED_PROXIES
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    # Fewer hops than proxies: it came around one of them, so what it says is worth nothing.
    text = hops[-proxies] if 0 < proxies <= len(hops) else ""
    return _read(text) or _read(request.META.get("REMOTE_ADDR") or "")


def network_of(address: str) -> str:
    """An IPv6 client has 2⁶⁴ addresses to come from; they count as one."""
    if ":" not in address:
        return address
    return str(ipaddress.ip_network(f"{address}/{NETWORK}", strict=False))


def _read(text: str) -> str:
    text = text.strip()
    if found := WITH_PORT.fullmatch(text):
        text = found["six"] or found["four"]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    return str(getattr(address, "ipv4_mapped", None) or address)
