"""A picture made anew from its pixels, in a process of its own that can hurt nobody else.

Reads a file from stdin, writes a JPEG to stdout; the exit code says why not. It is started alone,
without Django and without this project on its path, and gives up memory, time and files before it
looks at a single byte of what a stranger sent.
"""

import io
import resource
import sys
import warnings
from enum import IntEnum
from typing import Any

MEMORY = 512 * 1024 * 1024
CPU_SECONDS = 10
WRITTEN = 16 * 1024 * 1024
OPEN_FILES = 32
MOST_PIXELS = 50_000_000
MOST_FRAMES = 20
LONG_SIDE = 2560
QUALITY = 85
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF", "HEIF")


class Why(IntEnum):
    """Exit codes; the name in lower case is what the desk is told."""

    BROKEN = 10
    PIXELS = 11
    FRAMES = 12
    MEMORY = 13


class Undrawn(Exception):
    def __init__(self, why: Why) -> None:
        self.why = why
        super().__init__(why.name)


def limit() -> None:
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, WRITTEN),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def redraw(raw: bytes) -> bytes:
    """Pixels only. Raises Undrawn, and whatever a decoder raises."""
    import pillow_heif  # only within the limits
    from PIL import Image, ImageOps

    pillow_heif.register_heif_opener(thumbnails=False, decode_threads=1)
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    warnings.simplefilter("error")
    # A camera that writes its EXIF badly is no reason to refuse what it saw.
    warnings.filterwarnings("ignore", module="PIL.TiffImagePlugin")
    with Image.open(io.BytesIO(raw), formats=FORMATS) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise Undrawn(Why.PIXELS)
        if getattr(picture, "n_frames", 1) > MOST_FRAMES:
            raise Undrawn(Why.FRAMES)
        picture.draft("RGB", (LONG_SIDE, LONG_SIDE))
        turned = ImageOps.exif_transpose(picture)
    turned.thumbnail((LONG_SIDE, LONG_SIDE))
    plain = _on_white(turned)
    out = io.BytesIO()
    # Of a new image: nothing that the file said of itself comes along.
    Image.frombytes("RGB", plain.size, plain.tobytes()).save(
        out, "JPEG", quality=QUALITY, optimize=True
    )
    return out.getvalue()


def _on_white(picture: Any) -> Any:
    from PIL import Image

    if not picture.has_transparency_data:
        return picture.convert("RGB")
    clear = picture.convert("RGBA")
    paper = Image.new("RGBA", clear.size, "white")
    return Image.alpha_composite(paper, clear).convert("RGB")


def main() -> int:
    limit()
    try:
        drawn = redraw(sys.stdin.buffer.read())
    except Undrawn as undrawn:
        return undrawn.why
    except MemoryError:
        return Why.MEMORY
    except Exception as error:  # noqa: BLE001 - decoders raise anything; only the kind is told
        bomb = type(error).__name__ in {"DecompressionBombWarning", "DecompressionBombError"}
        return Why.PIXELS if bomb else Why.BROKEN
    sys.stdout.buffer.write(drawn)
    return 0


if __name__ == "__main__":
    sys.exit(main())
