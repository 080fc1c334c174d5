# По одному сообщению на каждую причину, обязанность, рекомендацию и противоречие, которые может увидеть вызывающая сторона.
# Факты доступны как переменные: order.age_days — это $order_age_days; $order_age_days_state говорит, известен ли он.

reason-information-missing = Без этих сведений решить нельзя: { $missing }.
reason-rule-failed = Правило { $rule } не удалось вычислить, поэтому оно засчитано против запроса: { $error }.
reason-acknowledgement-missing = Сначала нужно подтвердить, что сообщение о последствиях отмены прочитано.
reason-customer-not-identified = Нужно указать клиента: { $missing }.
reason-product-not-named = Нужно назвать продукт, покупка которого отменяется.
reason-order-not-named = Нужно указать заказ: { $missing }.
reason-selection-missing = Нужно выбрать версию, язык и разрядность; не хватает: { $missing }.
reason-range-missing = Нужно указать диапазон дат: { $missing }.
reason-support-details-missing = Запрос в поддержку заполнен не полностью; не хватает: { $missing }.
reason-role-not-permitted = { $actor_roles_state ->
    [known] Ни одна из указанных ролей ({ $actor_roles }) не даёт такого права.
   *[other] У обратившегося нет роли, которая для этого нужна.
}
reason-side-not-permitted = Это может сделать партнёр, но не его клиент.
reason-portal-not-permitted = Через { $actor_portal } это сделать нельзя.
reason-product-unknown = { $product_kind_state ->
    [unrecognised] Вид продукта «{ $product_kind }» здесь неизвестен.
    [ambiguous] «{ $product_kind }» может означать разные виды продуктов: { $candidates }.
   *[other] Нужно указать вид продукта.
}
reason-segment-not-commercial = { $product_kind }: продажа только коммерческим клиентам, а сегмент этого клиента — { $customer_segment }.
reason-plan-not-cancellable = План { $product_vendor } сейчас нельзя ни отменить, ни обменять.
reason-excluded-product = { $product_name }: отмена через Центр партнёров не предусмотрена, дальше — через запрос в службу поддержки.
reason-edition-not-eligible = Преимущество действует для выпусков Datacenter и Standard, а у этой лицензии — «{ $license_edition }».
reason-assurance-missing = Преимущество действует только для лицензий с Software Assurance.
reason-market-unknown = { $customer_market_state ->
    [unrecognised] Рынок «{ $customer_market }» здесь неизвестен.
    [ambiguous] «{ $customer_market }» может означать разные рынки: { $candidates }.
   *[other] Нужно указать рынок клиента.
}
reason-market-unavailable = Резервирования Azure недоступны на этом рынке: { $customer_region_state ->
    [known] { $customer_region }
   *[other] { $customer_market }
}.
reason-order-not-found = У клиента нет такого заказа.
reason-order-pending = Заказ ещё обрабатывается; это станет возможно после его завершения.
reason-already-cancelled = Отменять нечего: покупка уже отменена.
reason-keys-revoked = Ключи и ссылки отменённой покупки отозваны и для партнёра, и для клиента.
reason-partial-not-accepted = Часть количества отменить нельзя: { $quantity } из { $order_quantity }.
reason-more-information-required = Нужны дополнительные сведения, поэтому дальше — через запрос в службу поддержки.
reason-window-passed = { $order_age_days ->
    [one] Прошёл { $order_age_days } день, срок отмены ({ $window_days }) истёк { $cancel_by }.
    [few] Прошло { $order_age_days } дня, срок отмены ({ $window_days }) истёк { $cancel_by }.
   *[other] Прошло { $order_age_days } дней, срок отмены ({ $window_days }) истёк { $cancel_by }.
}
reason-inside-window = { $days_remaining ->
    [0] День { $order_age_days } из { $window_days }: сегодня последний день, когда покупку можно отменить.
    [one] День { $order_age_days } из { $window_days }: для отмены остаётся { $days_remaining } день, до { $cancel_by }.
    [few] День { $order_age_days } из { $window_days }: для отмены остаётся { $days_remaining } дня, до { $cancel_by }.
   *[other] День { $order_age_days } из { $window_days }: для отмены остаётся { $days_remaining } дней, до { $cancel_by }.
}
reason-sale-permitted = { $product_kind }: покупка для клиента возможна, рынок — { $customer_market }.
reason-key-access-permitted = Ключи и загрузки этой покупки можно получить.
reason-item-listed = { $key_available ->
    [true] Элемент виден в списке, ключ доступен.
   *[other] Элемент по-прежнему виден в списке, но ключ больше недоступен.
}
reason-outside-retention = Журнал действий не охватывает { $range_first }.
reason-log-permitted = Можно показать, кто пользовался ключами и загрузками с { $range_first } по { $range_last } включительно.
reason-support-request-complete = В запросе в поддержку есть всё необходимое.
reason-benefit-applies = Лицензию можно использовать для виртуальных машин по сниженному тарифу, экономия — до { $max_saving_percent } процентов.
reason-nothing-permits = Ни одно правило не относится к этому запросу.

obligation-revoke-keys = Отозвать все ключи этой покупки.
obligation-revoke-download-links = Отозвать все ссылки для скачивания этой покупки.
obligation-discontinue-use = Партнёр и клиент прекращают пользоваться отменённым ПО.
obligation-uninstall-software = Удалить отменённое ПО с устройств.
obligation-remove-downloads-and-links = Удалить скачанное и ссылки на него.
obligation-keep-item-listed-without-key = Оставить элемент в списке ПО клиента, но без ключа.
obligation-credit-next-monthly-invoice = Отразить кредит в следующем ежемесячном счёте.

advice-visible-within-15-minutes = До появления отмены на экране может пройти до 15 минут.
advice-choose-a-customer-of-yours = Покупка оформляется для одного из клиентов самого партнёра.
advice-mind-the-risks-of-copied-links = Прежде чем передавать ссылки или скачивать ПО, нужно знать о рисках.
advice-add-files-if-needed = К запросу в поддержку можно приложить файлы, но это необязательно.

contradiction-purchased-after-at = заказ оформлен ({ $order_purchased_at }) позже момента решения ({ $at })
contradiction-cancelled-before-purchased = заказ отменён ({ $order_cancelled_at }) раньше, чем оформлен ({ $order_purchased_at })
contradiction-cancelled-after-at = заказ отменён ({ $order_cancelled_at }) позже момента решения ({ $at })
contradiction-range-reversed = диапазон заканчивается ({ $range_last }) раньше, чем начинается ({ $range_first })
