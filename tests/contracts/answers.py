"""What an answer says, archives and workbooks unpacked."""

import io
import zipfile


def said(response) -> str:
    head = "\n".join(f"{name}: {value}" for name, value in response.items())
    return head + text_of(response)


def text_of(response) -> str:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    if body.startswith(b"PK"):
        body = unpacked(body)
    return body.decode("utf-8", "replace")


def unpacked(content: bytes) -> bytes:
    """What lies in an archive, and in the archives within: a spreadsheet is one."""
    read = []
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            inner = archive.read(name)
            read.append(unpacked(inner) if name.endswith(".xlsx") else inner)
    return b"\n".join(read)
