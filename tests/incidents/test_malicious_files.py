"""A hundred files that attack whoever opens them; see benchmarks/malicious_files.py."""

import subprocess
import sys

import pytest

from benchmarks import malicious_files
from incidents.evidence import verifying
from incidents.models import Evidence
from tests.contracts.stage import build_stage

# The long form, `python benchmarks/malicious_files.py`, plays these, too.
LIKE_OTHERS = ("pdf-after", "zip-after", "flipped", "declared", "bomb-1", "bomb-2")


@pytest.mark.django_db
def test_no_file_is_served_inline_crashes_or_tells_more_than_its_pixels(tmp_path):
    subprocess.run([sys.executable, malicious_files.__file__, tmp_path], check=True)
    every = malicious_files.read(tmp_path)
    files = [(name, content) for name, content in every if not name.startswith(LIKE_OTHERS)]
    assert len(files) >= 100
    wrong = malicious_files.played(files, build_stage("malicious"))
    assert wrong == {what: [] for what in wrong}
    assert not any(verifying.verify())
    states = list(Evidence.objects.values_list("state", flat=True))
    assert states.count("refused") > 50
    assert states.count("ready") > 30  # the honest photos among them are shown
