# Постоянные слова объяснения. Пути, коды и места подставляются так, как они записаны в других местах.

outcome-permit = РАЗРЕШЕНО
outcome-deny = ОТКАЗАНО
outcome-needs-information = НУЖНЫ СВЕДЕНИЯ
outcome-refer = ПЕРЕДАЁТСЯ В ПОДДЕРЖКУ
outcome-not-covered = НЕ ПРЕДУСМОТРЕНО

head-decision = { $outcome } · { $kind } · на { $at }
head-bundle = набор правил { $name } { $version } · { $digest }
head-request = запрос { $id }
head-reasons = Почему
head-results = Результаты
head-obligations = Что нужно выполнить и что полезно знать
head-decided = Правила, определившие решение
head-matched = Правила, которые тоже сработали
head-undetermined = Правила, о которых пока нельзя судить
head-failed = Правила, которые не удалось вычислить
head-not-in-force = Правила, которые тогда не действовали
head-met = Правила, на вопросы которых есть ответы
head-not-matched = Правила, которые не сработали
head-facts = Факты
head-settings = Настройки, которые читают правила
head-changes = Что должно измениться

value-same-as = значение { $fact }
value-empty = ничего
and = { " и " }
and-more = { $count ->
    [one] ещё { $count }
    [few] ещё { $count }
   *[other] ещё { $count }
}

state-private = указано, но не показывается
state-absent = не указано
state-missing = неизвестно
state-missing-bases = неизвестно, пока не указано: { $facts }
state-unrecognised = «{ $written }», такого нет ни в одном реестре
state-ambiguous = «{ $written }», что может означать: { $candidates }
state-failed = вычислить не удалось: { $error }

wanted-one-of = одно из: { $values }
wanted-in-list = запись из списка { $list }
wanted-at-least = не меньше { $limit }
wanted-at-most = не больше { $limit }
wanted-more-than = больше { $limit }
wanted-less-than = меньше { $limit }
wanted-member = среди них { $value }
wanted-any-of = среди них хотя бы одно из: { $values }
wanted-all-of = среди них все: { $values }
wanted-none-of = среди них ни одного из: { $values }
wanted-present = любое указанное значение
wanted-absent = отсутствие значения
wanted-known = значение, известное реестру
wanted-unknown = значение, которого нет ни в одном реестре
wanted-not = что угодно, кроме: { $wanted }
limit-of-cell = { $limit } ({ $cell })

step-test = { $what }: { $is } — ожидается: { $wanted }
step-required = { $what }: { $is } — требуется: { $wanted }
step-script = { $script }
step-script-required = требуется: { $script }
step-script-not = неверно, что { $script }
step-with = { $said }, где { $inputs }
input = { $what }: { $is }
step-always = относится ко всем запросам этого вида

given-ignored = указано «{ $written }», такого нет ни в одном реестре; это не учитывается
given-default = не указано: значение по умолчанию из словаря
given-taken-from = не указано: взято из { $fact }
given-computed = из { $script }

effect-permit = разрешает: { $code }
effect-deny = отказывает: { $code }
effect-refer = передаёт в поддержку: { $code }
effect-ask = спрашивает: { $code }
effect-attach = дополняет исход { $outcome }

period-between = действует с { $from } и до { $until }, не включая этот момент
period-from = действует с { $from }
period-until = действует до { $until }, не включая этот момент
period-always = действует всегда
period-by = { $when }; определяется по { $fact }: { $is }
retired = отменено дополнением ({ $place }): { $reason }
rests-on = основание: { $evidence }

row-applies = таблица { $table }, строка { $place }: { $values }
row-may-apply = таблица { $table }, строка { $place }, возможно, подходит: { $values }
row-not-in-force = таблица { $table }, строка { $place }, тогда не действовала: { $values }
entry = список { $list }, запись { $place }: { $value }

rule-waits = ждёт: { $facts }
rule-failed = сбой: { $error }
rule-result = результат { $name }: { $value }
rule-result-from = результат { $name }: { $value }, { $given }
rule-result-unknown = неизвестно
rule-obligations = обязательства и советы: { $codes }

facts-unread = указано, но ни одно правило этого не читает: { $facts }
facts-absent = не указано, и это тоже ответ: { $facts }
fact-fixed = как есть, выбрать это заявитель не может
setting-choices = из { $choices }

change-permits = разрешение последует, если:
change-set = { $fact } — { $to }, а не { $from }
change-give = { $fact } указано: { $to }
change-any = { $fact } указано, например: { $to }
change-add = { $fact } включает ещё { $values }
change-remove = { $fact } не включает { $values }
change-wait = запрос сделан { $to } или позже
changes-more = { $count ->
    [one] ещё { $count } изменение ведёт к разрешению
    [few] ещё { $count } изменения ведут к разрешению
   *[other] ещё { $count } изменений ведут к разрешению
}
changes-supply = нужно указать:
changes-then = Пока ни одно изменение одного или двух фактов, которые выбирает заявитель, не ведёт к разрешению; сначала нужны недостающие сведения.
changes-not-yet = Ни одно изменение одного или двух фактов не ведёт к разрешению сразу; эти хотя бы ведут дальше:
changes-onward = { $change }; тогда остаётся узнать: { $facts }
changes-none = Ничто из того, что может изменить заявитель, не ведёт к разрешению.
changes-none-of-two = Ни одно изменение одного или двух фактов не ведёт к разрешению.
changes-no-rule = Ни одно правило не разрешает такой запрос.
changes-incomplete = { $count ->
    [one] Поиск остановлен после { $count } попытки.
    [few] Поиск остановлен после { $count } попыток.
   *[other] Поиск остановлен после { $count } попыток.
}
obstacle-rule = мешает правило { $rule }
obstacle-last-day = Последний день, когда оно не мешало, — { $day }, а время назад не идёт.
obstacle-fixed = Оно опирается на то, что заявитель не может изменить: { $facts }.
obstacle-changeable = Того, что здесь может изменить заявитель, недостаточно: { $facts }.
