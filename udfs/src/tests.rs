//! What holds for every function of the library.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Field};
use arrow::util::pretty::pretty_format_batches;
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};
use datafusion::prelude::{SessionConfig, SessionContext};

use super::{
    FunctionError, OVERRIDES, SettingsOfSession, all_scalar_functions, reference, register_all,
};
use crate::reference::entries;

/// Calls a scalar function as DataFusion does, over this many rows.
pub(crate) fn try_call(name: &str, args: Vec<ColumnarValue>, rows: usize) -> Result<ArrayRef> {
    let mut functions = all_scalar_functions().into_iter();
    let function = functions.find(|function| function.name() == name);
    let function = function.unwrap_or_else(|| panic!("there is no {name}"));
    let types: Vec<_> = args.iter().map(ColumnarValue::data_type).collect();
    let field = |given| Arc::new(Field::new("argument", given, true));
    let return_type = function.return_type(&types)?;
    let answer = function.invoke_with_args(ScalarFunctionArgs {
        args,
        arg_fields: types.into_iter().map(field).collect(),
        number_rows: rows,
        return_field: Arc::new(Field::new("answer", return_type.clone(), true)),
        config_options: Arc::new(ConfigOptions::default()),
    })?;
    let array = answer.into_array(rows)?;
    assert_eq!(array.data_type(), &return_type);
    assert_eq!(array.len(), rows);
    Ok(array)
}

/// As [`try_call`], where no error is expected.
pub(crate) fn call(name: &str, args: Vec<ColumnarValue>, rows: usize) -> ArrayRef {
    try_call(name, args, rows).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A context with the whole library, and settings that functions may change to no effect.
fn context() -> SessionContext {
    let settings = SettingsOfSession::new(|_, _| Ok(()));
    let config = SessionConfig::new().with_option_extension(settings);
    let mut context = SessionContext::new_with_config(config);
    register_all(&mut context).expect("every function registers");
    context
}

/// The error of this library that a statement gives.
pub(crate) async fn refusal(statement: &str) -> FunctionError {
    let error = match context().sql(statement).await {
        Ok(frame) => frame.collect().await.err(),
        Err(error) => Some(error),
    };
    let error = error.unwrap_or_else(|| panic!("{statement} gave an answer"));
    let mut cause: &(dyn std::error::Error + 'static) = &error;
    loop {
        if let Some(own) = cause.downcast_ref::<FunctionError>() {
            return own.clone();
        }
        cause = cause
            .source()
            .unwrap_or_else(|| panic!("{statement} gave {error}"));
    }
}

#[tokio::test]
async fn a_wrong_number_of_arguments_hints_at_the_forms() {
    for entry in entries() {
        let name = &entry.name;
        let over = match entry.form {
            "window" => " OVER (ORDER BY 1)",
            _ => "",
        };
        let takes_none = entry
            .documentation
            .is_some_and(|known| known.syntax_example.ends_with("()"));
        let arguments = if takes_none { "1" } else { "" };
        let error = refusal(&format!("SELECT {name}({arguments}){over}")).await;
        assert_eq!(error.sqlstate, "42883", "{name}: {error}");
        let beginning = format!("{name} takes ");
        assert!(error.message.starts_with(&beginning), "{name}: {error}");
        let hint = error.hint.unwrap_or_default();
        assert!(hint.contains(&format!("{name}(")), "{name}: {hint}");
    }
}

/// Functions that answer NULL with something else, as their documentation says.
const NULL_HAS_AN_ANSWER: [&str; 3] = ["was_imputed", "num_nulls", "num_nonnulls"];

/// Functions that refuse NULL, as PostgreSQL does.
const NULL_IS_REFUSED: [&str; 2] = ["array_assign", "array_fill"];

/// Functions without arguments, and those whose answer's type the values of arguments tell.
const WITHOUT_TYPE: [&str; 3] = ["show_limit", "to_number", "trim_scale"];

#[tokio::test]
async fn null_in_gives_null_out() {
    for function in all_scalar_functions() {
        let name = function.name();
        let accepts = |count: &usize| function.return_type(&vec![DataType::Null; *count]).is_ok();
        let Some(most) = (1..=12).rev().find(accepts) else {
            assert!(WITHOUT_TYPE.contains(&name), "{name}");
            continue;
        };
        if NULL_IS_REFUSED.contains(&name) {
            continue;
        }
        let nulls = vec!["NULL"; most].join(", ");
        let statement = format!("SELECT {name}({nulls}) IS NULL AS answer");
        let frame = context().sql(&statement).await.unwrap();
        let batches = frame.collect().await;
        let batches = batches.unwrap_or_else(|error| panic!("{statement}: {error}"));
        let is_null = batches[0].column(0).as_boolean().value(0);
        assert_eq!(is_null, !NULL_HAS_AN_ANSWER.contains(&name), "{statement}");
    }
}

#[test]
fn no_name_is_taken_twice() {
    let state = SessionContext::new().state();
    let mut taken: HashMap<String, String> = HashMap::new();
    let builtin = state
        .scalar_functions()
        .keys()
        .chain(state.aggregate_functions().keys())
        .chain(state.window_functions().keys());
    for name in builtin {
        taken.insert(name.clone(), "DataFusion".to_string());
    }
    for name in OVERRIDES {
        assert!(taken.remove(name).is_some(), "{name} overrides nothing");
    }
    for entry in entries() {
        for name in std::iter::once(&entry.name).chain(&entry.aliases) {
            let before = taken.insert(name.clone(), entry.name.clone());
            assert_eq!(before, None, "{name} is taken");
        }
    }
}

#[test]
fn every_function_is_documented() {
    for entry in entries() {
        let name = &entry.name;
        let documentation = entry.documentation.as_ref();
        let documentation = documentation.unwrap_or_else(|| panic!("{name} has no user_doc"));
        assert!(!documentation.description.is_empty(), "{name}");
        assert!(
            documentation
                .syntax_example
                .starts_with(&format!("{name}(")),
            "{name}"
        );
        assert!(
            documentation.arguments.is_some() || documentation.syntax_example.ends_with("()"),
            "{name} documents no argument"
        );
        assert!(documentation.sql_example.is_some(), "{name} has no example");
        assert!(reference().contains(&format!("\n### {name}\n")));
    }
}

/// The statement and the output of an example: lines after `> ` or two blanks are the statement,
/// the table below it is the output.
fn split_example(example: &str) -> (String, String) {
    let lines = example
        .trim()
        .lines()
        .filter(|line| !line.starts_with("```"));
    let (output, statement): (Vec<&str>, Vec<&str>) =
        lines.partition(|line| line.starts_with(['+', '|']));
    let statement: Vec<&str> = statement
        .iter()
        .map(|line| line.trim_start_matches("> ").trim_end_matches(';'))
        .collect();
    (statement.join("\n"), output.join("\n"))
}

#[tokio::test]
async fn every_example_gives_the_output_it_shows() {
    let context = context();
    let mut wrong = Vec::new();
    for entry in entries() {
        let name = &entry.name;
        let example = entry
            .documentation
            .and_then(|documentation| documentation.sql_example)
            .unwrap_or_else(|| panic!("{name} has no example"));
        let (statement, expected) = split_example(&example);
        let found = match context.sql(&statement).await {
            Ok(frame) => frame.collect().await,
            Err(error) => Err(error),
        };
        match found {
            Ok(batches) => {
                let output = pretty_format_batches(&batches).unwrap().to_string();
                if !expected.is_empty() && output != expected {
                    wrong.push(format!("the example of {name} gives\n{output}"));
                }
            }
            Err(error) => wrong.push(format!("{name}: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
