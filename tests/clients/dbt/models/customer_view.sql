{{ config(materialized='view') }}
select id, upper(name) as name, email, joined from {{ ref('customers') }}
