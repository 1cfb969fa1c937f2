"""A lock at the desk: one press, and with the next request every surface refuses.

`SURFACES` is the list to extend: whoever adds a way in adds it here, and the two tests below hold
it to both locks. Each entry gets the `World` and returns a function that asks and says whether it
was let in.
"""

import datetime as dt
import json
import uuid

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from incidents import fieldwork
from incidents.errors import NotAllowed, Refused, WrongState
from incidents.evidence import drawing, showing
from incidents.evidence.showing import Purpose
from incidents.models import Event, RawReport, Report, Upload
from incidents.workflow import locks
from observers import enrolling, keys, tokens
from observers.models import CheckIn, Device, Membership, Visit
from observers.roles import Role
from tests.camera import Phone as Camera
from tests.camera import phone
from tests.contracts.stage import build_stage
from tests.factories import TeamFactory, member
from tests.incidents.test_uploads import picture, report_of
from tests.phones import Phone, put
from tests.walking import person, region, the_election

pytestmark = pytest.mark.django_db


class World:
    """A coordinator with everything one can have, and a security officer who locks them."""

    def __init__(self):
        self.stage = build_stage("locking")
        people = self.stage.people
        self.user, self.boss, self.election = (
            people["coordinator"],
            people["security"],
            self.stage.election,
        )
        self.phone = Phone(self.stage, self.user)


def signed_in(user):
    browser = Client()
    browser.force_login(user)
    return browser


def invited(world):
    return fieldwork.invite(
        by=world.boss, user=world.user, election=world.election, channel="page"
    )[1]


def desk_page(world):
    browser = signed_in(world.user)
    return lambda: browser.get("/desk/").status_code == 200


def desk_news(world):
    """An open queue asks every few seconds."""
    browser = signed_in(world.user)
    return lambda: browser.get("/desk/news/?since=").status_code in (200, 204, 205)


def own_pages(world):
    browser = signed_in(world.user)
    return lambda: browser.get("/report/mine/").status_code == 200


def api_by_session(world):
    browser = signed_in(world.user)
    return lambda: browser.get("/api/v1/desk/reports/").status_code == 200


def token_reads(world):
    text = tokens.create(world.user, name="tool", scopes=["desk"])[1]
    headers = {"Authorization": f"Bearer {text}"}
    return lambda: Client().get("/api/v1/desk/reports/", headers=headers).status_code == 200


def token_writes(world):
    text = tokens.create(world.user, name="tool", scopes=["reports:write"])[1]

    def ask():
        path = f"/api/v1/reports/{uuid.uuid4()}/"
        said = {"category": "ACC01", "election": world.election.slug}
        headers = {"Authorization": f"Bearer {text}"}
        answer = Client().put(path, said, content_type="application/json", headers=headers)
        return answer.status_code == 201

    return ask


def device_reads(world):
    """Signed by the phone's own key."""

    def ask():
        path = "/api/v1/devices/me/"
        headers = {"Authorization": world.phone.signs("GET", path)}
        return Client().get(path, headers=headers).status_code == 200

    return ask


def invitation(world):
    """Redeeming uses it up, so it is asked in a transaction that is rolled back."""
    secret = invited(world)
    point = keys.to_text(keys.point_of(ec.generate_private_key(keys.CURVE).public_key()))

    def ask():
        with transaction.atomic():
            try:
                fieldwork.enrol(secret, channel="api", public_key=point)
            except Refused:
                return False
            finally:
                transaction.set_rollback(True)
        return True

    return ask


def plain_page(world):
    browser = Client()
    browser.post("/report/enrol/", {"secret": invited(world)})
    return lambda: browser.get("/report/mine/").status_code == 200


def a_new_password_sign_in(world):
    world.user.set_password("four plain words here")
    world.user.save()

    def ask():
        form = {"login": world.user.username, "password": "four plain words here"}
        answer = Client().post(reverse("account_login"), form)
        return answer.status_code == 302 and "inactive" not in answer["Location"]

    return ask


def upload_begins(world):
    camera = the_camera(world)
    # Each time another file: the same one again would find what was begun.
    return lambda: camera.begin(camera.seal(b"x" * 99, report=uuid.uuid4())).status_code == 201


def upload_goes_on(world):
    camera = the_camera(world)
    sealed = camera.seal(b"x" * 9999, report=uuid.uuid4())
    camera.begin(sealed)

    def ask():
        at = Upload.objects.get(pk=sealed.id).offset
        return camera.patch(sealed, at, sealed.body[at : at + 100]).status_code == 204

    return ask


def upload_is_asked_for(world):
    camera = the_camera(world)
    sealed = camera.seal(b"x" * 9999, report=uuid.uuid4())
    camera.begin(sealed)
    return lambda: camera.head(sealed).status_code == 200


def picture_by_link(world):
    """A link that a page made before the lock, in a browser that stayed open."""
    link = f"/desk/evidence/{showing.link(a_picture(world), Purpose.PICTURE, to=world.user)}/"
    browser = signed_in(world.user)
    return lambda: browser.get(link).status_code == 200


def original_by_link(world):
    link = f"/desk/evidence/{showing.link(a_picture(world), Purpose.ORIGINAL, to=world.user)}/"
    browser = signed_in(world.user)
    return lambda: browser.post(link).status_code == 200


def the_camera(world):
    return Camera(world.phone.device, world.phone.private)


def a_picture(world):
    """Of a report that the person reads on the desk."""
    camera = phone(world.stage.people["observer"], world.election)
    sealed = camera.seal(picture(), report=report_of(world.stage.people["observer"]).pk)
    camera.send(sealed)
    drawing.draw_waiting()
    return sealed.id


# A person's lock takes all of these, a phone's its own.
OF_THE_PHONE = ("device_reads", "upload_begins", "upload_goes_on", "upload_is_asked_for")
SURFACES = {
    one.__name__: one
    for one in (
        desk_page,
        desk_news,
        own_pages,
        api_by_session,
        token_reads,
        token_writes,
        device_reads,
        invitation,
        plain_page,
        a_new_password_sign_in,
        upload_begins,
        upload_goes_on,
        upload_is_asked_for,
        picture_by_link,
        original_by_link,
    )
}


@pytest.mark.parametrize("surface", SURFACES)
def test_a_locked_person_is_refused_everywhere_from_the_next_request_on(surface):
    world = World()
    ask = SURFACES[surface](world)
    assert ask() is True
    pressed = signed_in(world.boss).post(reverse("desk-person-lock", args=[world.user.pk]))
    assert pressed.status_code == 303
    started = timezone.now()
    assert ask() is False
    assert timezone.now() - started < dt.timedelta(seconds=1)
    locks.unlock_person(type(world.user).objects.get(pk=world.user.pk), by=world.boss)
    assert ask() is (surface == "a_new_password_sign_in")


@pytest.mark.parametrize("surface", OF_THE_PHONE)
def test_a_locked_phone_is_refused_from_the_next_request_on_and_its_person_is_not(surface):
    world = World()
    ask, kept = SURFACES[surface](world), desk_page(world)
    assert ask() is True
    pressed = signed_in(world.boss).post(reverse("desk-device-lock", args=[world.phone.device.pk]))
    assert pressed.status_code == 303
    assert (ask(), kept()) == (False, True)


def test_locking_the_phone_of_a_plain_page_ends_it_and_nothing_else():
    world = World()
    lost, kept = plain_page(world), desk_page(world)
    device = Device.objects.get(kind="browser")
    assert (lost(), kept()) == (True, True)
    desk = signed_in(world.boss)
    assert desk.post(reverse("desk-device-lock", args=[device.pk])).status_code == 303
    assert (lost(), kept()) == (False, True)


@pytest.mark.parametrize("lock", ["desk-device-lock", "desk-person-lock"])
def test_what_still_arrives_is_receipted_kept_apart_and_counts_nowhere(client, lock):
    world = World()
    before = {"category": "ACC01", "text": "Late."}
    report = world.phone.seal(before)
    arrival = world.phone.seal({"kind": "arrived", "station": "7"}, kind="check_in")
    pk = world.phone.device.pk if lock == "desk-device-lock" else world.user.pk
    signed_in(world.boss).post(reverse(lock, args=[pk]))
    for raw in (report, arrival):
        answer = put(client, raw)
        assert answer.status_code == 201
        assert answer.json()["signature"]
    assert Report.objects.get().state == "quarantined"
    assert CheckIn.objects.get().quarantined is True
    assert not Visit.objects.exists()
    assert RawReport.objects.count() == 2


def test_one_press_on_the_page_and_back_to_the_same_list():
    election, boss = the_election(), person("coordinator")
    user = member("observer", election, user__username="anna")
    phone = Device.objects.create(user=user, election=election, label="красный")
    desk = signed_in(boss)
    page = desk.get("/desk/devices/?q=КРАСНЫЙ").content.decode()
    assert ("anna" in page, "красный" in page) == (True, True)
    back = "/desk/devices/?q=anna"
    locked = desk.post(f"/desk/devices/{phone.pk}/lock/", {"back": back})
    assert (locked.status_code, locked["Location"]) == (303, back)
    elsewhere = desk.post(f"/desk/people/{user.pk}/lock/", {"back": "https://evil.example/"})
    assert elsewhere["Location"] == "/desk/devices/"
    assert "anna" in desk.get("/desk/devices/?state=locked").content.decode()
    # Who locked in haste opens it again; the phone stays out.
    assert desk.post(f"/desk/people/{user.pk}/unlock/").status_code == 303
    assert desk.post(f"/desk/people/{user.pk}/unlock/").status_code == 303  # says so, no more
    user.refresh_from_db()
    phone.refresh_from_db()
    assert (user.is_active, phone.revoked_by) == (True, boss)
    verbs = list(Event.objects.order_by("seq").values_list("verb", flat=True))
    assert verbs == ["lock_device", "lock_person", "unlock_person"]


def test_who_may_lock_and_unlock_whom():
    election, team = the_election(), TeamFactory()
    boss, colleague = person("coordinator"), person("coordinator", election, 2)
    user = member("observer", election, team=team, regions=[region("KZ-ALA")])
    far_away = member("coordinator", election, regions=[region("KZ-SHY")])
    other_lead = member("coordinator", election, team=TeamFactory())
    for stranger in (far_away, other_lead, person("editor"), person("admin"), user):
        with pytest.raises(NotAllowed):
            locks.lock_person(user, by=stranger)
    with pytest.raises(NotAllowed):
        locks.lock_person(boss, by=boss)  # a colleague does that
    own = Device.objects.create(user=boss, election=election)
    assert locks.lock_device(own, by=boss).revoked_at is not None
    both = member("coordinator", election)
    Membership.objects.create(user=both, role=Role.ADMIN)
    with pytest.raises(NotAllowed):
        locks.lock_person(both, by=person("security"))
    assert not locks.lock_person(colleague, by=boss).is_active  # a coordinator, too
    locks.lock_person(user, by=boss)
    third = person("coordinator", election, 3)
    with pytest.raises(NotAllowed):
        locks.unlock_person(user, by=third)  # neither security nor who locked
    locks.unlock_person(user, by=person("security"))
    with pytest.raises(WrongState):
        locks.unlock_person(user, by=boss)


def test_an_invitation_is_shown_once_and_leaves_no_trace(caplog):
    election, boss = the_election(), person("coordinator")
    user = member("observer", election)
    keys.make(election)
    desk = signed_in(boss)
    shown = desk.post(f"/desk/people/{user.pk}/invite/")
    page = shown.content.decode()
    assert shown["Cache-Control"] == "no-store"
    assert "<svg" in page
    secret = page.split("/report/enrol/#")[1].split("<")[0]
    assert enrolling.in_groups(secret) in page
    assert "15 minutes" in page
    assert secret not in caplog.text
    assert secret not in json.dumps(list(Event.objects.values("after", "reason")), default=str)
    again = desk.post(f"/desk/people/{user.pk}/invite/").content.decode()
    with pytest.raises(Refused):
        fieldwork.enrol(secret, channel="page", kind="browser")
    newer = again.split("/report/enrol/#")[1].split("<")[0]
    assert fieldwork.enrol(newer, channel="page", kind="browser")[0].user == user
    # Two phones are the most, and an editor goes nowhere: said in words, on the list.
    for _number in range(2):
        Device.objects.create(user=user, election=election)
    for whom in (user, person("editor")):
        refused = desk.post(f"/desk/people/{whom.pk}/invite/", follow=True)
        assert "notice-danger" in refused.content.decode()


@pytest.mark.parametrize(
    "query",
    ["q=%00", "q=" + "x" * 900, "state=dance", "cursor=garbage", "q=%F0%9F%98%80&state=with"],
)
def test_odd_filters_find_nobody_or_everybody(query):
    answer = signed_in(person("coordinator")).get(f"/desk/devices/?{query}", follow=True)
    assert answer.status_code in (200, 400)


def test_five_hundred_people_in_pages(django_assert_max_num_queries):
    election, boss = the_election(), person("security")
    for number in range(60):
        user = member("observer", election, user__username=f"observer-{number:03}")
        Device.objects.create(user=user, election=election, label=f"phone {number}")
    desk = signed_in(boss)
    with django_assert_max_num_queries(20):
        page = desk.get("/desk/devices/").content.decode()
    assert "observer-010" in page
    assert "observer-059" not in page
    following = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "observer-059" in desk.get(following).content.decode()


class TestAPlainPage:
    """The two hours of a phone that cannot keep a key."""

    def begin(self, role="coordinator"):
        self.world = World()
        self.browser = Client()
        secret = invited(self.world)
        self.answer = self.browser.post("/report/enrol/", {"secret": secret.lower()})
        self.secret = secret
        return self.browser

    def test_opens_the_observers_pages_and_nothing_else(self):
        browser = self.begin()
        assert (self.answer.status_code, self.answer["Location"]) == (303, "/report/")
        assert browser.get("/report/").status_code == 200
        assert "less safe than a phone" in browser.get("/report/here/").content.decode()
        for path in ("/desk/", "/desk/devices/", "/account/", "/account/password/", "/admin/"):
            assert "/login/" in browser.get(path)["Location"], path
        assert browser.get("/api/v1/desk/reports/").status_code == 401
        assert browser.get("/api/v1/reports/").status_code == 401
        lock = f"/desk/people/{self.world.stage.people['observer'].pk}/lock/"
        assert "/login/" in browser.post(lock)["Location"]
        device = Device.objects.get(kind="browser")
        browser.post("/report/here/", {"kind": "arrived", "station": "7", "id": str(uuid.uuid4())})
        assert CheckIn.objects.get().device == device
        assert device.last_seen_at is not None
        # A code is used once.
        assert Client().post("/report/enrol/", {"secret": self.secret}).status_code == 400

    def test_ends_after_two_hours_and_by_signing_out(self):
        browser = self.begin()
        Device.objects.filter(kind="browser").update(
            enrolled_at=timezone.now() - dt.timedelta(hours=2, seconds=1)
        )
        assert "/login/" in browser.get("/report/mine/")["Location"]
        Device.objects.filter(kind="browser").update(enrolled_at=timezone.now())
        assert browser.get("/report/mine/").status_code == 200
        browser.post("/account/logout/")
        assert "/login/" in browser.get("/report/mine/")["Location"]

    def test_a_password_ends_the_limits_and_a_code_begins_them(self):
        browser = self.begin()
        user = self.world.user
        user.set_password("four plain words here")
        user.save()
        form = {"login": user.username, "password": "four plain words here"}
        assert browser.post("/account/login/", form)["Location"] == "/desk/"
        assert browser.get("/desk/").status_code == 200
        browser.post("/report/enrol/", {"secret": invited(self.world)})
        assert "/login/" in browser.get("/desk/")["Location"]

    @pytest.mark.parametrize("typed", ["", "x", "\0", "я" * 9000, "0" * 26])
    def test_a_wrong_code_is_said_and_opens_nothing(self, typed):
        browser = Client()
        answer = browser.post("/report/enrol/", {"secret": typed})
        assert answer.status_code == 400
        assert "another one" in answer.content.decode()
        assert "/login/" in browser.get("/report/mine/")["Location"]
