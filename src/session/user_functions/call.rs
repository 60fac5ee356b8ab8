//! A call of a user's function in a query that is being planned: a function of the planner's, which
//! tells what the call answers from what its arguments are, and is gone before the plan is run.
//!
//! So arguments are planned where the call stands: an aggregate among them is one of the query around
//! the call, and their columns are those of that query, whatever the function's body reads.

use std::sync::LazyLock;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::DFSchema;
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ExprSchemable as _, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature, Volatility,
};
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::{
    self, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, ObjectName,
    Value,
};
use serde_json::json;

use super::body::{cast, plain_type};
use super::resolution::{Candidate, Given, Place, ambiguous, choose, planned_type, undefined};
use crate::catalog::Oid;
use crate::error::{Error, Result};
use crate::sql::create_function::{Returns, type_text};

/// The function's name.
pub(super) const NAME: &str = "tributary_user_function";

/// The function: of a text that tells which functions may be meant and, for each of these, a NULL of
/// its type and its arguments.
pub static FUNCTION: LazyLock<ScalarUDF> = LazyLock::new(|| {
    ScalarUDF::new_from_impl(UserFunction {
        signature: Signature::variadic_any(Volatility::Volatile),
    })
});

/// The call of the planner's function in the place of one of a user's.
pub(super) fn written(name: &ObjectName, candidates: &[Candidate<'_>]) -> Result<ast::Expr> {
    let mut told = Vec::with_capacity(candidates.len());
    let mut arguments = Vec::new();
    for candidate in candidates {
        let Returns::Type(returns) = &candidate.create.returns else {
            let name = &candidate.create.name.name;
            let what = format!("function {name}, which gives rows, where a value is expected");
            return Err(Error::unsupported(what).with_hint("Call it in FROM."));
        };
        let mut places = candidate.places().into_iter();
        let own = candidate.create.arguments.iter().zip(&candidate.given);
        let own = own.map(|(argument, given)| {
            let place = given.then(|| places.next()).flatten();
            let written = match place.map(|place| place.given) {
                None => json!({"default": true}),
                Some(Given::Type(name)) => json!({ "is": name }),
                Some(Given::Unknown) => json!({"unknown": true}),
                Some(Given::Open) => json!({}),
            };
            json!({"wants": type_text(&argument.data_type), "given": written})
        });
        told.push(json!({
            "function": candidate.function.oid.to_string(),
            "signature": candidate.create.signature(),
            "arguments": own.collect::<Vec<_>>(),
        }));
        let null = ast::Expr::value(Value::Null);
        arguments.push(cast(null, plain_type(returns)));
        let values = candidate.values.iter().zip(&candidate.create.arguments);
        arguments.extend(values.map(|(value, argument)| {
            // What has no type of its own gets one here, as long as nothing depends on it.
            let is_open = matches!(value, ast::Expr::Value(_));
            match is_open && candidates.len() == 1 {
                true => cast(value.clone(), plain_type(&argument.data_type)),
                false => value.clone(),
            }
        }));
    }
    let shown = name.to_string();
    let told = json!({"name": shown, "candidates": told}).to_string();
    arguments.insert(0, ast::Expr::value(Value::SingleQuotedString(told)));
    let arguments = arguments.into_iter();
    let arguments = arguments.map(|value| FunctionArg::Unnamed(FunctionArgExpr::Expr(value)));
    Ok(ast::Expr::Function(ast::Function {
        name: ObjectName::from(vec![Ident::new(NAME)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: arguments.collect(),
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    }))
}

/// A call as it was planned.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) function: Oid,
    pub(super) values: Vec<Expr>,
}

impl Call {
    /// The call that an expression is, over columns of this schema.
    ///
    /// # Errors
    /// 42883 and 42725, as for [`super::resolution::resolve`].
    pub(super) fn of(expression: &Expr, schema: &DFSchema) -> QueryResult<Option<Self>> {
        let Some(call) = as_call(expression) else {
            return Ok(None);
        };
        let Some(Expr::Literal(told, _)) = call.args.first() else {
            return Err(misread());
        };
        let fields = call.args.iter().map(|argument| {
            let (_, field) = argument.to_field(schema)?;
            Ok(field)
        });
        let fields: Vec<FieldRef> = fields.collect::<QueryResult<_>>()?;
        let chosen = Chosen::among(told, &fields)?;
        let values = call.args.get(chosen.first..chosen.first + chosen.width);
        Ok(Some(Self {
            function: chosen.function,
            values: values.ok_or_else(misread)?.to_vec(),
        }))
    }
}

/// Whether an expression is a call.
pub(super) fn as_call(expression: &Expr) -> Option<&ScalarFunction> {
    match expression {
        Expr::ScalarFunction(call) if call.func.name() == NAME => Some(call),
        _ => None,
    }
}

fn misread() -> DataFusionError {
    Error::internal("a call of a user's function cannot be read").into()
}

/// The candidate that the types of the arguments choose.
struct Chosen {
    function: Oid,
    /// The place of its first argument.
    first: usize,
    width: usize,
}

impl Chosen {
    fn among(told: &ScalarValue, fields: &[FieldRef]) -> QueryResult<Self> {
        let Some(Some(told)) = told.try_as_str() else {
            return Err(misread());
        };
        let told: serde_json::Value = serde_json::from_str(told).map_err(|_| misread())?;
        let list = |value: &serde_json::Value, key: &str| {
            let list = value.get(key).and_then(|list| list.as_array()).cloned();
            list.ok_or_else(misread)
        };
        let text = |value: &serde_json::Value, key: &str| {
            let text = value.get(key).and_then(|text| text.as_str());
            text.map(str::to_owned).ok_or_else(misread)
        };
        let (mut options, mut all, mut signatures) = (Vec::new(), Vec::new(), Vec::new());
        let mut place = 1;
        for candidate in list(&told, "candidates")? {
            let arguments = list(&candidate, "arguments")?;
            let function = text(&candidate, "function")?;
            options.push(Self {
                function: function.parse().map_err(|_| misread())?,
                first: place + 1,
                width: arguments.len(),
            });
            signatures.push(text(&candidate, "signature")?);
            let mut places = Vec::with_capacity(arguments.len());
            for (index, argument) in arguments.iter().enumerate() {
                let field = fields.get(place + 1 + index).ok_or_else(misread)?;
                let given = argument.get("given").ok_or_else(misread)?;
                let given = if given.get("default").is_some() {
                    continue;
                } else if given.get("unknown").is_some() {
                    Given::Unknown
                } else if given.get("is").is_some() {
                    Given::Type(text(given, "is")?)
                } else {
                    planned_type(field)
                };
                let wanted = text(argument, "wants")?;
                places.push(Place { wanted, given });
            }
            all.push(places);
            place += 1 + arguments.len();
        }
        let left = choose(&all);
        let name = text(&told, "name")?;
        let name = name.rsplit('.').next().unwrap_or(&name).replace('"', "");
        match left.as_slice() {
            [only] => Ok(options.swap_remove(*only)),
            [] => {
                let types = all.into_iter().next().unwrap_or_default().into_iter();
                let types = types.map(|place| match place.given {
                    Given::Type(name) => name.replace(" (computed)", ""),
                    Given::Unknown | Given::Open => "unknown".to_owned(),
                });
                Err(undefined(&name, &types.collect::<Vec<_>>(), &signatures).into())
            }
            _ => Err(ambiguous(&name).into()),
        }
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct UserFunction {
    signature: Signature,
}

impl ScalarUDFImpl for UserFunction {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn schema_name(&self, arguments: &[Expr]) -> QueryResult<String> {
        let Some((Expr::Literal(told, _), arguments)) = arguments.split_first() else {
            return Err(misread());
        };
        let told = told.try_as_str().flatten().unwrap_or_default();
        let told: serde_json::Value = serde_json::from_str(told).map_err(|_| misread())?;
        let name = told.get("name").and_then(|name| name.as_str());
        // No name that could be taken for one of a relation and a column.
        let name = name.unwrap_or(NAME).replace('"', "").replace('.', "_");
        let arguments = arguments.iter().map(|it| it.schema_name().to_string());
        let arguments: Vec<String> = arguments.collect();
        Ok(format!("{name}({})", arguments.join(",")))
    }

    fn return_type(&self, _: &[DataType]) -> QueryResult<DataType> {
        Err(misread())
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> QueryResult<FieldRef> {
        let Some(Some(told)) = arguments.scalar_arguments.first() else {
            return Err(misread());
        };
        let chosen = Chosen::among(told, arguments.arg_fields)?;
        let answer = arguments.arg_fields.get(chosen.first - 1);
        let answer = answer.ok_or_else(misread)?;
        let field = Field::new(NAME, answer.data_type().clone(), true);
        Ok(FieldRef::new(
            field.with_metadata(answer.metadata().clone()),
        ))
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> QueryResult<ColumnarValue> {
        Err(Error::unsupported("a function that a user has made in this place").into())
    }
}
