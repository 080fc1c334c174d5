reason-tenant-missing = The distributor asks for the customer’s tenant: { $missing }.
reason-segment-missing = The distributor asks for the customer’s segment: { $missing }.
reason-market-not-served = The distributor sells nothing in { $customer_market }.
reason-handling-time-passed = Day { $order_age_days }: the distributor takes returns until day 14.
