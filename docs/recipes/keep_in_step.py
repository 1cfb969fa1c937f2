"""Keep a copy of the published incidents in step. Run it as often as you like, from cron say:

    python3 keep_in_step.py https://dauys.example/api/v1 copy.sqlite3 [election=kz-2021-mazhilis]

Of a withdrawn incident the copy keeps no text, but why and what it was merged into. A page and its
number are one transaction: killed at any moment, the next run goes on where the file stands.
"""

import json
import sqlite3
import sys
import time
from urllib.error import HTTPError
from urllib.request import Request, urlopen

TABLES = """PRAGMA secure_delete = ON; -- withdrawn text is overwritten
CREATE TABLE IF NOT EXISTS place (address PRIMARY KEY, since, etag);
CREATE TABLE IF NOT EXISTS incidents (id PRIMARY KEY, ref, document, reason, merged_into);"""


def ask(url, etag, tries=6):
    """The answer and its ETag; no answer when nothing is new. Waits as the server wishes."""
    try:
        with urlopen(Request(url, headers={"If-None-Match": etag}), timeout=60) as answer:
            return json.load(answer), answer.headers["ETag"]
    except HTTPError as error:
        if error.code == 304:
            return {"results": [], "has_more": False}, etag
        if error.code not in (429, 502, 503, 504) or tries == 1:
            raise SystemExit(f"{url}: {error.code} {error.read(1000).decode()}") from error
        wish = error.headers.get("Retry-After", "")
    time.sleep(int(wish) if wish.isdigit() else 2 ** (7 - tries))
    return ask(url, etag, tries - 1)


def step(copy, address):
    """One page, all of it or nothing; a second run waits. True when there is more."""
    copy.execute("BEGIN IMMEDIATE")
    with copy:
        known, since, etag = copy.execute("SELECT * FROM place").fetchone() or (address, 0, '""')
        if known != address:
            raise SystemExit(f"This file follows {known}. Give another file.")
        page, etag = ask(f"{address}&since={since}", etag)
        for one in page["results"]:
            text = json.dumps(one["incident"], ensure_ascii=False) if "incident" in one else None
            row = (one["id"], one["ref"], text, one["reason"], one["merged_into"])
            copy.execute("REPLACE INTO incidents VALUES (?, ?, ?, ?, ?)", row)
        if page.get("next_since", since) != since:  # a tag is of one address, and this one moves
            since, etag = page["next_since"], '""'
        copy.execute("REPLACE INTO place VALUES (?, ?, ?)", (address, since, etag))
    return page["has_more"]


if __name__ == "__main__":
    copy = sqlite3.connect(sys.argv[2], timeout=600, isolation_level=None)
    copy.executescript(TABLES)
    address = f"{sys.argv[1].rstrip('/')}/changes/?{'&'.join(sys.argv[3:] or ['limit=1000'])}"
    while step(copy, address):
        pass
