from django.core.management.commands import makemessages


class Command(makemessages.Command):
    """Django's, which would not find a text marked `lazy("…")`, our short `gettext_lazy`."""

    xgettext_options = [*makemessages.Command.xgettext_options, "--keyword=lazy"]
