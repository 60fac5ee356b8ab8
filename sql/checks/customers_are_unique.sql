-- Uniqueness: a golden customer is one row, or every join with it multiplies.
CREATE CHECK checks.customers_are_unique AS
SELECT customer_id, count(*) AS times
FROM golden.customer
GROUP BY customer_id
HAVING count(*) > 1;
