reason-link-expired = Срок действия ссылки истёк: впервые её использовали { $link_first_download_at }.
reason-excluded-product = { $product_name }: отмена через Центр партнёров не предусмотрена, дальше — через запрос в службу поддержки.
