from allauth.account import views as allauth_views
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from observers.accounts import door


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponseRedirect:
    return redirect(door(request.user))


@login_required
def change_password(request: HttpRequest) -> HttpResponse:
    """For those who have a password; an enrolled phone has none to change."""
    user = request.user
    if user.is_anonymous or not user.has_usable_password():
        raise Http404
    response: HttpResponse = allauth_views.password_change(request)
    return response
