"""Files that come with reports: received in pieces, checked, kept sealed, redrawn, shown.

Nothing is imported here: `python -m incidents.evidence.redrawing` runs without Django. See
docs/decisions/0014 for the road of a file and 0015 for how it is kept.
"""
