from django.urls import path

from elections.api.views import ElectionView, RegionView, StationView

urlpatterns = [
    path("elections/", ElectionView.as_view({"get": "list"}), name="api-elections"),
    path("elections/<str:slug>/", ElectionView.as_view({"get": "retrieve"}), name="api-election"),
    path("regions/", RegionView.as_view({"get": "list"}), name="api-regions"),
    path("regions/<str:code>/", RegionView.as_view({"get": "retrieve"}), name="api-region"),
    path("stations/", StationView.as_view({"get": "list"}), name="api-stations"),
    # A station's number is a text and may hold a slash.
    path("stations/<path:code>/", StationView.as_view({"get": "retrieve"}), name="api-station"),
]
