-- Relations: every order is of an account that the shop knows.
CREATE CHECK checks.orders_have_an_account AS
SELECT shop_order.order_id, shop_order.record
FROM staging.shop_order
LEFT JOIN staging.person ON person.record = shop_order.record
WHERE person.record IS NULL;
