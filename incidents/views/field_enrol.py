"""The enrolment page: with script a phone makes its key there, without one a code opens the plain
form for two hours."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from incidents import fieldwork
from incidents.errors import Refused
from incidents.views import phone
from observers import plain_pages
from observers.models import Device


@sensitive_post_parameters("secret")
@require_http_methods(["GET", "HEAD", "POST"])
def enrol(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return phone.enrol(request)
    try:
        with transaction.atomic():
            device, _new = fieldwork.enrol(
                request.POST.get("secret", ""), channel="page", kind=Device.Kind.BROWSER
            )
            plain_pages.begin(request, device)
    except Refused as refused:
        # Of a form that somebody may fill in again; 403 would say that they may not.
        return phone.enrol_page(request, problem=str(refused), status=400)
    answer = redirect("field-report")
    answer.status_code = 303
    return answer
