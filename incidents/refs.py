"""Short references such as KZ2021-7F3KQ: random, so that nobody can count reports by them."""

import re
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford base32: no I, L, O, U
LENGTH = 5
REF = re.compile(rf"[A-Z0-9]{{2,16}}-[{ALPHABET}]{{{LENGTH}}}")  # use fullmatch

_MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0"})
# A Russian or Kazakh keyboard left on: letters that look the same on paper.
_LOOKALIKE = str.maketrans("АВЕЗКМНОРСТУХІ", "ABE3KMHOPCTYXI")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))


def new_ref(prefix: str) -> str:
    """Unique only by chance (1 in 33 million): the column's constraint has the last word."""
    return f"{prefix}-{''.join(secrets.choice(ALPHABET) for _ in range(LENGTH))}"


def normalise_ref(text: str) -> str:
    """What was heard on the phone or typed by hand, as it is stored. May still not be a ref."""
    plain = "".join(text.split()).upper().translate(_LOOKALIKE).translate(_DASHES)
    prefix, dash, tail = plain.rpartition("-")
    return prefix + dash + tail.translate(_MISREAD)
