# One message for each reason, obligation, advice and contradiction that a caller may see.
# Facts are variables: order.age_days is $order_age_days; $order_age_days_state says whether it is known.

reason-information-missing = It cannot be decided without: { $missing }.
reason-rule-failed = The rule { $rule } could not be evaluated, so it counts against the request: { $error }.
reason-acknowledgement-missing = The notice about what a cancellation brings has to be acknowledged first.
reason-customer-not-identified = The customer has to be identified: { $missing }.
reason-product-not-named = The product to cancel has to be named.
reason-order-not-named = The order has to be named: { $missing }.
reason-selection-missing = Version, language and bitness have to be chosen; still open: { $missing }.
reason-range-missing = The range of dates has to be given: { $missing }.
reason-support-details-missing = The support request is not complete; still open: { $missing }.
reason-role-not-permitted = { $actor_roles_state ->
    [known] None of the roles given ({ $actor_roles }) may do this.
   *[other] The actor has no role that this takes.
}
reason-side-not-permitted = This is for the partner to do, not for its customer.
reason-portal-not-permitted = This cannot be done through { $actor_portal }.
reason-product-unknown = { $product_kind_state ->
    [unrecognised] “{ $product_kind }” is no kind of product that is known here.
    [ambiguous] “{ $product_kind }” may mean several kinds of product: { $candidates }.
   *[other] The kind of product has to be given.
}
reason-segment-not-commercial = { $product_kind } is sold to commercial customers only; this customer’s segment is { $customer_segment }.
reason-plan-not-cancellable = A software plan of { $product_vendor } can be neither cancelled nor exchanged at this time.
reason-excluded-product = { $product_name } is left out of cancelling in Partner Center; this goes on as a customer support request.
reason-edition-not-eligible = The benefit is for the Datacenter and Standard editions, not for { $license_edition }.
reason-assurance-missing = The benefit takes a license that Software Assurance covers.
reason-market-unknown = { $customer_market_state ->
    [unrecognised] “{ $customer_market }” is no market that is known here.
    [ambiguous] “{ $customer_market }” may mean several markets: { $candidates }.
   *[other] The customer’s market has to be given.
}
reason-market-unavailable = Azure reservations are not available in { $customer_region_state ->
    [known] { $customer_region }
   *[other] { $customer_market }
}.
reason-order-not-found = The customer has no such order.
reason-order-pending = The order is still pending; this can be done once it is completed.
reason-already-cancelled = There is nothing left to cancel: the purchase was cancelled before.
reason-keys-revoked = Keys and download links of a cancelled purchase are revoked, for the partner and the customer.
reason-partial-not-accepted = A part of the quantity cannot be cancelled: { $quantity } of { $order_quantity }.
reason-more-information-required = More information is needed, so this goes on as a customer support request.
reason-window-passed = { $order_age_days ->
    [one] Day { $order_age_days } of { $window_days }: the time for cancelling has passed.
   *[other] Day { $order_age_days }, and cancelling ended with day { $window_days }, on { $cancel_by }.
}
reason-inside-window = { $days_remaining ->
    [0] Day { $order_age_days } of { $window_days }: today is the last day on which the purchase can be cancelled.
    [one] Day { $order_age_days } of { $window_days }: one day remains to cancel the purchase, until { $cancel_by }.
   *[other] Day { $order_age_days } of { $window_days }: { $days_remaining } days remain to cancel the purchase, until { $cancel_by }.
}
reason-sale-permitted = { $product_kind } can be bought for a customer in { $customer_market }.
reason-key-access-permitted = Keys and downloads of this purchase can be obtained.
reason-item-listed = { $key_available ->
    [true] The item is listed, and its key is available.
   *[other] The item is still listed, but its key is no longer available.
}
reason-outside-retention = The activity log does not reach back to { $range_first }.
reason-log-permitted = Users who used keys or downloads from { $range_first } to { $range_last } can be listed, both days included.
reason-support-request-complete = The support request has everything it needs.
reason-benefit-applies = The license can be used for virtual machines at the lower rate, which saves up to { $max_saving_percent } percent.
reason-nothing-permits = No rule speaks to this request.

obligation-revoke-keys = Revoke all keys of the purchase.
obligation-revoke-download-links = Revoke all download links of the purchase.
obligation-discontinue-use = Partner and customer stop using the cancelled software.
obligation-uninstall-software = Uninstall the cancelled software.
obligation-remove-downloads-and-links = Remove what was downloaded, and the links to it.
obligation-keep-item-listed-without-key = Keep the item in the customer’s list of software, without its key.
obligation-credit-next-monthly-invoice = Show the credit on the next monthly invoice.

advice-visible-within-15-minutes = It may take up to 15 minutes until the cancellation shows.
advice-choose-a-customer-of-yours = The purchase is made for one of the partner’s own customers.
advice-mind-the-risks-of-copied-links = Know the risks before links are passed on or software is downloaded.
advice-add-files-if-needed = Files may be added to the support request; none is needed.

contradiction-purchased-after-at = the order was purchased ({ $order_purchased_at }) after the decision time ({ $at })
contradiction-cancelled-before-purchased = the order was cancelled ({ $order_cancelled_at }) before it was purchased ({ $order_purchased_at })
contradiction-cancelled-after-at = the order was cancelled ({ $order_cancelled_at }) after the decision time ({ $at })
contradiction-range-reversed = the range ends ({ $range_last }) before it starts ({ $range_first })
