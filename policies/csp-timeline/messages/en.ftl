reason-link-expired = The download link has expired: it was first used on { $link_first_download_at }.
reason-excluded-product = { $product_name } is left out of cancelling in Partner Center; this goes on as a customer support request.
