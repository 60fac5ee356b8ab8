//! `most_frequent(value [, order, ...])`.

use arrow::datatypes::{DataType, Field};
use datafusion::error::Result;
use datafusion::logical_expr::{Accumulator, Documentation, GroupsAccumulator};
use datafusion_macros::user_doc;

use super::comparable::plain_type;
use super::frequency::{
    Layout, MostFrequent as Counting, MostFrequentInWindow, MostFrequentOfGroups, state_type,
};
use super::survivor::refusal;
use crate::FunctionError;
use crate::arguments::{Aggregate, Clause, Definition, Distinct, Form, Kind};

#[user_doc(
    doc_section(label = "Survivorship Functions"),
    description = r"The value that occurs most often in a group, known as its mode. NULLs do not count, and the answer is NULL where every value is.

Of several that are equally frequent, the one that has the greatest `order` in any of its rows is taken, or where several have the same, the smallest value, as by `mode() WITHIN GROUP (ORDER BY value)` in PostgreSQL. Orders are compared one after the other, and a NULL in an order comes before everything else. So the answer depends neither on the order nor on the partitioning of the input. Numbers that are equal are one value: -0 is 0, and every NaN is the same. All distinct values of a group are held in memory. Works as a window function too, with any frame.",
    syntax_example = "most_frequent(value [, order, ...])",
    sql_example = r#"```sql
> SELECT most_frequent(city) AS city, most_frequent(device, seen) AS device
  FROM (VALUES
    ('Bern', 'desktop', '2026-01-01'),
    ('Basel', 'mobile', '2026-02-01'),
    ('Bern', NULL, '2026-03-01')) AS t(city, device, seen);
+------+--------+
| city | device |
+------+--------+
| Bern | mobile |
+------+--------+
```"#,
    argument(
        name = "value",
        description = "What to count; rows where it is NULL do not count. Any type that can be compared."
    ),
    argument(
        name = "order",
        description = "What decides between values that are equally frequent: mostly a time, so that the later one is taken. Any number, compared in order, of any type that can be compared."
    ),
    related_udf(name = "latest_by"),
    related_udf(name = "impute_mode")
)]
pub(super) struct MostFrequent;

pub(super) static FUNCTION: MostFrequent = MostFrequent;

const FORM: Form = Form {
    name: "most_frequent",
    parameters: &[Kind::Comparable],
    counts: &[1],
};

impl Definition for MostFrequent {
    fn form(&self) -> &Form {
        &FORM
    }

    fn documentation(&self) -> Option<&'static Documentation> {
        MostFrequent.doc()
    }

    fn repeating(&self) -> bool {
        true
    }
}

impl Aggregate for MostFrequent {
    fn answer(&self, given: &[DataType]) -> Result<DataType> {
        Ok(plain_type(&given[0]))
    }

    fn state(&'static self, given: &[DataType]) -> Result<Vec<Field>> {
        Ok(vec![Field::new("counts", state_type(given), true)])
    }

    fn accumulator(&'static self, given: &[DataType]) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Counting::new(Layout::new(given)?)))
    }

    fn accumulator_of_window(&'static self, given: &[DataType]) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(MostFrequentInWindow::new(Layout::new(given)?)))
    }

    fn accumulator_of_groups(
        &'static self,
        given: &[DataType],
    ) -> Option<Result<Box<dyn GroupsAccumulator>>> {
        let layout = Layout::new(given);
        Some(layout.map(|layout| Box::new(MostFrequentOfGroups::new(layout)) as _))
    }

    fn distinct(&self) -> Distinct {
        Distinct::Refused(
            FunctionError::unsupported(
                "most_frequent does not take DISTINCT: every value would occur once",
            )
            .with_hint("Leave DISTINCT out."),
        )
    }

    fn refusal(&self, clause: Clause) -> Option<FunctionError> {
        Some(refusal(FORM.name, clause))
    }
}
