"""What a file is, told by its own first bytes; its name and what the phone says count nothing.

An allow-list: what is not on it is kept in quarantine, sealed, and never shown.
"""

from dataclasses import dataclass

import filetype

from incidents.vocabulary import EvidenceState

HEAD = 8192
PICTURES = frozenset(
    {
        "image/jpeg",
        "image/png",
        "image/webp",
        "image/heic",
        "image/heif",
        "image/avif",
        "image/gif",
        "image/tiff",
    }
)
# Kept as they came; there is no clean copy of them, so nothing of them is shown.
OTHERS = frozenset(
    {
        "video/mp4",
        "video/quicktime",
        "video/3gpp",
        "video/webm",
        "audio/mp4",
        "audio/mpeg",
        "audio/ogg",
        "audio/amr",
        "audio/wav",
        "application/pdf",
    }
)
SAME = {
    "video/x-m4v": "video/mp4",
    "audio/x-wav": "audio/wav",
    "audio/m4a": "audio/mp4",
    "audio/x-m4a": "audio/mp4",
    "video/x-matroska": "video/webm",
    "audio/opus": "audio/ogg",
    "video/ogg": "audio/ogg",
}
# Brands of ISO base media files, of which `filetype` knows but a few.
BRANDS = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"heim": "image/heic",
    b"heis": "image/heic",
    b"hevc": "image/heic",
    b"hevx": "image/heic",
    b"mif1": "image/heif",
    b"msf1": "image/heif",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"qt  ": "video/quicktime",
}


@dataclass(frozen=True)
class Found:
    media_type: str
    state: EvidenceState
    problem: str = ""


def recognise(head: bytes) -> Found:
    found = _named(head)
    if found in PICTURES:
        return Found(found, EvidenceState.WAITING)
    if found in OTHERS:
        return Found(found, EvidenceState.KEPT)
    return Found(found, EvidenceState.REFUSED, "type" if found else "unknown")


def _named(head: bytes) -> str:
    if head[4:8] == b"ftyp":
        return _of_brand(head[8:12])
    if head.startswith((b"#!AMR\n", b"#!AMR-WB\n")):
        return "audio/amr"
    kind = filetype.guess_mime(head) if head else None
    return SAME.get(kind, kind) if kind else ""


def _of_brand(brand: bytes) -> str:
    if brand.startswith((b"3gp", b"3gr", b"3gs", b"3g2", b"3ge")):
        return "video/3gpp"
    return BRANDS.get(brand, "video/mp4")
