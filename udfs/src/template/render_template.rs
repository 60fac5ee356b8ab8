//! `render_template(template, record [, escaping])`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;
use minijinja::Value;

use super::column::{Printed, Record};
use super::engine::{Escaping, Templates, environment};
use super::failure::failure;
use super::values::RecordOfRow;
use crate::FunctionError;
use crate::arguments::{Call, Form, Function, Kind};
use crate::wording::type_name;

/// The longest template, and the longest text that comes of one, in bytes.
const LONGEST: usize = 1 << 20;

#[user_doc(
    doc_section(label = "Template Functions"),
    description = r"The text that a template makes of a record: an e-mail, a subject line, a message. Templates are written as for Jinja (by MiniJinja, whose manual lists the filters and tests): `{{ name }}` for a field, `{{ name | upper }}` for a filter, `{% if points > 100 %}...{% endif %}`, `{% for item in items %}...{% endfor %}` over a list. There are no blocks and macros, and no template reads another one.

A variable that is not there is an error (22023) that names it, the line and the template, so that nobody gets a letter to `Dear ,`; write `{{ name | default('customer') }}` where it may be missing. NULL is `none` and prints nothing: `{{ name or 'customer' }}` takes the other where `name` is NULL. Dates, times, decimals and the like print as their cast to text does, `12.50` with its zero; decimals are compared and calculated with in double precision, dates and times are text. Records and maps have fields, `{{ order.total }}`, lists and maps can be looped over.

What is printed is made safe for HTML, unless the third argument says `'text'`: `<`, `>`, `&`, quotes and `/` in a value become entities, while the template itself is left as it is. `{{ html | safe }}` prints a field that is HTML already.

Each distinct template is compiled once for a batch of rows. A template of more than 1 MB, a text of more than 1 MB, or more than 500,000 steps are an error (54000).",
    syntax_example = "render_template(template, record)",
    alternative_syntax = "render_template(template, record, escaping)",
    sql_example = r#"```sql
> SELECT render_template('Dear {{ name or "customer" }}, {{ points }} points are {{ worth }} €.', named_struct('name', name, 'points', points, 'worth', worth), 'text') AS text
  FROM (VALUES (1, 'Ada', 250, CAST(12.5 AS DECIMAL(8, 2))), (2, NULL, 80, CAST(4 AS DECIMAL(8, 2)))) AS t(id, name, points, worth)
  ORDER BY id;
+--------------------------------------+
| text                                 |
+--------------------------------------+
| Dear Ada, 250 points are 12.50 €.    |
| Dear customer, 80 points are 4.00 €. |
+--------------------------------------+
```"#,
    argument(name = "template", description = "The template; NULL gives NULL."),
    argument(
        name = "record",
        description = "A struct, as `named_struct('name', value, ...)` makes one, whose fields are the variables of the template. NULL gives NULL."
    ),
    argument(
        name = "escaping",
        description = "`'html'`, which is what is taken if left out, or `'text'`. Another text is an error (22023)."
    )
)]
struct RenderTemplate;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "render_template",
        parameters: &[Kind::Text, Kind::Any, Kind::Text],
        counts: &[2, 3],
    },
    answer,
    invoke,
    documentation: || RenderTemplate.doc(),
    ..Function::IMMUTABLE
};

fn answer(given: &[DataType]) -> Result<DataType> {
    match given.get(1) {
        Some(DataType::Struct(_) | DataType::Null) | None => Ok(DataType::Utf8View),
        Some(other) => Err(FunctionError::no_such_form(format!(
            "render_template takes a struct as argument 2, not {}",
            type_name(other)
        ))
        .with_hint("Make one of columns: named_struct('name', name, 'points', points).")
        .into()),
    }
}

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let templates = call.text(0)?;
    let records = call.argument(1)?.to_array(call.rows())?;
    if records.data_type().is_null() {
        return call.rows_to_text(|_, _| Ok(false));
    }
    let escapings = match call.count() {
        2 => None,
        _ => Some(call.text(2)?),
    };
    let renderer = Renderer::new(&records);
    let environment = environment(&renderer.printed);
    let mut compiled = Templates::new(&environment);
    call.rows_to_text(|row, text| {
        let escaping = match &escapings {
            None => Some("html"),
            Some(escapings) => escapings.get(row),
        };
        let (Some(template), Some(escaping)) = (templates.get(row), escaping) else {
            return Ok(false);
        };
        if records.is_null(row) {
            return Ok(false);
        }
        text.push_str(&renderer.render(&mut compiled, template, escaping, row)?);
        Ok(true)
    })
}

/// The records that templates are given.
struct Renderer {
    record: Arc<Record>,
    printed: Arc<Printed>,
}

impl Renderer {
    fn new(records: &ArrayRef) -> Self {
        let printed = Arc::default();
        Self {
            record: Arc::new(Record::new(records, &printed)),
            printed,
        }
    }

    fn render<'source>(
        &self,
        templates: &mut Templates<'_, 'source>,
        template: &'source str,
        escaping: &str,
        row: usize,
    ) -> Result<String, FunctionError> {
        let escaping = Escaping::named(escaping).ok_or_else(|| {
            FunctionError::invalid_argument(format!(
                "render_template: there is no escaping '{escaping}'"
            ))
            .with_hint("Give 'html' or 'text'.")
        })?;
        check_length("template", template)?;
        let record = Value::from_object(RecordOfRow {
            record: Arc::clone(&self.record),
            row,
        });
        self.printed.clear();
        let text = templates
            .get(template, escaping)
            .and_then(|compiled| compiled.render(record))
            .map_err(|error| failure(&error, template, self.record.names()))?;
        check_length("text", &text)?;
        Ok(text)
    }
}

fn check_length(what: &str, text: &str) -> Result<(), FunctionError> {
    if text.len() <= LONGEST {
        return Ok(());
    }
    Err(FunctionError {
        sqlstate: "54000",
        message: format!(
            "render_template: the {what} has {} bytes, more than {LONGEST}",
            text.len()
        ),
        hint: Some("Shorten the template, or the lists that it is given.".to_owned()),
    })
}
