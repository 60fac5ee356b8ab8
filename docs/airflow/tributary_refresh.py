"""An example of an Airflow DAG that refreshes materialized views of a Tributary server.

The server speaks the protocol of Postgres, so the connection `tributary` is one of the type
`postgres`: AIRFLOW_CONN_TRIBUTARY='postgres://tributary:password@warehouse:7432/tributary'.

A REFRESH answers when the new rows are there, and a task that is stopped cancels it. It may be
repeated: another refresh of the same view is waited for, and what it has done already, since nothing
has changed, is not done twice. Views with a target_lag or a schedule need no DAG.
"""

import datetime

from airflow.providers.common.sql.operators.sql import SQLCheckOperator, SQLExecuteQueryOperator
from airflow.sdk import DAG

# What of the case study is refreshed, each after what it reads of the others.
REFRESHES = {
    "MATERIALIZED VIEW staging.person": [],
    "MODEL matching.customer_match": ["MATERIALIZED VIEW staging.person"],
    "MATERIALIZED VIEW golden.customer": ["MODEL matching.customer_match"],
    "MATERIALIZED VIEW marketing.campaign_result": ["MATERIALIZED VIEW golden.customer"],
}

with DAG(
    dag_id="tributary_refresh",
    schedule="0 6 * * *",
    start_date=datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc),
    # Runs that were missed would find nothing else than the next one.
    catchup=False,
    max_active_runs=1,
    default_args={
        "conn_id": "tributary",
        "retries": 3,
        "retry_delay": datetime.timedelta(minutes=1),
        "retry_exponential_backoff": True,
    },
) as dag:
    tasks = {
        name: SQLExecuteQueryOperator(
            task_id=f"refresh_{name.split()[-1].replace('.', '_')}",
            sql=f"REFRESH {name}",
            autocommit=True,
        )
        for name in REFRESHES
    }
    for name, inputs in REFRESHES.items():
        tasks[name].set_upstream([tasks[upstream] for upstream in inputs])
    tasks["MATERIALIZED VIEW marketing.campaign_result"] >> SQLCheckOperator(
        task_id="no_refresh_failed",
        # A row of values that are all true passes.
        sql="SELECT count(*) = 0 FROM tributary.models WHERE status = 'failed'",
    )
