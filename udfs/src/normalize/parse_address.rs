//! `parse_address(text, country)`.

use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::address_parts::{AddressReader, Place};
use crate::arguments::{Call, Form, Function, Kind, record};

/// The parts of an address.
const FIELDS: [&str; 9] = [
    "house_number",
    "street",
    "unit",
    "po_box",
    "locality",
    "city",
    "state",
    "postcode",
    "country",
];

#[user_doc(
    doc_section(label = "Normalising Functions"),
    description = r"The parts of a postal address as a record of texts, NULL where the address does not have them: `house_number`, `street`, `unit` (apartment, suite, flat), `po_box`, `locality` (what stands between street and city), `city`, `state` and `postcode` (as `normalize_state` and `normalize_postcode` write them) and `country` (its ISO code, where the text names it at the end). Streets and cities are as they were written: `normalize_address` writes them in one way. NULL where the text has no letter or digit.

The country says how an address is written: where the postal code and the house number stand. Rules are those of the United States and Canada, the United Kingdom and Ireland, Australia and New Zealand, Germany, Austria and Switzerland, and France; a country that the text names goes before the argument. Commas and line ends help; without them, a city in an English-speaking country is what stands behind the last street word. A text of more than 64 kB is an error (54000).",
    syntax_example = "parse_address(text, country)",
    sql_example = r#"```sql
> SELECT address['house_number'] AS number, address['street'] AS street, address['city'] AS city, address['postcode'] AS postcode FROM (SELECT parse_address('Hauptstr. 5 a, 10115 Berlin', 'DE') AS address);
+--------+-----------+--------+----------+
| number | street    | city   | postcode |
+--------+-----------+--------+----------+
| 5a     | Hauptstr. | Berlin | 10115    |
+--------+-----------+--------+----------+
```"#,
    argument(name = "text", description = "A postal address."),
    argument(
        name = "country",
        description = "Where it is, as `normalize_country` takes it; NULL gives NULL."
    ),
    related_udf(name = "normalize_address"),
    related_udf(name = "normalize_postcode")
)]
struct ParseAddress;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "parse_address",
        parameters: &[Kind::Text, Kind::Text],
        counts: &[2],
    },
    answer: |_| Ok(record(&FIELDS)),
    invoke,
    documentation: || ParseAddress.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let countries = call.text(1)?;
    let mut reader = AddressReader::default();
    // The country of the row before is mostly that of the next.
    let mut last: Option<(&str, Place)> = None;
    call.text_to_record("parse_address", &FIELDS, |text, row, record| {
        let Some(country) = countries.get(row) else {
            return Ok(false);
        };
        let place = match last {
            Some((same, place)) if same == country => place,
            _ => last.insert((country, Place::named(country))).1,
        };
        let Some(address) = reader.read(text, place) else {
            return Ok(false);
        };
        let parts: [&str; 9] = [
            &address.house_number,
            &address.street,
            &address.unit,
            &address.po_box,
            &address.locality,
            &address.city,
            address.state,
            &address.postcode,
            address.country,
        ];
        for (field, part) in parts.into_iter().enumerate() {
            record.set(field, part);
        }
        Ok(true)
    })
}
