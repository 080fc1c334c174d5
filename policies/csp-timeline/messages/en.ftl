reason-link-expired = The download link has expired: it was first used on { $link_first_download_at }.
