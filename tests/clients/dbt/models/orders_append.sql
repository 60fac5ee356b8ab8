{{ config(materialized='incremental', incremental_strategy='append', unique_key='id') }}
select id, customer_id, amount, at from {{ ref('orders') }}
{% if is_incremental() %} where at >= (select max(at) from {{ this }}) {% endif %}
