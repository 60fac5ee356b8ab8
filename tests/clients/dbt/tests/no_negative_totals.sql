select * from {{ ref('customer_table') }} where total < 0
