//! Calls of functions that users have made: they become what the functions compute, as PostgreSQL
//! inlines such functions, before a query is planned.
//!
//! What is put in stands between the names of the query around it. So an argument that reads columns
//! must not be taken for columns of what the body reads: where it could be, the call is refused.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::sql::sqlparser::ast::{
    self, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    Ident, ObjectName as AstName, Query, SelectItem, SetExpr, TableAlias, TableAliasColumnDef,
    TableFactor, Value, VisitMut, VisitorMut, visit_expressions, visit_relations,
};

use crate::catalog::{Object, Oid, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::sql::create_function::{Argument, CreateFunction, Returns, type_text};
use crate::sql::cursor::object_name_from;
use crate::sql::name::Quoted;
use crate::sql::shown::Shown;
use crate::sql::{QualifiedName, Statement, parse_one};

/// How deep functions may call functions.
const MAX_DEPTH: usize = 32;

/// Gives calls of functions their full names; answers these functions.
///
/// # Errors
/// 42883 for a call with arguments that no function of the name takes; 42725 where several do.
pub fn qualify(
    node: &mut impl VisitMut,
    snapshot: &Snapshot,
    path: &[String],
) -> Result<BTreeSet<Oid>> {
    let mut found = BTreeSet::new();
    if !snapshot.has_functions() {
        return Ok(found);
    }
    let mut visitor = Calls {
        snapshot,
        path,
        act: |call: Call<'_>| {
            found.insert(call.function.oid);
            Ok(None)
        },
    };
    finished(node.visit(&mut visitor))?;
    Ok(found)
}

/// Puts what functions compute in the place of their calls.
///
/// # Errors
/// Those of [`qualify`]; 54001 where functions call each other without end; 0A000 for a call that
/// cannot be put so.
pub fn inline(node: &mut impl VisitMut, snapshot: &Snapshot, path: &[String]) -> Result<()> {
    if !snapshot.has_functions() {
        return Ok(());
    }
    inline_within(node, snapshot, path, 0)
}

fn inline_within(
    node: &mut impl VisitMut,
    snapshot: &Snapshot,
    path: &[String],
    depth: usize,
) -> Result<()> {
    let mut visitor = Calls {
        snapshot,
        path,
        act: |call: Call<'_>| {
            if depth >= MAX_DEPTH {
                return Err(Error::new(
                    SqlState::STATEMENT_TOO_COMPLEX,
                    format!("functions call each other more than {MAX_DEPTH} deep"),
                ));
            }
            let mut put = call.put(snapshot)?;
            match &mut put {
                Put::Value(value) => inline_within(value, snapshot, path, depth + 1)?,
                Put::Rows(rows) => inline_within(rows, snapshot, path, depth + 1)?,
            }
            Ok(Some(put))
        },
    };
    finished(node.visit(&mut visitor))
}

fn finished(flow: ControlFlow<Error>) -> Result<()> {
    match flow {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

/// The body of a function with arguments that are NULL, to see what it answers.
///
/// # Errors
/// Those of the body's text.
pub fn probe(create: &CreateFunction, snapshot: &Snapshot) -> Result<Box<Query>> {
    let nulls = create.arguments.iter();
    let nulls = nulls.map(|it| cast(Expr::value(Value::Null), it.data_type.clone()));
    let values: Vec<Expr> = nulls.collect();
    body(create, &values, snapshot).map(|(body, _)| body)
}

/// What a call becomes.
enum Put {
    Value(Box<Expr>),
    Rows(Box<TableFactor>),
}

/// A function, its definition, and the values of its arguments.
type Resolved<'a> = (&'a Arc<Object>, &'a CreateFunction, Vec<Expr>);

/// A call of a function.
struct Call<'a> {
    function: &'a Arc<Object>,
    create: &'a CreateFunction,
    /// By argument, its value.
    values: Vec<Expr>,
    /// In `FROM`: the alias, and whether it may read what stands before it.
    rows: Option<(Option<TableAlias>, bool)>,
}

struct Calls<'a, F> {
    snapshot: &'a Snapshot,
    path: &'a [String],
    act: F,
}

impl<'a, F: FnMut(Call<'a>) -> Result<Option<Put>>> VisitorMut for Calls<'a, F> {
    type Break = Error;

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        match self.value(expr) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        match self.rows(factor) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }
}

impl<'a, F: FnMut(Call<'a>) -> Result<Option<Put>>> Calls<'a, F> {
    fn value(&mut self, expr: &mut Expr) -> Result<()> {
        let Expr::Function(function) = expr else {
            return Ok(());
        };
        let Some(arguments) = plain_arguments(function) else {
            return Ok(());
        };
        let Some((found, create, values)) = self.resolve(&function.name, arguments)? else {
            return Ok(());
        };
        function.name = full_name(found, create);
        let call = Call {
            function: found,
            create,
            values,
            rows: None,
        };
        if let Some(Put::Value(value)) = (self.act)(call)? {
            *expr = *value;
        }
        Ok(())
    }

    fn rows(&mut self, factor: &mut TableFactor) -> Result<()> {
        let (name, arguments, alias, lateral) = match factor {
            TableFactor::Table {
                name,
                args: Some(arguments),
                alias,
                ..
            } => (name, &arguments.args, alias, false),
            TableFactor::Function {
                name,
                args,
                alias,
                lateral,
                ..
            } => (name, &*args, alias, *lateral),
            _ => return Ok(()),
        };
        let Some(arguments) = unnamed(arguments) else {
            return Ok(());
        };
        let Some((found, create, values)) = self.resolve(name, arguments)? else {
            return Ok(());
        };
        *name = full_name(found, create);
        let call = Call {
            function: found,
            create,
            values,
            rows: Some((alias.clone(), lateral)),
        };
        if let Some(Put::Rows(rows)) = (self.act)(call)? {
            *factor = *rows;
        }
        Ok(())
    }

    /// The function that a call means, and the values of its arguments; none for one that no user has
    /// made.
    fn resolve(
        &self,
        name: &AstName,
        given: Vec<(Option<String>, Expr)>,
    ) -> Result<Option<Resolved<'a>>> {
        let Ok(name) = object_name_from(name) else {
            return Ok(None);
        };
        let schemas = match &name.schema {
            Some(schema) => std::slice::from_ref(schema),
            None => self.path,
        };
        let all: Vec<_> = schemas
            .iter()
            .flat_map(|schema| self.snapshot.functions_of(schema, &name.name))
            .collect();
        if all.is_empty() {
            return Ok(None);
        }
        let mut fitting: Vec<_> = all
            .iter()
            .filter_map(|(object, create)| {
                let values = values(&create.arguments, &given)?;
                let fit = fit(&create.arguments, &values)?;
                Some((fit, *object, *create, values))
            })
            .collect();
        let best = fitting.iter().map(|(fit, ..)| *fit).max();
        fitting.retain(|(fit, ..)| Some(*fit) == best);
        match (fitting.pop(), fitting.is_empty()) {
            (Some((_, object, create, values)), true) => Ok(Some((object, create, values))),
            (Some(_), false) => Err(Error::new(
                SqlState::AMBIGUOUS_FUNCTION,
                format!("function {} is not unique", name.name),
            )
            .with_hint("Could not choose a best candidate function. You might need to add explicit type casts.")),
            (None, _) => {
                let types = given.iter().map(|(_, value)| {
                    known_type(value).unwrap_or_else(|| "unknown".to_owned())
                });
                let types: Vec<String> = types.collect();
                let candidates = all.iter().map(|(_, create)| create.signature());
                let candidates: Vec<String> = candidates.collect();
                Err(Error::new(
                    SqlState::UNDEFINED_FUNCTION,
                    format!("function {}({}) does not exist", name.name, types.join(", ")),
                )
                .with_hint(format!(
                    "No function matches the given name and argument types. There is {}.",
                    candidates.join(", ")
                )))
            }
        }
    }
}

/// The arguments of a call that is one of a plain function.
fn plain_arguments(function: &Function) -> Option<Vec<(Option<String>, Expr)>> {
    let is_plain = function.over.is_none()
        && function.filter.is_none()
        && function.within_group.is_empty()
        && function.null_treatment.is_none();
    match &function.args {
        FunctionArguments::List(list)
            if is_plain && list.duplicate_treatment.is_none() && list.clauses.is_empty() =>
        {
            unnamed(&list.args)
        }
        FunctionArguments::None if is_plain => Some(Vec::new()),
        _ => None,
    }
}

fn unnamed(arguments: &[FunctionArg]) -> Option<Vec<(Option<String>, Expr)>> {
    let argument = |argument: &FunctionArg| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => Some((None, value.clone())),
        FunctionArg::Named {
            name,
            arg: FunctionArgExpr::Expr(value),
            ..
        } => Some((Some(name.value.clone()), value.clone())),
        FunctionArg::ExprNamed {
            name: Expr::Identifier(name),
            arg: FunctionArgExpr::Expr(value),
            ..
        } => Some((Some(name.value.clone()), value.clone())),
        _ => None,
    };
    arguments.iter().map(argument).collect()
}

/// The values of a function's arguments, where it can be called so.
fn values(arguments: &[Argument], given: &[(Option<String>, Expr)]) -> Option<Vec<Expr>> {
    if given.len() > arguments.len() {
        return None;
    }
    let mut values: Vec<Option<Expr>> = vec![None; arguments.len()];
    for (place, (name, value)) in given.iter().enumerate() {
        let place = match name {
            Some(name) => arguments
                .iter()
                .position(|argument| argument.name.as_ref() == Some(name))?,
            None => place,
        };
        let slot = values.get_mut(place)?;
        if slot.is_some() {
            return None;
        }
        *slot = Some(value.clone());
    }
    let values = values.into_iter().zip(arguments);
    values
        .map(|(value, argument)| value.or_else(|| argument.default.clone()))
        .collect()
}

/// How well values fit the types of arguments: how many are of them. None where one cannot be.
fn fit(arguments: &[Argument], values: &[Expr]) -> Option<usize> {
    let mut fits = 0;
    for (argument, value) in arguments.iter().zip(values) {
        let wanted = type_text(&argument.data_type);
        let Some(known) = known_type(value) else {
            continue;
        };
        if known == wanted {
            fits += 1;
        } else if !widens(&known, &wanted) {
            return None;
        }
    }
    Some(fits)
}

/// The type of a value that is written, or cast.
fn known_type(value: &Expr) -> Option<String> {
    match value {
        Expr::Nested(inner) => known_type(inner),
        Expr::Cast { data_type, .. } => Some(type_text(data_type)),
        Expr::TypedString(typed) => Some(type_text(&typed.data_type)),
        Expr::UnaryOp { expr, .. } => known_type(expr),
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) if digits.contains(['.', 'e', 'E']) => {
                Some("numeric".to_owned())
            }
            Value::Number(digits, _) if digits.parse::<i32>().is_ok() => Some("integer".to_owned()),
            Value::Number(digits, _) if digits.parse::<i64>().is_ok() => Some("bigint".to_owned()),
            Value::Number(..) => Some("numeric".to_owned()),
            Value::Boolean(_) => Some("boolean".to_owned()),
            _ => None,
        },
        _ => None,
    }
}

/// Whether values of a type become those of another without a word.
fn widens(from: &str, to: &str) -> bool {
    const NUMBERS: [&str; 6] = [
        "smallint",
        "integer",
        "bigint",
        "numeric",
        "real",
        "double precision",
    ];
    const TEXTS: [&str; 3] = ["character", "character varying", "text"];
    const MOMENTS: [&str; 3] = [
        "date",
        "timestamp without time zone",
        "timestamp with time zone",
    ];
    [NUMBERS.as_slice(), &TEXTS, &MOMENTS].iter().any(|order| {
        let place = |name: &str| order.iter().position(|known| *known == name);
        place(from)
            .zip(place(to))
            .is_some_and(|(from, to)| from < to)
    })
}

fn full_name(object: &Object, create: &CreateFunction) -> AstName {
    AstName::from(vec![
        Ident::with_quote('"', &object.name.schema),
        Ident::with_quote('"', &create.name.name),
    ])
}

impl Call<'_> {
    fn put(&self, snapshot: &Snapshot) -> Result<Put> {
        let body = self.body(snapshot)?;
        match &self.rows {
            None => self.value(*body).map(|value| Put::Value(Box::new(value))),
            Some((alias, lateral)) => {
                let rows = self.rows_of(snapshot, body, alias.clone(), *lateral)?;
                Ok(Put::Rows(Box::new(rows)))
            }
        }
    }

    /// The body with the values of the arguments in it.
    fn body(&self, snapshot: &Snapshot) -> Result<Box<Query>> {
        let open = self.create.query()?;
        let columns = columns_read(&open, snapshot);
        for value in &self.values {
            self.check_capture(value, &open, &columns)?;
        }
        let (body, used) = body(self.create, &self.values, snapshot)?;
        for (value, used) in self.values.iter().zip(&used) {
            if *used > 1 && is_volatile(value) {
                return Err(Error::unsupported(format!(
                    "a volatile argument of function {}, whose body takes it more than once",
                    self.create.name.name
                )));
            }
        }
        Ok(body)
    }

    /// That no column that an argument reads is one of what the body reads.
    fn check_capture(&self, value: &Expr, body: &Query, columns: &BTreeSet<String>) -> Result<()> {
        let reads = visit_relations(body, |_| ControlFlow::Break(())).is_break();
        if !reads {
            return Ok(());
        }
        let mut relations = BTreeSet::new();
        let _ = visit_relations(body, |name| {
            relations.extend(name.0.last().and_then(|part| part.as_ident()).cloned());
            ControlFlow::<()>::Continue(())
        });
        let found = visit_expressions(value, |part| {
            let captured = match part {
                Expr::Identifier(name) => columns.contains(&name.value).then_some(name),
                Expr::CompoundIdentifier(parts) => parts
                    .first()
                    .filter(|first| relations.iter().any(|it| it.value == first.value)),
                _ => None,
            };
            match captured {
                Some(name) => ControlFlow::Break(name.value.clone()),
                None => ControlFlow::Continue(()),
            }
        });
        match found {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(name) => Err(Error::unsupported(format!(
                "column \"{name}\" as an argument of function {}, whose body reads one of that name",
                self.create.name.name
            ))
            .with_hint("Give the relation an alias, and write the column with it.")),
        }
    }

    fn value(&self, body: Query) -> Result<Expr> {
        let data_type = match &self.create.returns {
            Returns::Type(data_type) => data_type.clone(),
            Returns::SetOf(_) | Returns::Table(_) => {
                return Err(Error::unsupported(format!(
                    "function {}, which gives rows, where a value is expected",
                    self.create.name.name
                ))
                .with_hint("Call it in FROM."));
            }
        };
        let value = match single_value(&body) {
            Some(value) => Expr::Nested(Box::new(value)),
            None => Expr::Subquery(Box::new(body)),
        };
        let value = cast(value, data_type.clone());
        let null = cast(Expr::value(Value::Null), data_type);
        Ok(match self.missing() {
            None => value,
            Some(missing) => Expr::Nested(Box::new(Expr::Case {
                case_token: ast::helpers::attached_token::AttachedToken::empty(),
                end_token: ast::helpers::attached_token::AttachedToken::empty(),
                operand: None,
                conditions: vec![ast::CaseWhen {
                    condition: missing,
                    result: null,
                }],
                else_result: Some(Box::new(value)),
            })),
        })
    }

    /// Whether an argument is NULL, where the function asks for that.
    fn missing(&self) -> Option<Expr> {
        if !self.create.strict {
            return None;
        }
        let tests = self
            .values
            .iter()
            .map(|value| Expr::IsNull(Box::new(Expr::Nested(Box::new(value.clone())))));
        tests.reduce(|left, right| Expr::BinaryOp {
            left: Box::new(left),
            op: ast::BinaryOperator::Or,
            right: Box::new(right),
        })
    }

    fn rows_of(
        &self,
        snapshot: &Snapshot,
        body: Box<Query>,
        alias: Option<TableAlias>,
        lateral: bool,
    ) -> Result<TableFactor> {
        let own = &self.create.name.name;
        let name = alias
            .as_ref()
            .map_or_else(|| Ident::with_quote('"', own), |alias| alias.name.clone());
        // As in Postgres, the one column of a function that gives values is named for it.
        let (names, types): (Vec<String>, Vec<String>) = match &self.create.returns {
            Returns::Table(columns) => columns
                .iter()
                .map(|(name, of)| (name.clone(), of.to_string()))
                .unzip(),
            Returns::Type(of) | Returns::SetOf(of) => match relation_named(snapshot, of) {
                Some(relation) => {
                    let fields = relation.schema.fields().iter();
                    fields
                        .map(|field| (field.name().clone(), String::new()))
                        .unzip()
                }
                None => (vec![name.value.clone()], vec![of.to_string()]),
            },
        };
        let places: Vec<String> = (1..=names.len()).map(|place| format!("c{place}")).collect();
        let items = names.iter().zip(&types).zip(&places);
        let items = items.map(|((name, of), place)| match of.as_str() {
            "" => format!("{place} AS {}", Quoted(name)),
            of => format!("CAST({place} AS {of}) AS {}", Quoted(name)),
        });
        let items: Vec<String> = items.collect();
        let text = format!(
            "SELECT {} FROM (SELECT 1) AS \"tributary:body\"({})",
            items.join(", "),
            places.join(", ")
        );
        let Statement::Query(mut query) = parse_one(&text)? else {
            return Err(Error::internal("the rows of a function are no query"));
        };
        if let SetExpr::Select(select) = query.body.as_mut() {
            select.selection = self.missing().map(|missing| Expr::UnaryOp {
                op: ast::UnaryOperator::Not,
                expr: Box::new(Expr::Nested(Box::new(missing))),
            });
            if let Some(TableFactor::Derived { subquery, .. }) =
                select.from.first_mut().map(|from| &mut from.relation)
            {
                *subquery = body;
            }
        }
        let alias = TableAlias {
            explicit: true,
            name,
            columns: alias.map_or_else(Vec::<TableAliasColumnDef>::new, |alias| alias.columns),
            at: None,
        };
        Ok(TableFactor::Derived {
            lateral: lateral || self.values.iter().any(reads_columns),
            subquery: query,
            alias: Some(alias),
            sample: None,
        })
    }
}

/// The relation whose rows a type is of.
pub fn relation_named<'a>(snapshot: &'a Snapshot, data_type: &DataType) -> Option<&'a Arc<Object>> {
    let DataType::Custom(name, _) = data_type else {
        return None;
    };
    let name = object_name_from(name).ok()?;
    snapshot.relation(&name.qualify(crate::sql::name::DEFAULT_SCHEMA))
}

/// A body with values in the place of the arguments, and how often each stands there.
fn body(
    create: &CreateFunction,
    values: &[Expr],
    snapshot: &Snapshot,
) -> Result<(Box<Query>, Vec<usize>)> {
    let mut body = create.query()?;
    let columns = columns_read(&body, snapshot);
    let mut putter = Putter {
        create,
        values,
        columns: &columns,
        used: vec![0; values.len()],
    };
    finished(body.visit(&mut putter))?;
    Ok((body, putter.used))
}

/// The columns of what a query reads.
fn columns_read(query: &Query, snapshot: &Snapshot) -> BTreeSet<String> {
    let mut columns = BTreeSet::new();
    let _ = visit_relations(query, |name| {
        if let Ok(name) = object_name_from(name)
            && let Some(schema) = &name.schema
            && let Some(relation) = snapshot.relation(&QualifiedName::new(schema, &name.name))
        {
            columns.extend(relation.schema.fields().iter().map(|it| it.name().clone()));
        }
        ControlFlow::<()>::Continue(())
    });
    columns
}

fn reads_columns(value: &Expr) -> bool {
    let found = visit_expressions(value, |part| match part {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    found.is_break()
}

/// Whether a value may be another one each time, by the names of functions that are known for it.
fn is_volatile(value: &Expr) -> bool {
    const VOLATILE: [&str; 6] = [
        "random",
        "nextval",
        "setval",
        "clock_timestamp",
        "gen_random_uuid",
        "uuid",
    ];
    let found = visit_expressions(value, |part| match part {
        Expr::Function(function)
            if function.name.0.last().is_some_and(|name| {
                VOLATILE.contains(&name.to_string().to_lowercase().as_str())
            }) =>
        {
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    });
    found.is_break()
}

/// A value cast to a type.
pub fn cast(value: Expr, data_type: DataType) -> Expr {
    Expr::Cast {
        kind: CastKind::Cast,
        expr: Box::new(value),
        data_type,
        format: None,
        array: false,
    }
}

/// The value of a query that is no more than one.
fn single_value(query: &Query) -> Option<Expr> {
    let SetExpr::Select(select) = query.body.as_ref() else {
        return None;
    };
    let written = format!("SELECT {}", select.projection.first().map(Shown)?);
    let [SelectItem::UnnamedExpr(value) | SelectItem::ExprWithAlias { expr: value, .. }] =
        select.projection.as_slice()
    else {
        return None;
    };
    // Whatever else it had would show.
    let is_bare = Shown(query).to_string() == written;
    let aggregates = visit_expressions(value, |part| match part {
        Expr::Function(function) if is_aggregate(&function.name) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    (is_bare && aggregates.is_continue()).then(|| value.clone())
}

/// Whether a function makes one value of many, and so is none of a single row.
fn is_aggregate(name: &AstName) -> bool {
    const AGGREGATES: [&str; 14] = [
        "array_agg",
        "avg",
        "bit_and",
        "bit_or",
        "bool_and",
        "bool_or",
        "count",
        "every",
        "max",
        "min",
        "stddev",
        "string_agg",
        "sum",
        "variance",
    ];
    let name = name.0.last().map(|part| part.to_string().to_lowercase());
    name.is_some_and(|name| AGGREGATES.contains(&name.as_str()))
}

/// Puts values in the place of arguments.
struct Putter<'a> {
    create: &'a CreateFunction,
    values: &'a [Expr],
    /// What the body reads has these, which count before arguments of their name.
    columns: &'a BTreeSet<String>,
    used: Vec<usize>,
}

impl VisitorMut for Putter<'_> {
    type Break = Error;

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        let named = |name: &str| {
            let mut arguments = self.create.arguments.iter();
            arguments.position(|argument| argument.name.as_deref() == Some(name))
        };
        let place = match expr {
            Expr::Value(value) => match &value.value {
                Value::Placeholder(name) => {
                    let number: Option<usize> = name.trim_start_matches('$').parse().ok();
                    match number.and_then(|number| number.checked_sub(1)) {
                        Some(place) if place < self.values.len() => Some(place),
                        _ => {
                            let message = format!("there is no parameter {name}");
                            let error = Error::new(SqlState::UNDEFINED_PARAMETER, message);
                            return ControlFlow::Break(error);
                        }
                    }
                }
                _ => None,
            },
            Expr::Identifier(name) if !self.columns.contains(&name.value) => named(&name.value),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [function, name] if function.value == self.create.name.name => named(&name.value),
                _ => None,
            },
            _ => None,
        };
        if let Some(place) = place
            && let Some(value) = self.values.get(place)
            && let Some(argument) = self.create.arguments.get(place)
            && let Some(used) = self.used.get_mut(place)
        {
            *used += 1;
            let value = Expr::Nested(Box::new(value.clone()));
            *expr = Expr::Nested(Box::new(cast(value, argument.data_type.clone())));
        }
        ControlFlow::Continue(())
    }
}
