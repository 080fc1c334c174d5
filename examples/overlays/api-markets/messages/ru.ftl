reason-market-unavailable = По документации API недоступно на этом рынке ({ $customer_region_state ->
    [known] { $customer_region }
   *[other] { $customer_market }
}): { $product_kind }.
