//! `normalize_currency(text)`.

use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::currency_table::currency;
use crate::arguments::{Call, Form, Function, Kind};

#[user_doc(
    doc_section(label = "Normalising Functions"),
    description = r"The ISO 4217 code of a currency that is written as a code, a sign or a name, in any case; NULL where it is none that is known.

`$`, `£` and `¥` alone are USD, GBP and JPY; what is as likely one currency as another, such as `kr` or `peso`, is NULL.",
    syntax_example = "normalize_currency(text)",
    sql_example = r#"```sql
> SELECT normalize_currency('€') AS sign, normalize_currency('Swiss francs') AS name, normalize_currency('kr') AS none;
+------+------+------+
| sign | name | none |
+------+------+------+
| EUR  | CHF  |      |
+------+------+------+
```"#,
    argument(name = "text", description = "A currency."),
    related_udf(name = "parse_money")
)]
struct NormalizeCurrency;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "normalize_currency",
        parameters: &[Kind::Text],
        counts: &[1],
    },
    invoke,
    documentation: || NormalizeCurrency.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    call.text_to_text(|text, answer| {
        let code = currency(text);
        answer.push_str(code.unwrap_or_default());
        Ok(code.is_some())
    })
}
