from django.urls import path

from incidents.views import atom, public

urlpatterns = [
    path("", public.home, name="public-home"),
    path("incidents/<str:ref>/", public.incident, name="public-incident"),
    path("elections/", public.elections, name="public-election"),
    path("elections/<slug:slug>/", public.election, name="public-election"),
    path("data/", public.data, name="public-data"),
    path("feed.atom", atom.publications, name="public-feed"),
]
