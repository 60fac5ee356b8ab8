//! `num_nonnulls(value, ...)`.

use arrow::datatypes::DataType;
use datafusion_macros::user_doc;

use super::given::counted;
use crate::arguments::{Form, Function, Kind};

#[user_doc(
    doc_section(label = "Missing Data Functions"),
    description = "How many of its arguments are not NULL; equal to PostgreSQL's.",
    syntax_example = "num_nonnulls(value [, ...])",
    sql_example = r#"```sql
> SELECT num_nonnulls(1, NULL, 'three') AS counted;
+---------+
| counted |
+---------+
| 2       |
+---------+
```"#,
    argument(name = "value", description = "A value of any type; one or more."),
    related_udf(name = "num_nulls")
)]
struct NumNonnulls;

pub(super) static FUNCTION: Function = Function {
    form: Form {
        name: "num_nonnulls",
        parameters: &[Kind::Any],
        counts: &[1],
    },
    repeating: true,
    answer: |_| Ok(DataType::Int32),
    invoke: |call| counted(call, |is_null| !is_null),
    documentation: || NumNonnulls.doc(),
    ..Function::IMMUTABLE
};
