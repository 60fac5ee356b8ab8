//! Expressions over values of enum types.

use arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::common::metadata::FieldMetadata;
use datafusion::common::tree_node::Transformed;
use datafusion::error::Result as QueryResult;
use datafusion::functions_nested::expr_fn::{array_slice, make_array};
use datafusion::logical_expr::expr::{Between, InList, ScalarFunction};
use datafusion::logical_expr::{
    BinaryExpr, Case, Cast, Expr, ExprSchemable as _, Operator, cast, lit, when,
};
use datafusion::scalar::ScalarValue;
use tributary_udfs::enums::{self, EnumDefinition, EnumKind, EnumType};
use tributary_udfs::type_name;

use super::definition;
use crate::catalog::Snapshot;
use crate::error::{Error, Result, SqlState};
use crate::session::places;

/// What expressions are rewritten by.
pub(super) struct Expressions<'a> {
    pub snapshot: &'a Snapshot,
    pub path: &'a [String],
    /// What the expressions are over.
    pub schema: &'a DFSchema,
}

impl Expressions<'_> {
    /// The type of an expression.
    pub fn kind(&self, expression: &Expr) -> Option<EnumKind> {
        EnumKind::of(expression, self.schema)
    }

    pub fn definition(&self, of: EnumType) -> Result<EnumDefinition> {
        definition(self.snapshot, self.path, of)
    }

    /// Puts the place of a value in its place; whether it is one of an enum type.
    pub fn place(&self, expression: &mut Expr) -> QueryResult<bool> {
        let Some(kind) = self.kind(expression) else {
            return Ok(false);
        };
        *expression = enums::place(expression.clone(), &self.definition(kind.of)?);
        Ok(true)
    }

    /// That values which are joined by are of one type.
    pub fn check_joined(
        &self,
        (left, of_left): (&Expr, &DFSchema),
        (right, of_right): (&Expr, &DFSchema),
    ) -> Result<()> {
        let own = EnumKind::of(left, of_left);
        let other = EnumKind::of(right, of_right);
        if own == other {
            return Ok(());
        }
        let name = |kind: Option<EnumKind>, expression: &Expr, schema: &DFSchema| match kind {
            Some(kind) => self.name(kind),
            None => expression
                .get_type(schema)
                .map_or_else(|_| "unknown".to_owned(), |of| type_name(&of)),
        };
        let (own, other) = (name(own, left, of_left), name(other, right, of_right));
        Err(no_operator(&own, "=", &other))
    }

    /// The name of a type.
    fn name(&self, kind: EnumKind) -> String {
        let found = self.snapshot.object(kind.of.oid);
        let name = found.map(|object| super::shown_name(object, self.snapshot, self.path));
        let array = if kind.is_array { "[]" } else { "" };
        format!("{}{array}", name.unwrap_or_else(|| "enum".to_owned()))
    }

    /// The name of the type of an expression.
    fn name_of(&self, expression: &Expr) -> String {
        match self.kind(expression) {
            Some(kind) => self.name(kind),
            None if is_unknown(expression) => "unknown".to_owned(),
            None => expression
                .get_type(self.schema)
                .map_or_else(|_| "unknown".to_owned(), |of| type_name(&of)),
        }
    }

    /// An expression with its type told by its field.
    fn typed(&self, expression: Expr, kind: EnumKind) -> Expr {
        let own = expression.to_field(self.schema);
        match own.is_ok_and(|(_, field)| EnumKind::of_field(&field) == Some(kind)) {
            true => expression,
            false => enums::declared(expression, kind.of),
        }
    }

    /// An expression as one of a type, where it is of it or of none so far; otherwise as it is.
    fn as_kind(&self, expression: Expr, kind: EnumKind) -> QueryResult<Expr> {
        match self.kind(&expression) {
            // What it stands beside tells the type of a parameter, and nothing of its value.
            _ if matches!(expression, Expr::Placeholder(_)) => Ok(self.read(expression, kind)?),
            Some(own) if own == kind => Ok(self.typed(expression, kind)),
            None if is_unknown(&expression) => Ok(self.read(expression, kind)?),
            _ => Ok(expression),
        }
    }

    /// Texts as values; a literal is read at once.
    fn read(&self, texts: Expr, kind: EnumKind) -> Result<Expr> {
        let definition = self.definition(kind.of)?;
        if kind.is_array {
            let is_list = matches!(texts.get_type(self.schema), Ok(DataType::List(_)));
            let texts = match is_list {
                true => texts,
                false => {
                    let lists = DataType::new_list(DataType::Utf8, true);
                    Expr::Cast(Cast::new(Box::new(texts), lists))
                }
            };
            return Ok(enums::read(texts, &definition));
        }
        let Expr::Literal(value, _) = &texts else {
            return Ok(enums::read(texts, &definition));
        };
        let text = match value {
            ScalarValue::Null => None,
            value => value.try_as_str().flatten().map(str::to_owned),
        };
        if let Some(text) = &text
            && !definition.labels.contains(text)
        {
            let message = format!(
                "invalid input value for enum {}: \"{text}\"",
                definition.name
            );
            return Err(Error::new(SqlState::INVALID_TEXT_REPRESENTATION, message));
        }
        Ok(literal(text, kind.of))
    }

    /// What is beside values of one type, as values of it too.
    fn of_one_type(&self, left: Expr, right: Expr, operator: &str) -> QueryResult<[Expr; 2]> {
        let kind = self.kind(&left).or_else(|| self.kind(&right));
        let Some(kind) = kind else {
            return Ok([left, right]);
        };
        let (left, right) = (self.as_kind(left, kind)?, self.as_kind(right, kind)?);
        if self.kind(&left) != Some(kind) || self.kind(&right) != Some(kind) {
            let names = (self.name_of(&left), self.name_of(&right));
            return Err(no_operator(&names.0, operator, &names.1).into());
        }
        Ok([left, right])
    }

    /// An expression as PostgreSQL means it.
    pub fn rewrite(&self, expression: Expr) -> QueryResult<Transformed<Expr>> {
        Ok(match expression {
            Expr::Cast(cast) => self.cast(cast)?,
            Expr::BinaryExpr(BinaryExpr { left, op, right }) if is_comparison(op) => {
                let kind = self.kind(&left).or_else(|| self.kind(&right));
                let [left, right] = self.of_one_type(*left, *right, &op.to_string())?;
                let (left, right) = match kind {
                    Some(kind) if is_ordering(op) => {
                        let definition = self.definition(kind.of)?;
                        (
                            enums::place(left, &definition),
                            enums::place(right, &definition),
                        )
                    }
                    _ => (left, right),
                };
                let compared = BinaryExpr::new(Box::new(left), op, Box::new(right));
                Transformed::new_transformed(Expr::BinaryExpr(compared), kind.is_some())
            }
            Expr::Between(between) if self.kind(&between.expr).is_some() => {
                let Some(kind) = self.kind(&between.expr) else {
                    return Ok(Transformed::no(Expr::Between(between)));
                };
                let definition = self.definition(kind.of)?;
                let [value, low] = self.of_one_type(*between.expr, *between.low, ">=")?;
                let [value, high] = self.of_one_type(value, *between.high, "<=")?;
                Transformed::yes(Expr::Between(Between {
                    expr: Box::new(enums::place(value, &definition)),
                    negated: between.negated,
                    low: Box::new(enums::place(low, &definition)),
                    high: Box::new(enums::place(high, &definition)),
                }))
            }
            Expr::InList(list) if self.kind(&list.expr).is_some() => {
                let mut value = *list.expr;
                let mut items = Vec::with_capacity(list.list.len());
                for item in list.list {
                    let [own, item] = self.of_one_type(value, item, "=")?;
                    value = own;
                    items.push(item);
                }
                Transformed::yes(Expr::InList(InList {
                    expr: Box::new(value),
                    list: items,
                    negated: list.negated,
                }))
            }
            Expr::Like(like) | Expr::SimilarTo(like) if self.kind(&like.expr).is_some() => {
                let operator = if like.negated { "!~~" } else { "~~" };
                let (own, pattern) = (self.name_of(&like.expr), self.name_of(&like.pattern));
                return Err(no_operator(&own, operator, &pattern).into());
            }
            // A plan that has taken a subquery apart does not tell its type.
            Expr::ScalarSubquery(subquery) => {
                let whole = Expr::ScalarSubquery(subquery);
                match self.kind(&whole) {
                    Some(kind) => Transformed::yes(enums::declared(whole, kind.of)),
                    None => Transformed::no(whole),
                }
            }
            Expr::Case(case) => self.case(case)?,
            Expr::ScalarFunction(call) => self.call(call)?,
            Expr::WindowFunction(mut function) => {
                let name = function.fun.name().to_owned();
                let params = &mut function.params;
                let is_ordered = places::order(&mut params.order_by, &|value| self.place(value))?;
                let is_placed = self.arguments(&name, &mut params.args)?;
                let is_changed = is_ordered || is_placed;
                Transformed::new_transformed(Expr::WindowFunction(function), is_changed)
            }
            Expr::AggregateFunction(mut function) => {
                let name = function.func.name().to_owned();
                let params = &mut function.params;
                let is_ordered = places::order(&mut params.order_by, &|value| self.place(value))?;
                let is_placed = self.arguments(&name, &mut params.args)?;
                let is_changed = is_ordered || is_placed;
                Transformed::new_transformed(Expr::AggregateFunction(function), is_changed)
            }
            other => Transformed::no(other),
        })
    }

    /// The arguments of an aggregate or window function: the least and the greatest value are found by
    /// places, and what stands for a value that is not there is one too.
    fn arguments(&self, name: &str, arguments: &mut [Expr]) -> QueryResult<bool> {
        let Some(kind) = arguments.first().and_then(|value| self.kind(value)) else {
            return Ok(false);
        };
        match (name, arguments) {
            ("min" | "max", [value]) => {
                *value = enums::place(value.clone(), &self.definition(kind.of)?);
                Ok(true)
            }
            ("lag" | "lead" | "tributary_lag" | "tributary_lead", [_, _, otherwise]) => {
                *otherwise = self.answered(otherwise.clone(), kind, name)?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn cast(&self, cast: Cast) -> QueryResult<Transformed<Expr>> {
        let from = self.kind(&cast.expr);
        let to = EnumKind::of_field(&cast.field);
        Ok(match (from, to) {
            (None, None) => Transformed::no(Expr::Cast(cast)),
            (Some(from), Some(to)) if from == to => Transformed::yes(self.typed(*cast.expr, to)),
            (None, Some(to)) => {
                let own = cast.expr.get_type(self.schema).unwrap_or(DataType::Null);
                let fits = match &own {
                    DataType::List(item) => to.is_array && item.data_type().is_string(),
                    own => own.is_string() || own.is_null(),
                };
                if !fits && !matches!(*cast.expr, Expr::Placeholder(_)) {
                    // A literal is an integer where it fits.
                    let own = match cast.expr.as_ref() {
                        Expr::Literal(ScalarValue::Int64(Some(number)), _)
                            if i32::try_from(*number).is_ok() =>
                        {
                            DataType::Int32
                        }
                        _ => own,
                    };
                    return Err(no_cast(&type_name(&own), &self.name(to)).into());
                }
                Transformed::yes(self.read(*cast.expr, to)?)
            }
            (Some(from), Some(to)) => {
                return Err(no_cast(&self.name(from), &self.name(to)).into());
            }
            (Some(from), None) => {
                let to = cast.field.data_type();
                let fits = match to {
                    DataType::List(item) => from.is_array && item.data_type().is_string(),
                    to => to.is_string(),
                };
                if !fits {
                    return Err(no_cast(&self.name(from), &type_name(to)).into());
                }
                let text = enums::text(*cast.expr);
                let is_plain = *to == DataType::Utf8 && cast.field.metadata().is_empty();
                Transformed::yes(match is_plain && !from.is_array {
                    true => text,
                    false => Expr::Cast(Cast::new_from_field(Box::new(text), cast.field)),
                })
            }
        })
    }

    fn case(&self, mut case: Case) -> QueryResult<Transformed<Expr>> {
        let mut is_changed = false;
        if let Some(operand) = case.expr.take() {
            let mut operand = *operand;
            if self.kind(&operand).is_some() {
                for (when, _) in &mut case.when_then_expr {
                    let [own, beside] = self.of_one_type(operand, when.as_ref().clone(), "=")?;
                    operand = own;
                    **when = beside;
                }
                is_changed = true;
            }
            case.expr = Some(Box::new(operand));
        }
        let whole = Expr::Case(case.clone());
        let Some(kind) = self.kind(&whole) else {
            return Ok(Transformed::new_transformed(whole, is_changed));
        };
        for (_, then) in &mut case.when_then_expr {
            **then = self.answered(then.as_ref().clone(), kind, "CASE")?;
        }
        if let Some(otherwise) = &mut case.else_expr {
            **otherwise = self.answered(otherwise.as_ref().clone(), kind, "CASE")?;
        }
        Ok(Transformed::yes(enums::declared(Expr::Case(case), kind.of)))
    }

    /// One of several values that are of one type.
    fn answered(&self, value: Expr, kind: EnumKind, of: &str) -> QueryResult<Expr> {
        let value = self.as_kind(value, kind)?;
        let own = self.kind(&value);
        if own == Some(kind) {
            return Ok(value);
        }
        // Texts that come of elsewhere are read, as those of a row that is put in.
        let is_text = value.get_type(self.schema).is_ok_and(|it| it.is_string());
        if own.is_none() && is_text && !kind.is_array {
            return Ok(self.read(value, kind)?);
        }
        let message = format!(
            "{of} types {} and {} cannot be matched",
            self.name(kind),
            self.name_of(&value)
        );
        Err(Error::new(SqlState::DATATYPE_MISMATCH, message).into())
    }

    fn call(&self, mut call: ScalarFunction) -> QueryResult<Transformed<Expr>> {
        let name = call.func.name().to_owned();
        match name.as_str() {
            "enum_first" | "enum_last" | "enum_range" => return self.support(&name, &call.args),
            "pg_typeof" => {
                if let [value] = call.args.as_slice()
                    && let Some(kind) = self.kind(value)
                {
                    return Ok(Transformed::yes(lit(self.name(kind))));
                }
            }
            "array_has" | "array_position" | "array_positions" => {
                return self.sought(call);
            }
            _ => {}
        }
        // A rule that is run twice declares twice.
        if let [inner] = call.args.as_mut_slice()
            && enums::is_declaration(inner)
            && name == "tributary_as_enum"
        {
            let inner = std::mem::replace(inner, lit(ScalarValue::Null));
            return Ok(Transformed::yes(inner));
        }
        let whole = Expr::ScalarFunction(call.clone());
        let own = whole.to_field(self.schema);
        let is_told = own.is_ok_and(|(_, field)| EnumKind::of_field(&field).is_some());
        let Some(kind) = self.kind(&whole) else {
            return Ok(Transformed::no(whole));
        };
        let upper = name.to_uppercase();
        match name.as_str() {
            "greatest" | "least" => {
                let definition = self.definition(kind.of)?;
                for argument in &mut call.args {
                    let value = std::mem::replace(argument, lit(ScalarValue::Null));
                    let value = self.answered(value, kind, &upper)?;
                    *argument = enums::place(value, &definition);
                }
                let place = Expr::ScalarFunction(call);
                return Ok(Transformed::yes(enums::label(place, &definition)));
            }
            "make_array" => {
                let one = EnumKind::one(kind.of);
                for argument in &mut call.args {
                    let value = std::mem::replace(argument, lit(ScalarValue::Null));
                    *argument = self.answered(value, one, "ARRAY")?;
                }
            }
            "coalesce" | "nullif" | "nvl" => {
                for argument in &mut call.args {
                    let value = std::mem::replace(argument, lit(ScalarValue::Null));
                    *argument = self.answered(value, kind, &upper)?;
                }
            }
            _ if is_told && !enums::keeps_array(&name) => return Ok(Transformed::no(whole)),
            // What such a function answers is not always of the type of the items that it tells.
            _ if enums::keeps_array(&name) => {
                let one = EnumKind::one(kind.of);
                for argument in &mut call.args {
                    let mut value = std::mem::replace(argument, lit(ScalarValue::Null));
                    if value.get_type(self.schema).is_ok_and(|it| it.is_string()) {
                        value = self.as_kind(value, one)?;
                    }
                    *argument = match self.kind(&value) {
                        Some(_) => enums::text(value),
                        None => value,
                    };
                }
            }
            _ => {}
        }
        let call = Expr::ScalarFunction(call);
        Ok(Transformed::yes(enums::declared(call, kind.of)))
    }

    /// A value that is sought in an array: `value = ANY (array)` and the like.
    fn sought(&self, mut call: ScalarFunction) -> QueryResult<Transformed<Expr>> {
        let [array, value, ..] = call.args.as_slice() else {
            return Ok(Transformed::no(Expr::ScalarFunction(call)));
        };
        let (of_array, of_value) = (self.kind(array), self.kind(value));
        let Some(of) = of_array.or(of_value).map(|kind| kind.of) else {
            return Ok(Transformed::no(Expr::ScalarFunction(call)));
        };
        let (array, value) = (array.clone(), value.clone());
        let array = match (of_array, of_value) {
            // Items that are written out are of no type so far.
            (None, Some(_)) if is_unknown(&array) || of_unknown_items(&array) => {
                self.read(array, EnumKind::array(of))?
            }
            _ => array,
        };
        let value = self.as_kind(value, EnumKind::one(of))?;
        let fits = self.kind(&array) == Some(EnumKind::array(of))
            && self.kind(&value) == Some(EnumKind::one(of));
        if !fits {
            let names = (self.name_of(&value), self.name_of(&array));
            let item = names.1.trim_end_matches("[]").to_owned();
            return Err(no_operator(&names.0, "=", &item).into());
        }
        // Beside items of plain texts, what is compared are texts.
        call.args[0] = enums::text(array);
        call.args[1] = enums::text(value);
        Ok(Transformed::yes(Expr::ScalarFunction(call)))
    }

    /// `enum_first`, `enum_last` and `enum_range`, whose answers are known when they are planned.
    fn support(&self, name: &str, arguments: &[Expr]) -> QueryResult<Transformed<Expr>> {
        let Some(kind) = arguments.iter().find_map(|value| self.kind(value)) else {
            let message = "could not determine polymorphic type because input has type unknown";
            return Err(Error::new(SqlState::DATATYPE_MISMATCH, message)
                .with_hint("Cast the argument to an enum type: NULL::mood.")
                .into());
        };
        if kind.is_array {
            let message = format!("function {name}({}) does not exist", self.name(kind));
            return Err(Error::new(SqlState::UNDEFINED_FUNCTION, message).into());
        }
        let definition = self.definition(kind.of)?;
        let labels = &definition.labels;
        let answer = match (name, arguments) {
            ("enum_first", [_]) => literal(labels.first().cloned(), kind.of),
            ("enum_last", [_]) => literal(labels.last().cloned(), kind.of),
            ("enum_range", [_]) => range(labels, kind.of),
            ("enum_range", [from, to]) => {
                let from = self.answered(from.clone(), kind, "enum_range")?;
                let to = self.answered(to.clone(), kind, "enum_range")?;
                let count = i64::try_from(labels.len()).unwrap_or(i64::MAX);
                let bound = |value: Expr, open: i64| {
                    let place = enums::place(value.clone(), &definition);
                    let at = cast(place, DataType::Int64) + lit(1_i64);
                    when(value.is_null(), lit(open)).otherwise(at)
                };
                let (first, last) = (bound(from, 1)?, bound(to, count)?);
                let all = enums::text(range(labels, kind.of));
                let slice = array_slice(all, first, last, None);
                enums::declared(slice, kind.of)
            }
            _ => {
                let message = format!("function {name} is called with other arguments");
                return Err(Error::new(SqlState::UNDEFINED_FUNCTION, message).into());
            }
        };
        Ok(Transformed::yes(answer))
    }
}

fn range(labels: &[String], of: EnumType) -> Expr {
    let labels = labels.iter().map(|label| literal(Some(label.clone()), of));
    enums::declared(make_array(labels.collect()), of)
}

/// A value in writing.
fn literal(label: Option<String>, of: EnumType) -> Expr {
    Expr::Literal(
        ScalarValue::Utf8(label),
        Some(FieldMetadata::from(of.metadata())),
    )
}

/// Whether an expression is a literal whose type is that of what it stands beside.
pub(super) fn is_unknown(expression: &Expr) -> bool {
    matches!(
        expression,
        Expr::Literal(
            ScalarValue::Utf8(_) | ScalarValue::Utf8View(_) | ScalarValue::Null,
            _
        ) | Expr::Placeholder(_)
    )
}

/// Whether an expression is an array of such literals.
fn of_unknown_items(expression: &Expr) -> bool {
    match expression {
        Expr::ScalarFunction(call) => {
            call.func.name() == "make_array" && call.args.iter().all(is_unknown)
        }
        Expr::Literal(ScalarValue::List(_), _) => true,
        _ => false,
    }
}

fn is_comparison(operator: Operator) -> bool {
    use Operator::{Eq, IsDistinctFrom, IsNotDistinctFrom, NotEq};
    is_ordering(operator) || matches!(operator, Eq | NotEq | IsDistinctFrom | IsNotDistinctFrom)
}

fn is_ordering(operator: Operator) -> bool {
    use Operator::{Gt, GtEq, Lt, LtEq};
    matches!(operator, Lt | LtEq | Gt | GtEq)
}

fn no_operator(left: &str, operator: &str, right: &str) -> Error {
    let message = format!("operator does not exist: {left} {operator} {right}");
    Error::new(SqlState::UNDEFINED_FUNCTION, message).with_hint(
        "No operator matches the given name and argument types. You might need to add explicit \
         type casts.",
    )
}

fn no_cast(from: &str, to: &str) -> Error {
    let message = format!("cannot cast type {from} to {to}");
    Error::new(SqlState::CANNOT_COERCE, message)
}
