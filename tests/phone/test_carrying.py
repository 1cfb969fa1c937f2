"""The sealed outbox on a colleague's phone: by file, by codes, by network, in any order: once."""

import base64

import pytest

from incidents.models import Evidence, RawReport, Report

pytestmark = [
    pytest.mark.once,
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]
WRITE = """
const body = new Uint8Array(1200000).map((_, at) => at * 7);
body.set([0xff, 0xd8, 0xff, 0xe0]);
const file = new File([body], 'a.jpg', { type: 'image/jpeg' });
await outbox.send('report', { text: 'carried 1' }, [file]);
await outbox.send('report', { text: 'carried 2' });
await outbox.send('check_in', { kind: 'well' });
"""
TO_FILE = "return bytes.base64(new Uint8Array(await (await carrying.toFile(given)).arrayBuffer()))"
FROM_FILE = (
    "const raw = Uint8Array.from(atob(given), (sign) => sign.charCodeAt(0));"
    "return carrying.fromFile(new Blob([raw]))"
)
FROM_CODES = """
const heard = [];
async function* shown() { yield* given; }
const count = await carrying.fromCodes(shown(), (have, total) => heard.push([have, total]));
return { ...count, heard: heard.at(-1) };
"""


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def count(added=0, known=0, bad=0):
    return {"added": added, "known": known, "bad": bad}


def test_a_colleague_carries_what_waits_and_each_report_arrives_once(phones):
    own, colleague, third = phones(), phones(), phones()
    own.become()
    for number, phone in ((2, colleague), (3, third)):
        phone.become(number=number)
    own.run(WRITE)
    words = own.run(TO_FILE, {})
    whole = own.run(TO_FILE, {"files": True})
    codes = own.run("return carrying.toCodes()")
    assert max(map(len, codes)) <= 666, "more than a code of version 20 holds"
    assert b"carried" not in base64.b64decode(whole)

    # Shown backwards, twice, among others, and one of them of another phone.
    shown = ["https://elsewhere.example", "DAUYS1 1/9 00000000 AAAA", *codes[::-1], *codes]
    read = third.run(FROM_CODES, shown)
    assert read == count(added=3) | {"heard": [len(codes), len(codes)]}
    assert colleague.run(FROM_FILE, words) == count(added=3)
    assert colleague.run(FROM_FILE, words) == count(known=3)
    assert colleague.run(FROM_FILE, whole) == count(added=1, known=3)
    assert own.run(FROM_FILE, whole) == count(known=4)
    colleague.send("report", {"text": "of the colleague"})

    for phone in (colleague, own, third):
        phone.start()
        phone.until("lines.length === 0")
    texts = Report.objects.order_by("text").values_list("text", "author__username")
    carried = [text for text, _who in texts]
    assert carried == ["carried 1", "carried 2", "of the colleague"]
    assert len({who for _text, who in texts}) == 2
    assert RawReport.objects.filter(envelope="report").count() == 3
    assert Evidence.objects.count() == 1
    assert len(colleague.run("return outbox.sent()")) == 1, "shows what is of somebody else"
    assert len(own.run("return outbox.sent()")) == 3
    assert colleague.run(FROM_FILE, whole) == count(known=4)
    assert colleague.run("return vault.names('parts')") == []


def test_a_broken_box_gives_what_is_whole_and_harms_nothing(phones):
    own, colleague = phones(), phones()
    own.become()
    colleague.become(number=2)
    own.run(WRITE)
    whole = base64.b64decode(own.run(TO_FILE, {"files": True}))

    def taken(raw):
        return colleague.run(FROM_FILE, base64.b64encode(raw).decode())

    for raw in (
        b"",
        b"DAUYS",
        b"MZ" + whole[2:],
        whole[:40],
        whole[:12] + b"\x01\xff\xff\xff\xff",
    ):
        assert taken(raw)["added"] == 0
        assert taken(raw)["bad"] == 1
    assert taken(whole[:12] + b"\x01\0\0\0\x02{}" + b"\x02\0\0\0\x01x" + b"\0\0\0\0\0")["bad"] == 1
    # Cut in the second piece of the file, after its first: the words before it are whole.
    assert taken(whole[:-1000]) == count(added=3, bad=1)
    assert taken(whole[:-200_000]) == count(known=3, bad=1)
    assert colleague.run("return vault.names('parts')") == []
    assert taken(whole) == count(added=1, known=3)
    # Somebody's own words are not replaced by what a stranger brings under the same id.
    forged = whole.replace(b'"seq":2', b'"seq":9')
    assert own.run(FROM_FILE, base64.b64encode(forged).decode())["bad"] == 1
