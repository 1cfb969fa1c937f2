from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from config.admin_site import site

urlpatterns = [
    path("", include("incidents.urls.public")),
    path("report/", include("incidents.urls.field")),
    path("desk/", include("incidents.urls.desk")),
    path("account/", include("observers.urls")),
    path("account/", include("incidents.urls.account")),
    path("api/v1/", include("config.api")),
    path("admin/", site.urls),
    # Without a token: it changes nothing but the reader's language, and a token would set a
    # cookie on every public page.
    path("language/", csrf_exempt(require_POST(set_language)), name="set_language"),
]

handler400 = "config.errors.bad_request"
handler403 = "config.errors.permission_denied"
handler404 = "config.errors.page_not_found"
handler500 = "config.errors.server_error"
# Asked for by allauth when a limit is reached.
handler429 = "config.errors.too_many_requests"
