//! `dmetaphone(text)`: the primary code of Double Metaphone, as in PostgreSQL.

use datafusion_macros::user_doc;

use super::double_metaphone;
use crate::arguments::{Form, Function, Kind};

#[user_doc(
    doc_section(label = "Phonetic Functions"),
    description = r"The primary Double Metaphone code of a text, of at most four sounds: what a name sounds like by its most likely origin, equal to PostgreSQL's `fuzzystrmatch`. `X` is the sound of sh and `0` that of th.

Only letters of ASCII count, in either case. As in PostgreSQL up to 17, rules look at bytes: the first byte of U+01C0 to U+01FF is taken for Ç and that of U+0440 to U+047F for Ñ.",
    syntax_example = "dmetaphone(text)",
    sql_example = r#"```sql
> SELECT dmetaphone('Schmidt') AS schmidt, dmetaphone('Smith') AS smith;
+---------+-------+
| schmidt | smith |
+---------+-------+
| XMT     | SM0   |
+---------+-------+
```"#,
    argument(name = "text", description = "The name or word to code."),
    related_udf(name = "dmetaphone_alt")
)]
struct Dmetaphone;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "dmetaphone",
        parameters: &[Kind::Text],
        counts: &[1],
    },
    invoke: |call| double_metaphone::invoke(call, |(primary, _)| primary),
    documentation: || Dmetaphone.doc(),
    ..Function::IMMUTABLE
};
