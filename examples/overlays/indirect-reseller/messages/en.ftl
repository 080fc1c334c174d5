reason-provider-handles-orders = Nothing speaks against it; the indirect provider places and cancels orders, so this goes on to the provider.
reason-provider-asks-for-credit = Credit is asked for by the indirect provider, not by its reseller.
