reason-market-unavailable = By the API documents this is not available in { $customer_region_state ->
    [known] { $customer_region }
   *[other] { $customer_market }
}: { $product_kind }.
