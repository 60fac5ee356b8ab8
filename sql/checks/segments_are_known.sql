-- Accepted values: segments and devices are those that the house knows.
CREATE CHECK checks.segments_are_known AS
SELECT customer_id, segment, device
FROM golden.customer
WHERE segment NOT IN ('top', 'regular', 'occasional', 'dormant')
   OR device NOT IN ('desktop', 'phone', 'tablet');
