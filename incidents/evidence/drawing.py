"""A clean copy of each picture, made by a process that may break without breaking anything."""

import io
import logging
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, cast

from django.db import transaction

from incidents import envelopes, history
from incidents.evidence import places, redrawing, sealing
from incidents.models import Evidence
from incidents.vocabulary import Channel, EvidenceState
from observers import keys

LARGEST = 64 * 1024 * 1024  # bytes of a picture that is looked at; larger ones are only kept
SECONDS = 30  # by the clock on the wall; the process itself has ten of the processor
AT_ONCE = 50
# One arena: each further one would reserve memory that the limit counts.
SURROUNDINGS = {"LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "1"}
DERIVATIVES = "derivatives"
log = logging.getLogger(__name__)


class NotDrawn(Exception):
    """`problem`: why, in a word."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(problem)


def draw_waiting() -> int:
    """Pictures that nobody has looked at yet. How many it was."""
    rows = Evidence.objects.filter(state=EvidenceState.WAITING).select_related(
        "report__election", "report__author"
    )
    waiting = list(rows.order_by("received_at")[:AT_ONCE])
    for evidence in waiting:
        draw(evidence)
    return len(waiting)


def draw(evidence: Evidence) -> None:
    """Whatever becomes of it, it waits no longer."""
    try:
        name = _drawn(evidence)
    except NotDrawn as undrawn:
        kept = undrawn.problem in {"size", "unreadable"}
        state = EvidenceState.KEPT if kept else EvidenceState.REFUSED
        _settle(evidence, state, problem=undrawn.problem)
    else:
        _settle(evidence, EvidenceState.READY, derivative=name)


def _drawn(evidence: Evidence) -> str:
    if evidence.size > LARGEST:
        raise NotDrawn("size")
    try:
        with sealing.opened(places.of(evidence.original)) as (_inside, contents):
            raw = b"".join(contents)
    except (envelopes.Unopened, OSError) as error:
        log.error("An original could not be opened: %s", type(error).__name__)
        raise NotDrawn("unreadable") from None
    clean = run(raw)
    name = places.kept(DERIVATIVES, evidence.pk)
    try:
        sealing.seal(
            evidence.report.election,
            evidence.pk,
            sealing.chunks_of(io.BytesIO(clean)),
            {"size": len(clean)},
            places.root() / name,
        )
    except keys.NoKey:
        raise NotDrawn("unreadable") from None
    return name


def run(raw: bytes) -> bytes:
    """A JPEG of its pixels. Raises NotDrawn."""
    # -I: nothing of this project, nor of the environment, is on its path.
    command = [sys.executable, "-I", str(Path(redrawing.__file__).resolve())]
    with subprocess.Popen(  # noqa: S603 - our own program, no shell
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=SURROUNDINGS,
        cwd="/",
        start_new_session=True,
    ) as process:
        stdout = cast("IO[bytes]", process.stdout)
        too_long = threading.Timer(SECONDS, process.kill)
        feeding = threading.Thread(target=_feed, args=[process.stdin, raw], daemon=True)
        too_long.start()
        feeding.start()
        clean = stdout.read(redrawing.WRITTEN + 1)
        if len(clean) > redrawing.WRITTEN:
            process.kill()
        code = process.wait()
        too_long.cancel()
        feeding.join()
    if code == 0 and clean.startswith(b"\xff\xd8") and len(clean) <= redrawing.WRITTEN:
        return clean
    raise NotDrawn(_why(code))


def _feed(stdin: IO[bytes], raw: bytes) -> None:
    try:
        stdin.write(raw)
        stdin.close()
    except OSError:
        pass  # it stopped reading; its exit code says why


def _why(code: int) -> str:
    if code in {-signal.SIGXCPU, -signal.SIGKILL}:
        return "time"
    try:
        return redrawing.Why(code).name.lower()
    except ValueError:
        return "crash"


def _settle(
    evidence: Evidence, state: EvidenceState, *, derivative: str = "", problem: str = ""
) -> None:
    with transaction.atomic():
        waiting = Evidence.objects.filter(pk=evidence.pk, state=EvidenceState.WAITING)
        if not waiting.update(state=state, derivative=derivative, problem=problem):
            return  # another process was faster
        history.record(
            "redraw_evidence",
            by=None,
            channel=Channel.DESK,
            election=evidence.report.election,
            report=evidence.report,
            after={"evidence": str(evidence.pk), "evidence_state": state.value},
        )
