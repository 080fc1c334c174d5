reason-link-expired = Срок действия ссылки истёк: впервые её использовали { $link_first_download_at }.
