use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::name_text::Names;
use crate::arguments::{Call, Form, Function, Kind, check_length};

#[user_doc(
    doc_section(label = "Normalising Functions"),
    description = r#"The name of a person, or a part of one, as it would be printed; NULL where nothing is left of it.

- Unicode is brought to normalization form KC, every kind of apostrophe and hyphen to one, and white space to single blanks. Digits, other punctuation, and what stands in brackets or double quotes (`Robert "Bob" Smith`) are dropped; dots, slashes and underscores part words (`J.R. Smith` is `J R Smith`).
- `Smith, John` is turned round to `John Smith`.
- Titles in front (`Mr`, `Dr.`, `Prof.`, `Herr`, `Mme`, `Sra.`, `Mr. and Mrs.`) and degrees and honours behind (`PhD`, `M.D.`, `MBA`, `Esq.`, `OBE`) are dropped. Generations are kept, as they tell father from son: `Jr`, `Sr`, `II`, `III`, `IV`. A degree that is the only word is a name; a title that is the only word is none. `n/a`, `unknown`, `anonymous` and `not provided` give NULL; `Null` is a family name.
- Words in capitals or in small letters are written with one capital, and one more behind a hyphen (`Jean-Luc`), `Mc` (`McDonald`), an apostrophe before three letters or more (`O'Brien`), and in the known names with `Mac` (`MacDonald`, but `Machado`). Words with a capital inside are taken as meant (`DeShawn`), as are two capitals in a name that has small letters (`JP Smith`).
- Particles before another word are written small: `van der Berg`, `de la Cruz`. In front of a name that is not all in capitals, one with a capital is taken as a given name: `Van Morrison`.

A text longer than 64 kB is an error (54000)."#,
    syntax_example = "normalize_name(text)",
    sql_example = r#"```sql
> SELECT normalize_name('Dr. JEAN-LUC  O’BRIEN, PhD') AS titled,
>        normalize_name('MCDONALD, RON jr.') AS reversed,
>        normalize_name('JAN VAN DER BERG') AS particles;
+------------------+-----------------+------------------+
| titled           | reversed        | particles        |
+------------------+-----------------+------------------+
| Jean-Luc O'Brien | Ron McDonald Jr | Jan van der Berg |
+------------------+-----------------+------------------+
```"#,
    argument(name = "text", description = "A name, of one part or of several.")
)]
struct NormalizeName;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "normalize_name",
        parameters: &[Kind::Text],
        counts: &[1],
    },
    invoke,
    documentation: || NormalizeName.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let mut names = Names::default();
    call.text_to_text(|text, answer| {
        check_length(FUNCTION.form.name, text)?;
        Ok(names.normalize(text, answer))
    })
}
