"""The columns agreed with partners, listed once, beside the public ones of `codebook`.

None says who reported, in whose words, or where somebody stood. A new column needs a line in
docs/decisions/0020 and in the threat model first.
"""

from typing import Any

from incidents.codebook import COLUMNS, Column, Type


def _column(name: str, type_: Type, en: str, ru: str, kk: str, **more: Any) -> Column:
    return Column(name, type_, {"en": en, "ru": ru, "kk": kk}, **more)


AGREED: tuple[Column, ...] = (
    _column(
        "reports",
        "integer",
        "Number of reports behind it; several may come from one source.",
        "Число сообщений, на которых он основан; несколько могут быть из одного источника.",
        "Оның негізіндегі хабарламалар саны; бірнешеуі бір дереккөзден болуы мүмкін.",
        unit="reports",
    ),
    _column(
        "sources_by_kind",
        "object",
        "Number of independent sources by kind (vocabulary “source”), the nearest kind of each.",
        "Число независимых источников по видам (словарь “source”), для каждого самый близкий вид.",
        "Тәуелсіз дереккөздер саны түрлері бойынша (“source” сөздігі), әрқайсысының ең жақыны.",
        csv="json",
    ),
    _column(
        "grounds",
        "list",
        "What the verification can rest on.",
        "На что может опираться проверка.",
        "Тексеру неге сүйене алады.",
        vocabulary="grounds",
        csv="joined",
    ),
    _column(
        "organisations",
        "list",
        "Organisations whose teams reported, as pseudonyms of this partner.",
        "Организации, чьи группы сообщили, под псевдонимами этого партнёра.",
        "Топтары хабарлаған ұйымдар, осы серіктестің бүркеншік аттарымен.",
        csv="joined",
    ),
    _column(
        "teams",
        "list",
        "Teams of two or more observers that reported, as pseudonyms of this partner.",
        "Группы из двух и более наблюдателей, которые сообщили, под псевдонимами этого партнёра.",
        "Хабарлаған екі не одан көп байқаушының топтары, осы серіктестің бүркеншік аттарымен.",
        csv="joined",
    ),
    _column(
        "first_reported_at",
        "datetime",
        "The hour in which the first report arrived (UTC).",
        "Час, в который поступило первое сообщение (UTC).",
        "Алғашқы хабарлама келген сағат (UTC).",
    ),
    _column(
        "desk_status",
        "code",
        "Where the operations room stands with it now.",
        "На какой стадии он сейчас в штабе.",
        "Штаб онымен қазір қай кезеңде.",
        vocabulary="incident_status",
    ),
    _column(
        "desk_outcome",
        "code",
        "What the operations room closed it with. Empty: it is not closed.",
        "Чем его завершил штаб. Пусто: не завершён.",
        "Штаб оны немен аяқтады. Бос: аяқталмаған.",
        vocabulary="outcome",
    ),
)
ALL: tuple[Column, ...] = (*COLUMNS, *AGREED)
BY_NAME: dict[str, Column] = {column.name: column for column in ALL}
