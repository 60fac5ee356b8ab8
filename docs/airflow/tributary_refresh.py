"""An example of an Airflow DAG that refreshes materialized views of a Tributary server.

The server speaks the protocol of Postgres, so the connection `tributary` is one of the type
`postgres`: AIRFLOW_CONN_TRIBUTARY='postgres://tributary:password@warehouse:7432/tributary'.

A REFRESH answers when the new rows are there, and a task that is stopped cancels it. It may be
repeated: another refresh of the same view is waited for, and what it has done already, since nothing
has changed, is not done twice. A REFRESH refreshes nothing that its view reads, unless that has the
target_lag 'DOWNSTREAM': so each is a task, after those that it reads, and what is independent runs at the
same time. Views with a target_lag or a schedule need no DAG.
"""

import datetime

from airflow.providers.common.sql.operators.sql import SQLCheckOperator, SQLExecuteQueryOperator
from airflow.sdk import DAG

# All that the case study refreshes, each with what it reads of the others, through views too: a view that
# is left out, or refreshed before what it reads, would be of yesterday. A test holds this against the
# project.
REFRESHES = {
    "staging.person": [],
    "staging.newsletter_result": [],
    "staging.shop_order": [],
    "staging.web_event": [],
    "matching.customer_match": ["staging.person"],
    "matching.device": ["matching.customer_match", "staging.person", "staging.web_event"],
    "golden.customer": ["matching.customer_match", "staging.person"],
    "golden.customer_lineage": ["matching.customer_match", "staging.person"],
    "features.order_summary": [
        "matching.customer_match",
        "staging.shop_order",
        "staging.web_event",
    ],
    "features.web_session": ["matching.device", "staging.web_event"],
    "features.web_summary": ["features.web_session"],
    "features.customer": [
        "features.order_summary",
        "features.web_summary",
        "golden.customer",
        "matching.customer_match",
        "staging.newsletter_result",
        "staging.shop_order",
        "staging.web_event",
    ],
    "marketing.rfm": ["features.customer", "golden.customer"],
    "marketing.campaign_result": [
        "marketing.rfm",
        "matching.customer_match",
        "staging.newsletter_result",
    ],
}

# What is refreshed by REFRESH MODEL.
MODELS = {"matching.customer_match"}


def refresh(name):
    """The task that refreshes a materialized view or model."""
    kind = "MODEL" if name in MODELS else "MATERIALIZED VIEW"
    return SQLExecuteQueryOperator(
        task_id=f"refresh_{name.replace('.', '_')}",
        sql=f"REFRESH {kind} {name}",
        autocommit=True,
    )


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
    tasks = {name: refresh(name) for name in REFRESHES}
    for name, inputs in REFRESHES.items():
        tasks[name].set_upstream([tasks[upstream] for upstream in inputs])
    # Waits for all of them, by those that nothing else waits for.
    last = set(REFRESHES).difference(*REFRESHES.values())
    [tasks[name] for name in sorted(last)] >> SQLCheckOperator(
        task_id="no_refresh_failed",
        # A row of values that are all true passes.
        sql="SELECT count(*) = 0 FROM tributary.models WHERE status = 'failed'",
    )
