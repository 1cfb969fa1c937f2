"""Files of the plain form: few and small, since a page without script cannot resume.

What is too much is dropped while it arrives, and the text beside it is not.
"""

from contextlib import suppress
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import MemoryFileUploadHandler, StopFutureHandlers
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.evidence import keeping
from incidents.evidence.places import NoRoom
from incidents.models import Report
from observers.keys import NoKey

NAME = "files"
MOST = 4
TOGETHER = 20 * 1024 * 1024


class FewAndSmall(MemoryFileUploadHandler):
    """In memory only: nothing of an observer's file is written to disk before it is sealed."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.seen = self.bytes = self.dropped = 0
        self.fits = True

    def handle_raw_input(self, *args: object, **kwargs: object) -> None:
        self.activated = True

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        self.seen += 1
        self.fits = self.seen <= MOST
        with suppress(StopFutureHandlers):  # there are none
            super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.bytes += len(raw_data)
        self.fits = self.fits and self.bytes <= TOGETHER
        if self.fits:
            self.file.write(raw_data)
        else:
            self.file.truncate(0)

    def file_complete(self, file_size: int) -> UploadedFile[Any] | None:
        if not self.fits:
            self.dropped += 1
            self.bytes -= file_size  # a smaller one after it may fit
            return None
        return super().file_complete(file_size)


def bound(request: HttpRequest) -> None:
    """Before anything reads the form."""
    request.upload_handlers = [FewAndSmall(request)]


def were_chosen(request: HttpRequest) -> bool:
    """A page that comes back cannot give them back: browsers do not allow it."""
    return bool(request.FILES) or _dropped(request) > 0


def keep(request: HttpRequest, report: Report) -> str:
    """What the observer must know about their files; empty when all are kept."""
    chosen: list[UploadedFile[Any]] = request.FILES.getlist(NAME)
    lost = _dropped(request)
    said = ""
    if lost:
        said = ngettext(
            "%(number)s file was not taken: at most %(most)s files, %(size)s MB together. "
            "Send it smaller, in a report that adds to this one.",
            "%(number)s files were not taken: at most %(most)s files, %(size)s MB together. "
            "Send them smaller, in a report that adds to this one.",
            lost,
        ) % {"number": lost, "most": MOST, "size": TOGETHER // 1024**2}
    for file in chosen:
        try:
            keeping.keep(report, file, name=file.name or "")
        except (NoRoom, NoKey):
            return _("There is no room for files at the moment. The report itself is received.")
    return said


def _dropped(request: HttpRequest) -> int:
    return sum(
        handler.dropped for handler in request.upload_handlers if isinstance(handler, FewAndSmall)
    )
