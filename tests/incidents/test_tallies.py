"""Prepared counts are exact after whatever people do, also when they do it at once."""

import random
import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from elections.models import Election
from incidents import tallies
from incidents.models import Counted, Draft, Publication, Tally
from tests.api.rows import published_row
from tests.contracts.stage import build_stage
from tests.walking import the_election


def totals() -> set[int]:
    """What each cuboid holds in all."""
    sums = {cuboid.name: 0 for cuboid in tallies.CUBOIDS}
    for name, number in Tally.objects.values_list("cuboid", "incidents"):
        sums[name] += number
    return set(sums.values())


def changed(stage, publication, **changes) -> None:
    """Facts that count, changed on the desk and published as a correction."""
    incident = publication.incident
    stage.take(incident, "correct", "editor", what_changed="The facts.")
    if severity := changes.pop("severity", None):
        stage.take(incident, "grade", "coordinator", severity=severity, reason="So.")
    stage.take(incident, "edit", "coordinator", changes=changes)
    stage.take(incident, "submit", "editor")
    stage.take(incident, "approve", "second_editor")
    stage.take(incident, "publish", "second_editor")


@pytest.mark.django_db
def test_a_correction_moves_a_count_and_a_withdrawal_takes_it_out():
    stage = build_stage("count")
    publication = stage.publish()
    assert Tally.objects.filter(cuboid="place").get().categories == ";ACC01;"
    changes = {
        "category": "DET03",
        "categories_secondary": ["NET00"],
        "regions": ["KZ-ALA", "KZ-YUZ"],
        "persons_min": 3,
        "occurred_start": "2021-01-10T12:20+06:00",
        "occurred_precision": "exact",
    }
    changed(stage, publication, **changes)
    cell = Tally.objects.get(cuboid="place")
    assert cell.regions == tallies.key_of(sorted([stage.city.pk, stage.other_region.pk]))
    assert cell.categories == ";DET03;NET00;"
    assert (cell.persons_min, cell.with_min, cell.with_max, cell.unknown) == (3, 1, 0, 0)
    hour = Tally.objects.get(cuboid="occurred_hour_what")
    assert hour.at == "2021-01-10T12:00:00+06:00"
    assert totals() == {1}
    stage.withdraw(publication)
    assert not Tally.objects.exists()
    assert not Counted.objects.exists()
    assert tallies.faults() == []


@pytest.mark.django_db
def test_an_unchanged_version_writes_no_count(django_assert_num_queries):
    row = published_row()
    with django_assert_num_queries(3):
        tallies.recount(row)


STEPS = ("publish", "change", "withdraw", "restore", "merge", "unmerge")
FACTS = {
    "category": ("ACC01", "DET03", "NET00"),
    "regions": (["KZ-YUZ"], ["KZ-ALA"], ["KZ-ALA", "KZ-YUZ"]),
    "persons_min": (None, 0, 7),
    "occurred_precision": ("day", "hour", "exact"),
    "phase": ("", "VOT"),
}


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.django_db
def test_random_steps_leave_the_counts_exact(seed):
    stage, chance = build_stage("random"), random.Random(seed)
    incidents, merged, played = [], [], set()
    for _ in range(25):
        step = chance.choice(STEPS)
        live = [i for i in incidents if Publication.objects.filter(incident=i, live=True).exists()]
        gone = [i for i in incidents if i not in live and i not in merged]
        if step == "publish":
            incidents.append(stage.publish().incident)
        elif step == "change" and live:
            facts = {name: chance.choice(values) for name, values in FACTS.items()}
            changed(stage, Publication.objects.get(incident=chance.choice(live)), **facts)
        elif step == "withdraw" and live:
            stage.withdraw(Publication.objects.get(incident=chance.choice(live)))
        elif step == "restore" and gone:
            again = chance.choice(gone)
            if Draft.objects.get(incident=again).state == "withdrawn":  # else a merge was undone
                stage.take(again, "restore", "editor", reason="It was right.")
                stage.take(again, "approve", "second_editor")
            stage.take(again, "publish", "second_editor")
        elif step == "merge" and len(live) > 1:
            loser, survivor = chance.sample(live, 2)
            stage.take(loser, "merge", "coordinator", into=survivor.ref, reason="The same.")
            merged.append(loser)
        elif step == "unmerge" and merged:
            stage.take(merged.pop(), "unmerge", "coordinator", reason="Two events.")
        else:
            continue
        played.add(step)
        assert totals() <= {Publication.objects.filter(live=True).count()}
        assert tallies.faults() == []
    assert len(played) >= 4


@pytest.mark.django_db
def test_a_rehearsal_has_no_count():
    stage = build_stage("drill")
    Election.objects.filter(pk=stage.election.pk).update(is_rehearsal=True)
    stage.election.refresh_from_db()
    stage.withdraw(stage.publish())
    stage.publish()
    assert not Counted.objects.exists()
    assert tallies.rebuild() == 0
    assert tallies.faults() == []


@pytest.mark.django_db
def test_counting_everything_anew_gives_what_was_kept():
    for number in range(12):
        published_row(
            category=("ACC01", "DET03")[number % 2],
            regions=[["KZ-ALA"], ["KZ-SHY", "KZ-YUZ"], []][number % 3],
            persons_min=[None, 2][number % 2],
        )
    names = [*tallies.KEY, *tallies.NUMBERS]
    kept = set(Tally.objects.values_list(*names))
    assert tallies.rebuild() == 12
    assert set(Tally.objects.values_list(*names)) == kept
    assert len(kept) == Tally.objects.count()


@pytest.mark.django_db
def test_the_check_notices_what_is_wrong(capsys):
    row = published_row()
    call_command("tallies")
    Tally.objects.filter(cuboid="whole").update(incidents=2)
    assert tallies.faults() == ["whole: 1 rows differ"]
    with pytest.raises(CommandError, match="whole"):
        call_command("tallies")
    Election.objects.filter(pk=row.election_id).update(time_zone="Europe/Berlin")
    assert str(row.pk) in tallies.faults()[0]
    call_command("tallies", rebuild=True)
    assert "exact" in capsys.readouterr().out
    Counted.objects.all().delete()
    assert len(tallies.faults()) > 1
    call_command("tallies", rebuild=True)
    Publication.objects.filter(pk=row.pk).update(election=_another(row))
    assert tallies.faults()


def _another(row) -> Election:
    found = Election.objects.get(pk=row.election_id)
    found.pk, found.slug, found.ref_prefix = None, "another", "ANOTHER"
    found.save()
    return found


@pytest.mark.django_db
def test_what_is_taken_out_is_what_was_counted_whatever_the_zone_is_now():
    row = published_row()
    other = published_row()
    election = the_election()
    Election.objects.filter(pk=election.pk).update(time_zone="Europe/Berlin")
    row.election.refresh_from_db()
    row.live = False
    tallies.recount(row)
    assert totals() == {1}
    assert Tally.objects.filter(incidents__lt=0).count() == 0
    assert Counted.objects.get().pk == other.pk


@pytest.mark.django_db(transaction=True)
def test_two_writers_at_once_lose_no_count_and_wait_for_each_other_only_once():
    """Corrections move the same cells to and fro, while others are merged and withdrawn."""
    stage = build_stage("together")
    rows = [stage.publish() for _ in range(8)]
    failures = []
    ready = threading.Barrier(2)

    def work(mine, categories) -> None:
        try:
            ready.wait(20)
            for round_ in range(3):
                for row in mine[:2]:
                    changed(stage, row, category=categories[round_ % 2], persons_min=round_)
            loser, survivor = mine[1].incident, mine[0].incident
            stage.take(loser, "merge", "coordinator", into=survivor.ref, reason="The same.")
            stage.withdraw(mine[2])
            changed(stage, mine[3], category="NET00")
        except Exception as error:  # noqa: BLE001 - told to the test below
            failures.append(error)
        finally:
            connections.close_all()

    writers = [
        threading.Thread(target=work, args=[rows[:4], ("DET03", "ACC01")]),
        threading.Thread(target=work, args=[rows[4:], ("ACC01", "DET03")]),
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert failures == []
    assert tallies.faults() == []
    assert totals() == {4}
