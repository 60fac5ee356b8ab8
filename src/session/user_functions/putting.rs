//! What a function computes, in the place of a call.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::sql::sqlparser::ast::{
    self, CastKind, DataType, Expr, Ident, ObjectName as AstName, Query, SelectItem, SetExpr,
    TableAlias, TableAliasColumnDef, TableFactor, Value, VisitMut, VisitorMut, visit_expressions,
    visit_relations,
};

use super::{Call, Put, finished};
use crate::catalog::{Object, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::sql::create_function::{CreateFunction, Returns};
use crate::sql::cursor::object_name_from;
use crate::sql::name::Quoted;
use crate::sql::shown::Shown;
use crate::sql::{QualifiedName, Statement, parse_one};

impl Call<'_> {
    pub(super) fn put(&self, snapshot: &Snapshot) -> Result<Put> {
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
pub(super) fn body(
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
