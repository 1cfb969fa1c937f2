"""What the documentation says of the road of files."""

from elections.api.base import Operation

NOTHING: dict[str, str] = {}  # everything a client of tus needs to know is in headers
NOT_NOW = {
    403: "No phone of this mission signed it, or this phone is locked: the file stays there.",
    412: "The header `Tus-Resumable: 1.0.0` is missing.",
    507: "No room for files at the moment. Reports are still taken.",
}
UPLOADS = {
    "begin": Operation(
        "Begin to send a file by tus 1.0: `Upload-Length` and, in `Upload-Metadata`, an envelope. "
        "The same again answers 200 with how far it has come.",
        success=(201, 200),
        example=NOTHING,
        also=NOT_NOW
        | {
            409: "The id belongs to another file.",
            413: "Larger than this mission takes.",
            429: "Too many files of this phone are unfinished.",
        },
    ),
    "standing": Operation(
        "How much of a file has arrived; once it is kept, the receipt in `Dauys-Receipt`.",
        also=NOT_NOW | {404: "Unknown, or nobody went on with it for two weeks: begin again."},
    ),
    "append": Operation(
        "The next piece, at most 8 MiB, as `application/offset+octet-stream`. The last one is "
        "answered with the receipt.",
        success=(204,),
        example=NOTHING,
        also=NOT_NOW
        | {
            404: "Unknown, or nobody went on with it for two weeks: begin again.",
            409: "Another offset is expected: ask with HEAD.",
            413: "More than is missing, or than 8 MiB.",
            415: "Send application/offset+octet-stream.",
            422: "Not the file that was announced. It starts over.",
            423: "Another request is writing this file.",
            460: "The piece does not match its `Upload-Checksum`.",
        },
    ),
}
