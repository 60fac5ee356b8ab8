//! `num_nulls(value, ...)`.

use arrow::datatypes::DataType;
use datafusion_macros::user_doc;

use super::given::counted;
use crate::arguments::{Form, Function, Kind};

#[user_doc(
    doc_section(label = "Missing Data Functions"),
    description = "How many of its arguments are NULL; equal to PostgreSQL's.",
    syntax_example = "num_nulls(value [, ...])",
    sql_example = r#"```sql
> SELECT num_nulls(1, NULL, 'three') AS counted;
+---------+
| counted |
+---------+
| 1       |
+---------+
```"#,
    argument(name = "value", description = "A value of any type; one or more."),
    related_udf(name = "num_nonnulls")
)]
struct NumNulls;

pub(super) static FUNCTION: Function = Function {
    form: Form {
        name: "num_nulls",
        parameters: &[Kind::Any],
        counts: &[1],
    },
    repeating: true,
    answer: |_| Ok(DataType::Int32),
    invoke: |call| counted(call, |is_null| is_null),
    documentation: || NumNulls.doc(),
    ..Function::IMMUTABLE
};
