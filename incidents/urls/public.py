from django.urls import path

from incidents.views import atom, public, saved

urlpatterns = [
    path("", public.home, name="public-home"),
    path("incidents/<str:ref>/", public.incident, name="public-incident"),
    path("elections/", public.elections, name="public-election"),
    path("elections/<slug:slug>/", public.election, name="public-election"),
    path("data/", public.data, name="public-data"),
    path("data/saved/<uuid:pk>/<str:secret>.<slug:ending>", saved.saved, name="saved-export"),
    path("feed.atom", atom.publications, name="public-feed"),
]
