"""The demonstration: the election of 10 January 2021 in Kazakhstan, as one article told it.

Reference data and accounts are made here; everything that happened goes through the same doors
as in a real mission. What the article does not say stays empty.
"""

import json
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent.parent / "data" / "demo"
CHANNEL = "import"


def read(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
