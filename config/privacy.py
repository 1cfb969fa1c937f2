"""What an installation keeps on disk is read by its own account and by nobody else."""

import stat
from contextlib import suppress
from pathlib import Path

DIRECTORY, FILE, OTHERS = 0o700, 0o600, 0o077
# SQLite gives the mode of the database to those it makes beside it, but not to old ones.
BESIDE = ("", "-wal", "-shm", "-journal")


def close_directory(place: Path) -> None:
    """Takes the rights of others away; a place that was made for everybody stays, as /tmp."""
    with suppress(OSError):
        mode = place.stat().st_mode
        if mode & OTHERS and not mode & stat.S_ISVTX:
            place.chmod(DIRECTORY)


def close_database(file: Path) -> None:
    """Makes it when there is none yet: SQLite would make one that everybody may read."""
    with suppress(OSError):
        if file.parent.is_dir() and not file.exists():
            file.touch(mode=FILE)
        for name in BESIDE:
            part = file.with_name(file.name + name)
            if part.is_file() and part.stat().st_mode & OTHERS:
                part.chmod(FILE)
