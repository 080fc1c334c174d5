reason-tenant-missing = Дистрибьютору нужен арендатор клиента: { $missing }.
reason-segment-missing = Дистрибьютору нужен сегмент клиента: { $missing }.
reason-market-not-served = Дистрибьютор ничего не продаёт на этом рынке: { $customer_market }.
reason-handling-time-passed = День { $order_age_days }: дистрибьютор принимает возвраты до 14-го дня.
