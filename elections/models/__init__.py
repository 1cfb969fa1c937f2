from elections.models.election import Contestant, Election, PollDay, SeatBlock
from elections.models.figure import ResultFigure, Statement, TurnoutFigure
from elections.models.region import Region, RegionCode, RegionSet, RegionSuccession
from elections.models.station import Station

__all__ = [
    "Contestant",
    "Election",
    "PollDay",
    "Region",
    "RegionCode",
    "RegionSet",
    "RegionSuccession",
    "ResultFigure",
    "SeatBlock",
    "Statement",
    "Station",
    "TurnoutFigure",
]
