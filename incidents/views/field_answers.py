"""Answering a question of the desk: a plain form on a page of its own.

Like the form of a report it gives back what was typed, whatever happens to session and page. A
form that nobody is signed in to shows the typed words only, never the question.
"""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from incidents import workflow
from incidents.errors import Conflict, Invalid
from incidents.models import Question
from incidents.views.entering import SignedIn, observers_only
from incidents.views.field import Check
from incidents.views.field_questions import AnswerForm, fresh_form, told


@csrf_exempt  # checked below, in a way that gives back what was typed
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    if request.method == "POST" and request.POST.get("text"):
        if Check.refusal(request):
            return _given_back(request, why="expired", status=403)
        if not request.user.is_authenticated:
            return _given_back(request, why="signed_out", status=401)
    elif request.method == "POST" and Check.refusal(request):
        return redirect("field-reports")
    return _answer(request, pk=pk)


def _given_back(request: HttpRequest, *, why: str, status: int) -> HttpResponse:
    form = fresh_form(text=request.POST.get("text", ""))
    return _page(request, form, why=why, status=status)


def _page(
    request: HttpRequest, form: AnswerForm, *, status: int = 200, **said: Any
) -> HttpResponse:
    return render(request, "incidents/field/answer.html", {"form": form, **said}, status=status)


@observers_only
def _answer(request: SignedIn, pk: uuid.UUID) -> HttpResponse:
    own = Question.objects.visible_to(request.user).filter(report__author=request.user)
    question = get_object_or_404(own.select_related("report__election"), pk=pk)
    # An answer on its way is kept; but a question that was taken back is not shown any more.
    shown = None if question.withdrawn_at else told(question, None)
    if request.method != "POST":
        workflow.mark_questions_shown([question] if shown else [])
        return _page(request, fresh_form(question), question=shown, report=question.report)
    form = AnswerForm(request.POST)
    said = {"question": shown, "report": question.report}
    if not form.is_valid():
        if "id" in form.errors:
            form = fresh_form(question, text=request.POST.get("text", ""))
            return _page(request, form, why="no_id", status=400, **said)
        return _page(request, form, status=400, **said)
    try:
        workflow.answer(
            question,
            by=request.user,
            answer_id=form.cleaned_data["id"],
            text=form.cleaned_data["text"],
            channel="page",
        )
    except Conflict:
        form = fresh_form(question, text=form.cleaned_data["text"])
        return _page(request, form, why="taken", status=409, **said)
    except Invalid as refused:
        for lines in refused.errors.values():
            form.add_error("text", " ".join(map(str, lines)))
        return _page(request, form, status=400, **said)
    messages.success(request, _("Your answer is received. Nobody has read it yet."))
    answered = redirect("field-reports")
    answered.status_code = 303
    return answered
