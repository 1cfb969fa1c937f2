"""Dates and numbers as pages say them: Django has no Kazakh ones, and American ones for "en"."""
