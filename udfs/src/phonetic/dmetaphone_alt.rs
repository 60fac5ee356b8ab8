//! `dmetaphone_alt(text)`: the secondary code of Double Metaphone, as in PostgreSQL.

use datafusion_macros::user_doc;

use super::double_metaphone;
use crate::arguments::{Form, Function, Kind};

#[user_doc(
    doc_section(label = "Phonetic Functions"),
    description = r"The secondary Double Metaphone code of a text, of at most four sounds: what a name sounds like by its second most likely origin, which is the primary code where there is none, equal to PostgreSQL's `fuzzystrmatch`. `X` is the sound of sh and `0` that of th.

Only letters of ASCII count, in either case. As in PostgreSQL up to 17, rules look at bytes: the first byte of U+01C0 to U+01FF is taken for Ç and that of U+0440 to U+047F for Ñ.",
    syntax_example = "dmetaphone_alt(text)",
    sql_example = r#"```sql
> SELECT dmetaphone_alt('Schmidt') AS schmidt, dmetaphone_alt('Smith') AS smith;
+---------+-------+
| schmidt | smith |
+---------+-------+
| SMT     | XMT   |
+---------+-------+
```"#,
    argument(name = "text", description = "The name or word to code."),
    related_udf(name = "dmetaphone")
)]
struct DmetaphoneAlt;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "dmetaphone_alt",
        parameters: &[Kind::Text],
        counts: &[1],
    },
    invoke: |call| double_metaphone::invoke(call, |(_, secondary)| secondary),
    documentation: || DmetaphoneAlt.doc(),
    ..Function::IMMUTABLE
};
