"""The shell of the phone app: one page for everybody, with every word that its script says."""

import re

import pytest
from django.conf import settings

from incidents.views import phone
from tests import walking

SCREENS = settings.BASE_DIR / "static" / "js" / "phone" / "screens"
SAID = re.compile(
    r'say\((?:`([\w.-]+)\$|"([\w-]+\.[\w-]+)")'
    r'|"((?:net|sent|enrol|reason|mine|lock|happened|where|waiting)\.[\w-]+)"'
)


@pytest.mark.django_db
@pytest.mark.parametrize("language", phone.LANGUAGES)
def test_everybody_gets_the_same_bytes_and_no_cookie(client, language):
    path = f"/report/phone/{language}/"
    nobody = client.get(path, headers={"accept-language": "kk"})
    client.force_login(walking.person("observer"))
    somebody = client.get(path, headers={"accept-language": "ru"})
    assert nobody.content == somebody.content
    assert not nobody.cookies
    assert f'<html lang="{language}"'.encode() in nobody.content
    again = client.get(path, headers={"if-none-match": nobody["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.django_db
def test_a_language_that_is_not_there_is_not_there(client):
    assert client.get("/report/phone/de/").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("asked", ["ru", "xx", ""])
def test_the_manifest_starts_in_the_language_of_the_page(client, asked):
    answer = client.get("/report/phone/manifest.webmanifest", {"language": asked})
    language = asked if asked in phone.LANGUAGES else "en"
    assert answer["Content-Type"] == "application/manifest+json"
    assert answer.json()["start_url"] == f"/report/phone/{language}/"
    # Whoever sees the list of apps on a phone learns nothing from its name.
    assert answer.json()["name"] == "Dauys"


def test_every_sentence_that_script_says_is_in_the_page():
    templates = settings.BASE_DIR / "templates" / "incidents" / "phone"
    kept = set()
    for page in templates.glob("*.html"):
        kept |= set(re.findall(r'data value="([^"]+)"', page.read_text("utf-8")))
    for script in SCREENS.glob("*.js"):
        for start, whole, plain in SAID.findall(script.read_text("utf-8")):
            key = whole or plain
            found = key in kept if key else any(one.startswith(start) for one in kept)
            assert found, f"{script.name}: {key or start}"


def test_no_field_of_the_app_is_kept_by_the_browser():
    """Without autocomplete off a browser writes what was typed into its session file."""
    shell = phone.shell_bytes("en").decode()
    fields = re.findall(r"<(?:input|textarea|select)\b[^>]*>", shell)
    assert len(fields) > 20
    wrong = [one for one in fields if 'autocomplete="off"' not in one and 'type="file"' not in one]
    assert wrong == []
