"""Every route of the product, as (name, pattern), found in the URLconf itself."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver


def routes(resolver: URLResolver | None = None, before: str = "", space: str = "") -> Iterator:
    resolver = resolver or get_resolver()
    for entry in resolver.url_patterns:
        pattern = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from routes(entry, pattern, inner)
        elif isinstance(entry, URLPattern):
            yield f"{space}{entry.name}" if entry.name else pattern, pattern
