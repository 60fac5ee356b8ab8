//! Plans as JSON, XML and YAML, in PostgreSQL's layout.

use std::fmt::Write as _;

use crate::sql::explain::Format;

/// A name with its value.
pub(super) type Property = (&'static str, Value);

/// What is told of a plan.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// Text.
    Text(String),
    /// The digits of a number.
    Number(String),
    /// True or false.
    Truth(bool),
    /// Names with their values.
    Record(Vec<Property>),
    /// Values, each of which XML calls by this name.
    List(&'static str, Vec<Value>),
}

/// Writes the plans of a statement, each with what is told of its run.
pub(super) fn write(format: Format, queries: Vec<Vec<Property>>) -> String {
    let mut text = String::new();
    match format {
        Format::Json => {
            let queries = queries.into_iter().map(Value::Record).collect();
            json(&mut text, &Value::List("Query", queries), 0);
        }
        Format::Xml => {
            text.push_str("<explain xmlns=\"http://www.postgresql.org/2009/explain\">\n");
            for query in queries {
                xml(&mut text, "Query", &Value::Record(query), 1);
            }
            text.push_str("</explain>");
        }
        Format::Yaml | Format::Text => {
            for query in queries {
                yaml_item(&mut text, &Value::Record(query), 0);
            }
            text.truncate(text.trim_end_matches('\n').len());
        }
    }
    text
}

fn indent(text: &mut String, depth: usize) {
    for _ in 0..depth {
        text.push_str("  ");
    }
}

/// A text between quotation marks, as JSON has it, and YAML takes it.
fn quoted(text: &mut String, value: &str) {
    text.push('"');
    for character in value.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            control if control < ' ' => {
                // Writing to a text does not fail.
                let _ = write!(text, "\\u{:04x}", u32::from(control));
            }
            other => text.push(other),
        }
    }
    text.push('"');
}

fn json(text: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Text(value) => quoted(text, value),
        Value::Number(digits) => text.push_str(digits),
        Value::Truth(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Record(properties) => {
            text.push_str("{\n");
            for (index, (name, value)) in properties.iter().enumerate() {
                if index > 0 {
                    text.push_str(",\n");
                }
                indent(text, depth + 1);
                quoted(text, name);
                text.push_str(": ");
                json(text, value, depth + 1);
            }
            text.push('\n');
            indent(text, depth);
            text.push('}');
        }
        // Lists of single values stand in one line.
        Value::List(_, values) if values.iter().all(is_single) && !values.is_empty() => {
            text.push('[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                json(text, value, depth);
            }
            text.push(']');
        }
        Value::List(_, values) => {
            text.push_str("[\n");
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    text.push_str(",\n");
                }
                indent(text, depth + 1);
                json(text, value, depth + 1);
            }
            if !values.is_empty() {
                text.push('\n');
            }
            indent(text, depth);
            text.push(']');
        }
    }
}

fn is_single(value: &Value) -> bool {
    matches!(value, Value::Text(_) | Value::Number(_) | Value::Truth(_))
}

fn xml(text: &mut String, name: &str, value: &Value, depth: usize) {
    let tag = name.replace(' ', "-");
    indent(text, depth);
    let _ = write!(text, "<{tag}>");
    match value {
        Value::Text(value) => {
            for character in value.chars() {
                match character {
                    '&' => text.push_str("&amp;"),
                    '<' => text.push_str("&lt;"),
                    '>' => text.push_str("&gt;"),
                    // What XML has no way to write.
                    control if control < ' ' && !matches!(control, '\t' | '\n' | '\r') => {
                        text.push(char::REPLACEMENT_CHARACTER);
                    }
                    other => text.push(other),
                }
            }
        }
        Value::Number(digits) => text.push_str(digits),
        Value::Truth(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Record(properties) => {
            text.push('\n');
            for (name, value) in properties {
                xml(text, name, value, depth + 1);
            }
            indent(text, depth);
        }
        Value::List(item, values) => {
            text.push('\n');
            for value in values {
                xml(text, item, value, depth + 1);
            }
            indent(text, depth);
        }
    }
    let _ = writeln!(text, "</{tag}>");
}

/// A value after the name that it has, or the mark of an item; the rest of its line is empty.
fn yaml(text: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Text(value) => {
            quoted(text, value);
            text.push('\n');
        }
        Value::Number(digits) => {
            text.push_str(digits);
            text.push('\n');
        }
        Value::Truth(value) => text.push_str(if *value { "true\n" } else { "false\n" }),
        Value::Record(properties) => {
            text.push('\n');
            yaml_properties(text, properties, depth + 1, false);
        }
        Value::List(_, values) => {
            text.push('\n');
            for value in values {
                yaml_item(text, value, depth + 1);
            }
        }
    }
}

fn yaml_item(text: &mut String, value: &Value, depth: usize) {
    indent(text, depth);
    text.push_str("- ");
    match value {
        Value::Record(properties) => yaml_properties(text, properties, depth + 1, true),
        other => yaml(text, other, depth),
    }
}

/// Names with their values, a line each; the first goes on in the line that is there.
fn yaml_properties(text: &mut String, properties: &[Property], depth: usize, goes_on: bool) {
    for (index, (name, value)) in properties.iter().enumerate() {
        if index > 0 || !goes_on {
            indent(text, depth);
        }
        let _ = write!(text, "{name}: ");
        yaml(text, value, depth);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Value {
        Value::Text(value.to_owned())
    }

    /// As PostgreSQL 15 writes plans, but for what is hidden of them.
    #[test]
    fn plans_are_laid_out_as_postgresql_lays_them_out() {
        let inner = vec![
            ("Node Type", text("Seq Scan")),
            ("Filter", text("(a < 1) AND \"b\"")),
        ];
        let plan = vec![
            ("Node Type", text("Sort")),
            ("Parallel Aware", Value::Truth(false)),
            ("Sort Key", Value::List("Item", vec![text("a"), text("b")])),
            ("Plans", Value::List("Plan", vec![Value::Record(inner)])),
        ];
        let query = vec![
            ("Plan", Value::Record(plan)),
            ("Triggers", Value::List("Trigger", Vec::new())),
            ("Execution Time", Value::Number("0.007".to_owned())),
        ];
        let json = r#"[
  {
    "Plan": {
      "Node Type": "Sort",
      "Parallel Aware": false,
      "Sort Key": ["a", "b"],
      "Plans": [
        {
          "Node Type": "Seq Scan",
          "Filter": "(a < 1) AND \"b\""
        }
      ]
    },
    "Triggers": [
    ],
    "Execution Time": 0.007
  }
]"#;
        assert_eq!(write(Format::Json, vec![query.clone()]), json);
        let xml = r#"<explain xmlns="http://www.postgresql.org/2009/explain">
  <Query>
    <Plan>
      <Node-Type>Sort</Node-Type>
      <Parallel-Aware>false</Parallel-Aware>
      <Sort-Key>
        <Item>a</Item>
        <Item>b</Item>
      </Sort-Key>
      <Plans>
        <Plan>
          <Node-Type>Seq Scan</Node-Type>
          <Filter>(a &lt; 1) AND "b"</Filter>
        </Plan>
      </Plans>
    </Plan>
    <Triggers>
    </Triggers>
    <Execution-Time>0.007</Execution-Time>
  </Query>
</explain>"#;
        assert_eq!(write(Format::Xml, vec![query.clone()]), xml);
        let yaml = [
            "- Plan: ",
            "    Node Type: \"Sort\"",
            "    Parallel Aware: false",
            "    Sort Key: ",
            "      - \"a\"",
            "      - \"b\"",
            "    Plans: ",
            "      - Node Type: \"Seq Scan\"",
            "        Filter: \"(a < 1) AND \\\"b\\\"\"",
            "  Triggers: ",
            "  Execution Time: 0.007",
        ];
        assert_eq!(write(Format::Yaml, vec![query]), yaml.join("\n"));
    }
}
