"""Who may use which route: the whole table, readable over a coffee.

`ok` get an answer; `absent` get 404, as if the thing did not exist; everybody else is refused
(403, or asked to sign in when anonymous). A method that is not named is offered to nobody.
"""

from dataclasses import dataclass, field

PEOPLE = (
    "anonymous",
    "stranger",  # signed in, no membership anywhere
    "superuser",  # is_superuser and is_staff, no membership: a stranger
    "observer",
    "other_observer",
    "coordinator",
    "editor",
    "security",
    "partner",
    "admin",
    "foreign_observer",  # of another election
    "foreign_coordinator",
    "token_reports",  # observer's token, scope reports:write
    "token_desk",  # coordinator's token, scope desk
    "token_read",  # coordinator's token, scope published:read
    "token_webhooks",  # partner's token, scope webhooks
    "token_partner",  # partner's token, scope published:read
    "phone",  # the coordinator's, enrolled: it signs each request
)


@dataclass(frozen=True)
class Rule:
    ok: frozenset[str]
    absent: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Row:
    """`path` is formatted with the stage as `s`. `preflight`: OPTIONS is answered to all."""

    path: str
    rules: dict[str, Rule]
    bodies: dict[str, str] = field(default_factory=dict)
    preflight: bool = False


def people(words: str) -> frozenset[str]:
    return frozenset(words.split())


EVERYBODY = Rule(frozenset(PEOPLE))
# Pages know no tokens: a token's holder is anonymous there and asked to sign in.
TOKENS = people("token_reports token_desk token_read token_webhooks token_partner phone")

PUBLIC = {"GET": EVERYBODY}
SIGNED_IN = Rule(frozenset(PEOPLE) - TOKENS - {"anonymous"})
ADMINS = Rule(people("admin"))
WRITERS = Rule(
    people("observer other_observer coordinator security foreign_observer foreign_coordinator")
)
DESK = Rule(people("coordinator editor security foreign_coordinator"))
# What belongs to the election: a desk elsewhere does not learn that it exists.
DESK_HERE = Rule(people("coordinator editor security"), people("foreign_coordinator"))
# Who looks after observers; an editor does not.
CARERS = Rule(people("coordinator security foreign_coordinator"))
CARERS_HERE = Rule(people("coordinator security"), people("foreign_coordinator"))
# Of a step's page only those may know who may take the step.
DISMISS = Rule(people("coordinator security"), people("foreign_coordinator"))
CLAIM = Rule(people("coordinator"), people("foreign_coordinator"))
# A saved view is its owner's; a colleague does not learn that it exists.
OWN_VIEW = Rule(people("coordinator"), people("editor security foreign_coordinator"))
API_WRITERS = Rule(WRITERS.ok | people("token_reports"))
# Anybody who is signed in may ask for the reports they filed; most have none.
API_OWN = Rule(
    frozenset(PEOPLE) - people("anonymous token_desk token_read token_webhooks token_partner")
)
ANSWERER = Rule(people("observer"), WRITERS.ok - {"observer"})
API_ANSWER = Rule(
    people("observer token_reports"), API_OWN.ok - people("observer token_reports phone")
)
# Partners and every desk keep webhooks; each its own, of which others do not learn.
SUBSCRIBERS = Rule(DESK.ok | people("partner"))
OWN_WEBHOOK = Rule(people("partner"), DESK.ok)
API_SUBSCRIBERS = Rule(SUBSCRIBERS.ok | people("token_webhooks"))
API_OWN_WEBHOOK = Rule(OWN_WEBHOOK.ok | people("token_webhooks"), OWN_WEBHOOK.absent)
API_DESK = Rule(DESK.ok | people("token_desk"))
API_DESK_HERE = Rule(DESK_HERE.ok | people("token_desk"), DESK_HERE.absent)


# By a token only: its name stands in the log.
PARTNER = Rule(people("token_partner"))
PROGRAMS = Rule(DESK.ok | people("partner"))
# A token or a saved export is its owner's; nobody else learns that it exists.
OWN_PROGRAM = Rule(people("partner"), DESK.ok)


def api(path: str, **rules: Rule) -> Row:
    return Row(f"/api/v1/{path}", rules or PUBLIC, preflight=True)


def page(path: str, **rules: Rule) -> Row:
    return Row(path, rules or PUBLIC)


API = {
    "api-index": api(""),
    "api-categories": api("categories/"),
    "api-codebook": api("codebook/"),
    "api-incidents": api("incidents/"),
    "api-incident": api("incidents/{s.published.ref}/"),
    "api-incident-versions": api("incidents/{s.published.ref}/versions/"),
    "api-stats": api("stats/?by=region,category&grain=hour"),
    "api-changes": api("changes/?since=0"),
    "api-crosswalks": api("crosswalks/"),
    "api-crosswalk": api("crosswalks/stop/?format=csv"),
    # Whoever knows the random id, or was given a link for ten minutes.
    "api-export": api("exports/{s.export.pk}/"),
    "api-export-file": api("exports/file/{s.export_link}/"),
    "api-snapshots": api("snapshots/"),
    "api-snapshot": api("snapshots/{s.snapshot.name}/"),
    "api-snapshot-file": api("snapshots/{s.snapshot.name}/file/"),
    "api-elections": api("elections/"),
    "api-election": api("elections/{s.election.slug}/"),
    "api-regions": api("regions/?election={s.election.slug}"),
    "api-region": api("regions/KZ-ALA/?election={s.election.slug}"),
    "api-stations": api("stations/?election={s.election.slug}"),
    "api-station": api("stations/KZ-ALA:7/?election={s.election.slug}"),
    "api-schema": api("schema/"),
    "api-docs": page("/api/v1/docs/"),
    "api-problems": api("problems/"),
    "api-problem": api("problems/stale/"),
    "api-partner-incidents": api("partner/incidents/", GET=PARTNER),
    "api-partner-incident": api("partner/incidents/{s.published.ref}/", GET=PARTNER),
    "api-partner-columns": api("partner/columns/", GET=PARTNER),
    "api-reports": api("reports/", GET=API_OWN),
    "api-report": Row(
        "/api/v1/reports/{s.new_id}/",
        {"PUT": API_WRITERS},
        bodies={"PUT": '{"text": "We were not let in."}'},
        preflight=True,
    ),
    # Of somebody else's report nobody learns more than that there is none of theirs.
    "api-report-answers": api("reports/{s.report.pk}/answers/", POST=API_ANSWER),
    "api-devices": api("devices/", POST=EVERYBODY),
    "api-device-challenge": api("devices/challenge/", GET=EVERYBODY),
    "api-device": api("devices/me/", GET=Rule(people("phone"))),
    # Whose it is stands in its signature; who carries it does not matter.
    "api-envelope": api("envelopes/{s.new_id}/", PUT=EVERYBODY),
    # The envelope is signed and the id cannot be guessed: who asks does not matter. A body that
    # holds no envelope is refused with 400.
    "api-uploads": api("uploads/", POST=EVERYBODY),
    "api-upload": api("uploads/{s.new_id}/", PATCH=Rule(frozenset(), frozenset(PEOPLE))),
    "api-webhooks": api("webhooks/", GET=API_SUBSCRIBERS, POST=API_SUBSCRIBERS),
    "api-webhook": api("webhooks/{s.webhook.pk}/", GET=API_OWN_WEBHOOK, DELETE=API_OWN_WEBHOOK),
    **{
        f"api-webhook-{verb}": api(f"webhooks/{{s.webhook.pk}}/{verb}/", POST=API_OWN_WEBHOOK)
        for verb in ("rotate", "pause", "resume", "test")
    },
    "api-webhook-deliveries": api("webhooks/{s.webhook.pk}/deliveries/", GET=API_OWN_WEBHOOK),
    "api-webhook-redeliver": api(
        "webhooks/{s.webhook.pk}/deliveries/{s.delivery.pk}/redeliver/", POST=API_OWN_WEBHOOK
    ),
    "api-desk-reports": api("desk/reports/", GET=API_DESK),
    "api-desk-report-steps": api("desk/reports/{s.report.pk}/steps/", POST=API_DESK_HERE),
    "api-desk-incidents": api("desk/incidents/", GET=API_DESK),
    "api-desk-incident": api("desk/incidents/{s.incident.ref}/", GET=API_DESK_HERE),
    "api-desk-incident-steps": api("desk/incidents/{s.incident.ref}/steps/", POST=API_DESK_HERE),
    "api-desk-steps": api("desk/steps/", POST=API_DESK),
}
ACCOUNT = {
    "home": page("/account/", GET=SIGNED_IN),
    "account_login": page("/account/login/", GET=EVERYBODY, POST=EVERYBODY),
    "account_logout": page("/account/logout/", GET=EVERYBODY, POST=EVERYBODY),
    "account_inactive": page("/account/inactive/"),
    "account_change_password": page("/account/password/", GET=SIGNED_IN, POST=SIGNED_IN),
    "account-webhooks": page("/account/webhooks/", GET=SUBSCRIBERS, POST=SUBSCRIBERS),
    "account-webhook": page("/account/webhooks/{s.webhook.pk}/", GET=OWN_WEBHOOK),
    "account-webhook-step": page("/account/webhooks/{s.webhook.pk}/rotate/", POST=OWN_WEBHOOK),
    "account-webhook-redeliver": page(
        "/account/webhooks/{s.webhook.pk}/deliveries/{s.delivery.pk}/", POST=OWN_WEBHOOK
    ),
    "account-tokens": page("/account/tokens/", GET=PROGRAMS, POST=PROGRAMS),
    "account-token-revoke": page("/account/tokens/{s.token.pk}/revoke/", POST=OWN_PROGRAM),
    "account-exports": page("/account/exports/", POST=PROGRAMS),
    "account-export-revoke": page(
        "/account/exports/{s.saved_export[0].pk}/revoke/", POST=OWN_PROGRAM
    ),
    "set_language": page("/language/", POST=EVERYBODY),
}
PAGES = {
    "public-home": page("/"),
    "public-incident": page("/incidents/{s.published.ref}/"),
    "public-election": page("/elections/{s.election.slug}/"),
    "public-data": page("/data/"),
    "public-feed": page("/feed.atom"),
    # The address is the key: whoever has it reads what the API tells everybody.
    "saved-export": page("/data/saved/{s.saved_export[0].pk}/{s.saved_export[1]}.csv"),
    "field-report": page("/report/", GET=WRITERS, POST=WRITERS),
    "field-sent": Row(
        "/report/sent/{s.report.pk}/",
        {
            "GET": Rule(
                people("observer coordinator security"),
                people("other_observer foreign_observer foreign_coordinator"),
            )
        },
    ),
    "field-reports": page("/report/mine/", GET=WRITERS),
    "field-answer": page("/report/questions/{s.question.pk}/", GET=ANSWERER, POST=ANSWERER),
    "field-here": page("/report/here/", GET=WRITERS, POST=WRITERS),
    "phone-shell": page("/report/phone/en/"),
    "phone-manifest": page("/report/phone/manifest.webmanifest"),
    "phone-worker": page("/report/worker.js"),
    # It ends the session of who asks, and only from a page of this place: else 400.
    "phone-wiped": page("/report/wiped/", POST=EVERYBODY),
    "field-enrol-page": page("/report/enrol/", GET=EVERYBODY, POST=EVERYBODY),
    "desk-queue": page("/desk/", GET=DESK),
    "desk-news": page("/desk/news/?since=", GET=DESK),
    "desk-bulk": page("/desk/bulk/", POST=DESK),
    "desk-handover": page("/desk/handover/", GET=DESK, POST=DESK),
    "desk-here": page("/desk/here/{s.incident.pk}/", GET=DESK_HERE, POST=DESK_HERE),
    "desk-view-save": page("/desk/views/", POST=DESK),
    "desk-view-delete": page("/desk/views/{s.view.pk}/delete/", POST=OWN_VIEW),
    "desk-report": page("/desk/reports/{s.report.pk}/", GET=DESK_HERE),
    "desk-report-step": page(
        "/desk/reports/{s.report.pk}/steps/dismiss/", GET=DISMISS, POST=DISMISS
    ),
    "desk-incident": page("/desk/incidents/{s.incident.ref}/", GET=DESK_HERE),
    "desk-incident-step": page(
        "/desk/incidents/{s.incident.ref}/steps/claim/", GET=CLAIM, POST=CLAIM
    ),
    # The link was made for the coordinator: to everybody else on the desk it leads nowhere. An
    # original is asked for with another link, which tests/incidents/test_evidence.py follows.
    "desk-file": page(
        "/desk/evidence/{s.picture}/",
        GET=Rule(people("coordinator"), people("editor security foreign_coordinator")),
        POST=Rule(frozenset(), DESK.ok),
    ),
    "desk-alerts": page("/desk/alerts/", GET=DESK),
    "desk-alert-accept": page("/desk/alerts/{s.alert.pk}/accept/", POST=DESK_HERE),
    "desk-safety": page("/desk/safety/", GET=CARERS),
    "desk-safety-open": page("/desk/safety/open/", POST=CARERS),
    "desk-safety-take": page("/desk/safety/{s.case.pk}/take/", POST=CARERS_HERE),
    "desk-safety-close": page("/desk/safety/{s.case.pk}/close/", POST=CARERS_HERE),
    "desk-devices": page("/desk/devices/", GET=CARERS),
    "desk-device-lock": page("/desk/devices/{s.device.pk}/lock/", POST=CARERS_HERE),
    "desk-person-lock": page("/desk/people/{s.people[observer].pk}/lock/", POST=CARERS_HERE),
    "desk-person-unlock": page("/desk/people/{s.people[observer].pk}/unlock/", POST=CARERS_HERE),
    "desk-person-invite": page("/desk/people/{s.people[observer].pk}/invite/", POST=CARERS_HERE),
    "desk-drafts": page("/desk/drafts/", GET=DESK),
    "desk-arrivals": page("/desk/arrivals/", GET=DESK),
    # What may be for security only: to everybody else on the desk there is no such arrival.
    "desk-arrival-release": page(
        "/desk/arrivals/{s.arrival.pk}/release/",
        POST=Rule(people("security"), people("coordinator editor foreign_coordinator")),
    ),
}
KEPT_IN_ADMIN = {
    "elections": "regionset region regionsuccession election station contestant turnoutfigure "
    "resultfigure statement",
    "observers": "user organisation team membership device apitoken partneraccess",
}
BOTH = {"GET": ADMINS, "POST": ADMINS}
READ = {"GET": ADMINS}
NOBODY_FINDS = Rule(frozenset(), people("admin"))
NOBODY = {"GET": Rule(frozenset()), "POST": Rule(frozenset())}
ADMIN = {
    "admin:index": Row("/admin/", BOTH),
    "admin:app_list": Row("/admin/elections/", BOTH),
    "admin:login": Row("/admin/login/", BOTH),
    # Leads whoever comes to the product's own page of that name.
    "admin:logout": Row("/admin/logout/", {"GET": EVERYBODY, "POST": EVERYBODY}),
    "admin:password_change": Row("/admin/password_change/", BOTH),
    "admin:password_change_done": Row("/admin/password_change/done/", READ),
    "admin:autocomplete": Row(
        "/admin/autocomplete/?app_label=observers&model_name=membership&field_name=user", READ
    ),
    "admin:jsi18n": Row("/admin/jsi18n/", READ),
    "admin:view_on_site": Row("/admin/r/1/1/", {"GET": NOBODY_FINDS, "POST": NOBODY_FINDS}),
    "admin:auth_user_password_change": Row(
        "/admin/observers/user/{s.people[observer].pk}/password/", BOTH
    ),
    # What begins like the admin and is no page of it.
    "admin/(?P<url>.*)$": Row("/admin/nothing/", {"GET": NOBODY_FINDS, "POST": NOBODY_FINDS}),
}
for app, models in KEPT_IN_ADMIN.items():
    for model in models.split():
        base = f"/admin/{app}/{model}/"
        ADMIN |= {
            f"admin:{app}_{model}_changelist": Row(base, BOTH),
            f"admin/{app}/{model}/<path:object_id>/": Row(f"{base}0/", BOTH),
            f"admin:{app}_{model}_add": Row(f"{base}add/", BOTH),
            f"admin:{app}_{model}_change": Row(f"{base}0/change/", BOTH),
            f"admin:{app}_{model}_delete": Row(f"{base}0/delete/", BOTH),
            f"admin:{app}_{model}_history": Row(f"{base}0/history/", BOTH),
        }
# History points at people, devices and tokens: they are closed or revoked, never deleted; and a
# token is shown once where it is made, a device enrols itself. The log is written by reading.
NEITHER = "device apitoken partneraccess"
for kind in ("user_delete", *(f"{k}_{v}" for k in NEITHER.split() for v in ("add", "delete"))):
    name = f"admin:observers_{kind}"
    ADMIN[name] = Row(ADMIN[name].path, NOBODY)
ADMIN["admin:observers_partneraccess_change"] = Row(
    "/admin/observers/partneraccess/0/change/", {"GET": ADMINS, "POST": Rule(frozenset())}
)
ROWS: dict[str, Row] = API | ACCOUNT | PAGES | ADMIN
