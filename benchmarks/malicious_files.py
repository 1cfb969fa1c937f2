"""Files that attack whoever opens them, sent the way a phone sends its photos.

    python benchmarks/malicious_files.py

Builds more than a hundred of them (none is kept in the repository), sends each by tus into an
empty installation of its own, lets it be redrawn, asks for it with every link the desk has, and
prints what went wrong. Through Django's client, so the memory is that of the serving process.
"""

import bz2
import gzip
import io
import json
import os
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Any

import pillow_heif
from PIL import Image, TiffImagePlugin

CANARY = b"KANAREIKA"
SCRIPT = b"<script>alert('KANAREIKA')</script>"
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
LOSSLESS = ("PNG", "GIF", "TIFF", "WEBP")
KINDS = ("JPEG", *LOSSLESS, "HEIF", "AVIF")
pillow_heif.register_heif_opener()


def corpus() -> dict[str, bytes]:
    """Name as the phone gives it -> what is inside."""
    found: dict[str, bytes] = {}
    for part in (_bombs, _polyglots, _pretenders, _cut, _telling, _broken, _named):
        for name, content in part():
            assert name not in found, name
            found[name] = content
    return found


def saved(kind: str, size: tuple[int, int] = (64, 48), mode: str = "RGB", **said: object) -> bytes:
    out = io.BytesIO()
    picture = Image.effect_noise(size, 50).convert(mode) if mode != "1" else Image.new("1", size)
    picture.save(out, kind, **said)
    return out.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, body: bytes, *more: bytes, depth: int = 8) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


def zeros(length: int) -> bytes:
    """Deflated without ever holding them."""
    packer, out = zlib.compressobj(9), []
    for _ in range(length // 2**20 + 1):
        out.append(packer.compress(bytes(2**20)))
    return b"".join([*out, packer.flush()])


def zipped(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def _bombs() -> Iterator[tuple[str, bytes]]:
    for side in (7_100, 9_000, 13_000, 20_000):
        flat = zeros(side * (side // 8 + 1))
        yield f"bomb-{side}.png", png(side, side, flat, depth=1)
    for width, height in ((2**31 - 1, 1), (1, 2**31 - 1), (65_535, 65_535), (0, 0)):
        yield f"declared-{width}x{height}.png", png(width, height, zeros(1000))
    yield (
        "bomb.gif",
        b"GIF89a"
        + struct.pack("<HHBBB", 65_535, 65_535, 0x80, 0, 0)
        + bytes(6)
        + (b"," + struct.pack("<HHHHB", 0, 0, 65_535, 65_535, 0) + b"\x02\x02L\x01\x00;"),
    )
    yield "bomb.webp", b"RIFF\x1e\0\0\0WEBPVP8L\x11\0\0\0\x2f" + b"\xff" * 17
    yield "bomb-lossy.webp", saved("WEBP", (7_100, 7_100), "1", quality=1)
    yield "bomb.tif", saved("TIFF", (7_200, 7_200), "1", compression="group4")
    yield "bomb-deflated.tif", saved("TIFF", (12_000, 12_000), "1", compression="tiff_deflate")
    yield "bomb-progressive.jpg", saved("JPEG", (7_100, 7_100), "1", progressive=True, quality=1)
    large = zeros(200 * 2**20)
    for kind in (b"zTXt", b"iTXt"):
        head = b"k\0\0" if kind == b"zTXt" else b"k\0\1\0\0\0"
        yield f"{kind.decode()}.png", png(8, 8, zeros(64), chunk(kind, head + large))
    yield "profile.png", png(8, 8, zeros(64), chunk(b"iCCP", b"p\0\0" + large))
    frames = [Image.new("P", (40, 40), n % 250) for n in range(400)]
    for kind in ("GIF", "WEBP", "PNG"):
        out = io.BytesIO()
        frames[0].save(out, kind, save_all=True, append_images=frames[1:], duration=1)
        yield f"frames.{kind.lower()}", out.getvalue()
    pages = io.BytesIO()
    frames[0].save(pages, "TIFF", save_all=True, append_images=frames[1:50])
    yield "pages.tif", pages.getvalue()
    inner = zipped(("zeros", bytes(20 * 2**20)))
    yield "zeros.zip", inner
    yield "nested.zip", zipped(*((f"{n}.zip", inner) for n in range(50)))
    yield "zeros.gz", gzip.compress(bytes(50 * 2**20))
    yield "zeros.bz2", bz2.compress(bytes(20 * 2**20))


def _polyglots() -> Iterator[tuple[str, bytes]]:
    jpeg = saved("JPEG")
    comment = b"\xff\xfe" + struct.pack(">H", len(SCRIPT) + 2) + SCRIPT
    yield "comment.jpg", jpeg[:2] + comment + jpeg[2:]
    yield "gif-js.gif", b"GIF89a/*" + saved("GIF")[8:] + b"*/=1;alert('KANAREIKA')//"
    archive = zipped(("x.html", SCRIPT))
    for kind in KINDS:
        whole = saved(kind)
        yield f"html-after.{kind.lower()}", whole + b"<html>" + SCRIPT
        yield f"zip-after.{kind.lower()}", whole + archive
        yield f"pdf-after.{kind.lower()}", whole + b"%PDF-1.7 KANAREIKA\n%%EOF"
    yield "text.png", png(8, 8, zeros(64), chunk(b"tEXt", b"Comment\0" + SCRIPT))
    yield "pdf-zip.pdf", b"%PDF-1.7\n1 0 obj<</JS(alert(1))>>endobj\n%%EOF\n" + archive
    yield "html-first.jpg", b"<!--" + jpeg + b"-->" + SCRIPT


def _pretenders() -> Iterator[tuple[str, bytes]]:
    """What they say they are is a photo."""
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">' + SCRIPT + b"</svg>"
    entity = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    office = zipped(("[Content_Types].xml", b"<Types/>"), ("word/vbaProject.bin", EICAR))
    contents = {
        "svg": svg,
        "svg-bom": b"\xef\xbb\xbf" + svg,
        "svg-gz": gzip.compress(svg),
        "svg-entity": entity + b"<svg>&a;</svg>",
        "html": b"<!DOCTYPE html><html>" + SCRIPT,
        "xhtml": b'<html xmlns="http://www.w3.org/1999/xhtml">' + SCRIPT + b"</html>",
        "js": b"alert('KANAREIKA')",
        "css": b"body{background:url(https://example.org/)}",
        "office": office,
        "old-office": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        "rtf": rb"{\rtf1{\object\objocx KANAREIKA}}",
        "elf": b"\x7fELF\x02\x01\x01" + bytes(200),
        "pe": b"MZ" + bytes(58) + b"\x80\0\0\0" + bytes(64) + b"PE\0\0" + bytes(100),
        "mach": b"\xcf\xfa\xed\xfe" + bytes(200),
        "class": b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(100),
        "wasm": b"\0asm\1\0\0\0" + bytes(50),
        "dex": b"dex\n035\0" + bytes(100),
        "apk": zipped(("AndroidManifest.xml", b"\3\0\x08\0"), ("classes.dex", b"dex\n035\0")),
        "sh": b"#!/bin/sh\nrm -rf /\n",
        "php": b"<?php system($_GET['c']); ?>",
        "swf": b"CWS\x0a" + bytes(100),
        "ps": b"%!PS-Adobe-3.0\n(KANAREIKA) run",
        "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run",
        "ico": saved("ICO"),
        "bmp": saved("BMP"),
        "psd": b"8BPS\0\1" + bytes(100),
        "jp2": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(100),
        "rar": b"Rar!\x1a\7\1\0" + bytes(50),
        "7z": b"7z\xbc\xaf\x27\x1c" + bytes(50),
        "tar": bytes(257) + b"ustar\0" + bytes(300),
        "sqlite": b"SQLite format 3\0" + bytes(100),
        "eicar": EICAR,
        "text": b"just words",
        "zeros": bytes(4096),
        "empty": b"",
        "one": b"\xff",
    }
    yield from ((f"{name}.jpg", content) for name, content in contents.items())


def _cut() -> Iterator[tuple[str, bytes]]:
    for kind in KINDS:
        whole = saved(kind, (200, 150))
        yield f"head-only.{kind.lower()}", whole[:40]
        yield f"half.{kind.lower()}", whole[: len(whole) // 2]
        flipped = bytearray(whole)
        flipped[len(whole) // 3 : len(whole) // 3 + 16] = b"\xff" * 16
        yield f"flipped.{kind.lower()}", bytes(flipped)


def _exif() -> Image.Exif:
    exif, told = Image.Exif(), CANARY.decode()
    exif[0x010F] = exif[0x0110] = exif[0x013B] = exif[0x8298] = told
    exif.get_ifd(0x8825).update({1: "N", 2: tuple(map(TiffImagePlugin.IFDRational, (43, 16, 18)))})
    exif.get_ifd(0x8769).update({0xA430: told, 0xA431: told, 0x9286: CANARY})
    return exif


def _telling() -> Iterator[tuple[str, bytes]]:
    """Honest photos that say where and whose: only pixels of them may be shown."""
    exif, xmp = _exif().tobytes(), b"<x:xmpmeta>KANAREIKA</x:xmpmeta>"
    for kind in ("JPEG", "PNG", "WEBP", "HEIF", "AVIF"):
        yield f"exif-xmp.{kind.lower()}", saved(kind, exif=exif, xmp=xmp)
    yield "exif.tif", saved("TIFF", exif=_exif())
    thumb = saved("JPEG", (16, 16), comment=CANARY)
    jpeg = saved("JPEG", exif=exif + thumb, comment=CANARY)
    yield "thumbnail.jpg", jpeg
    iptc = b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x0e\x1c\x02\x50\0\x09" + CANARY
    yield "iptc.jpg", jpeg[:2] + b"\xff\xed" + struct.pack(">H", len(iptc) + 2) + iptc + jpeg[2:]
    profile = bytes(36) + b"acsp" + CANARY * 20
    yield "profile.jpg", saved("JPEG", icc_profile=profile)
    yield "comment.gif", saved("GIF", comment=CANARY)


def _broken() -> Iterator[tuple[str, bytes]]:
    jpeg = saved("JPEG")
    for name, body in (
        ("exif-loop", b"Exif\0\0II*\0\x08\0\0\0\1\0\x69\x87\4\0\1\0\0\0\x08\0\0\0\0\0\0\0"),
        ("exif-count", b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\x0e\x01\2\0\xff\xff\xff\xff" * 99),
        ("exif-offset", b"Exif\0\0MM\0*\xff\xff\xff\xff"),
        ("exif-large", b"Exif\0\0II*\0\x08\0\0\0" + CANARY * 7000),
        ("exif-turned", b"Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\x63\0\0\0\0\0\0\0"),
    ):
        segment = b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
        yield f"{name}.jpg", jpeg[:2] + segment + jpeg[2:]
    yield "marker-flood.jpg", jpeg[:2] + b"\xff\xfe\0\x02" * 200_000 + jpeg[2:]
    ifd = b"II*\0\x08\0\0\0" + struct.pack("<H", 1) + bytes(12) + struct.pack("<I", 8)
    yield "ifd-loop.tif", ifd
    for brand in (b"heic", b"avif", b"mif1", b"mp42", b"3gp4", b"M4A "):
        box = b"\0\0\0\x18ftyp" + brand + bytes(12)
        yield f"box-{brand.decode().strip()}.heic", box + b"\xff\xff\xff\xffmeta" + bytes(40)
    yield "cmyk.jpg", saved("JPEG", mode="CMYK")
    yield "sixteen.png", saved("PNG", mode="I;16")


def _named() -> Iterator[tuple[str, bytes]]:
    """The names attack; the photo is a photo."""
    for name in (
        "../../../../etc/cron.d/x.jpg",
        "..\\..\\windows\\x.jpg",
        "/etc/passwd",
        "a.jpg\0.exe",
        "photo.jpg\r\nSet-Cookie: a=b",
        '"><img src=x onerror=alert(1)>.jpg',
        "\u202egpj.exe",
        "n" * 5000 + ".jpg",
        "CON.jpg",
        "-rf.jpg",
        "%2e%2e%2f.jpg",
        "=cmd|' /C calc'!A0.jpg",
    ):
        yield name, saved("JPEG", (20 + len(name) % 40, 20))


# --- through the whole installation -------------------------------------------------------------


def played(files: Iterable[tuple[str, bytes]], stage: Any) -> dict[str, list[str]]:
    """Sends, redraws and asks for each; names of those that did what none may do."""
    from django.test import Client

    from incidents.evidence import drawing, showing
    from incidents.models import Evidence, Report
    from tests.camera import phone

    people = stage.people
    camera = phone(people["observer"], stage.election)
    desk = Client(raise_request_exception=False)
    desk.force_login(people["security"])
    wrong: dict[str, list[str]] = {"served inline": [], "crashes": [], "metadata left": []}
    wrong["originals changed"] = []
    for number, (name, content) in enumerate(files):
        if number % 16 == 0:
            report = stage.file()
        sealed = camera.seal(content, report=report.pk, name=name, chunk=65_536)
        answer = camera.send(sealed)
        if "Dauys-Receipt" not in answer.headers:
            wrong["crashes"].append(name)
            continue
        drawing.draw_waiting()
        found = Evidence.objects.filter(pk=sealed.id).first()
        if found is None:
            continue  # the same bytes came before
        links = [showing.link(found.pk, p, to=people["security"]) for p in showing.Purpose]
        shown = desk.get(f"/desk/evidence/{links[0]}/")
        taken = desk.post(f"/desk/evidence/{links[1]}/")
        _judge(name, content, found, (shown, taken), wrong)
    for report in Report.objects.visible_to(people["security"]):
        if desk.get(f"/desk/reports/{report.pk}/").status_code != 200:
            wrong["crashes"].append(f"page of {report.ref}")
    return wrong


def _judge(name: str, content: bytes, found: Any, answers: Any, wrong: Any) -> None:
    shown, taken = answers
    if any(answer.status_code >= 500 for answer in answers):
        wrong["crashes"].append(name)
    if found.state == "waiting":
        wrong["crashes"].append(f"{name}: waits for ever")
    for answer in (shown, taken):
        if answer.status_code != 200:
            continue
        harmless = (
            answer["Content-Disposition"].startswith("attachment;")
            and answer["X-Content-Type-Options"] == "nosniff"
            and answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
            and answer["Content-Type"] in {"image/jpeg", "application/octet-stream"}
        )
        if not harmless:
            wrong["served inline"].append(name)
    if taken.status_code != 200 or b"".join(taken.streaming_content) != content:
        wrong["originals changed"].append(name)
    if shown.status_code == 200:
        clean = b"".join(shown.streaming_content)
        with Image.open(io.BytesIO(clean)) as picture:
            said = set(picture.info) - {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
            bare = picture.format == "JPEG" and not picture.getexif() and not said
        if CANARY in clean or not bare:
            wrong["metadata left"].append(name)


def build(place: Path) -> None:
    """In a process of its own, whose memory is not counted as the server's."""
    names = []
    for name, content in corpus().items():
        (place / str(len(names))).write_bytes(content)
        names.append(name)
    (place / "names").write_text(json.dumps(names))


def read(place: Path) -> Iterator[tuple[str, bytes]]:
    for number, name in enumerate(json.loads((place / "names").read_text())):
        yield name, (place / str(number)).read_bytes()


def main() -> int:
    if len(sys.argv) > 1:
        build(Path(sys.argv[1]))
        return 0
    with tempfile.TemporaryDirectory() as place:
        subprocess.run([sys.executable, __file__, place], check=True)
        os.environ |= {"ENVIRONMENT": "test", "DATA_DIR": place, "KEYS_DIR": f"{place}/keys"}
        os.environ["DATABASE_URL"] = f"sqlite:///{place}/files.sqlite3"
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
        return _report(Path(place))


def _report(place: Path) -> int:
    import django

    django.setup()
    from django.core.management import call_command

    from incidents.evidence import verifying
    from incidents.models import Evidence
    from observers import keys
    from tests.contracts.stage import build_stage

    call_command("migrate", verbosity=0)
    keys.make()
    wrong = played(read(place), build_stage("malicious"))
    bad = [found for found in verifying.verify() if found is not None]
    for what, names in wrong.items():
        if names:
            print(f"{what}: {', '.join(name[:60] for name in names)}")
    states = Counter(Evidence.objects.values_list("state", flat=True))
    total = len(json.loads((place / "names").read_text()))
    print(f"{total} files: " + ", ".join(f"{what} {len(n)}" for what, n in wrong.items()))
    print(
        f"clean copies {states['ready']}, only kept {states['kept']}, in quarantine "
        f"{states['refused']}, originals that do not hold {len(bad)}"
    )
    print(f"memory of the server at most {getrusage(RUSAGE_SELF).ru_maxrss // 1024} MB")
    return bool(bad or any(wrong.values()))


if __name__ == "__main__":
    sys.exit(main())
