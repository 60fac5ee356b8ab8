//! `jsonb_populate_record(NULL::customer, document)` in `FROM`, and its like, are said by
//! `jsonb_to_record(document)` with the columns of the relation, or the attributes of the composite type: `AS jsonb_populate_record (id integer, ...)`.
//!
//! A definition keeps them as they are then. As a value, the row is one cast to its type, of which a function stands
//! for what the document has. A row of values in the place of NULL, `ROW('x', 3)::customer`, is a document too, over
//! whose members those of the other one are put.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    DataType, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectName, Query,
    SelectItem, SetExpr, TableAlias, TableAliasColumnDef, TableFactor, Value, VisitorMut,
};
use tributary_udfs::json::POPULATED;

use super::plan;
use crate::catalog::{Kind, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::execute::redefine::declared_columns;
use crate::sql::cursor::object_name_from;
use crate::sql::shown::Shown;
use crate::sql::walk::{VisitMut, ended, flow};
use crate::sql::{Statement, parse_one};

/// The functions, and those that take their place.
const FUNCTIONS: [(&str, &str); 4] = [
    ("json_populate_record", "json_to_record"),
    ("json_populate_recordset", "json_to_recordset"),
    ("jsonb_populate_record", "jsonb_to_record"),
    ("jsonb_populate_recordset", "jsonb_to_recordset"),
];

/// Names the columns that such functions in a query give.
///
/// # Errors
/// 42704 for a type that is no row of a relation; 0A000 for columns that the call renames, and for columns
/// that cannot be declared.
pub fn declare(query: &mut Query, snapshot: &Snapshot, path: &[String]) -> Result<()> {
    let mut rewriter = Rewriter { snapshot, path };
    ended(query.visit(&mut rewriter))
}

/// Has such calls of one row that are values be what is planned in their place.
///
/// # Errors
/// None that parsing the query has not met.
pub fn as_values(query: &mut Query) -> Result<()> {
    struct Values;
    impl VisitorMut for Values {
        type Break = Error;

        fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
            flow(value(expr).map(|value| {
                if let Some(value) = value {
                    *expr = value;
                }
            }))
        }
    }
    ended(query.visit(&mut Values))
}

fn value(expr: &Expr) -> Result<Option<Expr>> {
    let Expr::Function(call) = expr else {
        return Ok(None);
    };
    let document = match called(&call.name) {
        Some(("json_populate_record", _)) => "json",
        Some(("jsonb_populate_record", _)) => "jsonb",
        _ => return Ok(None),
    };
    let FunctionArguments::List(list) = &call.args else {
        return Ok(None);
    };
    let [
        FunctionArg::Unnamed(FunctionArgExpr::Expr(row)),
        FunctionArg::Unnamed(FunctionArgExpr::Expr(given)),
    ] = list.args.as_slice()
    else {
        return Ok(None);
    };
    let Some((name, base)) = row_type(row) else {
        return Ok(None);
    };
    let given = filled(document, false, base, given);
    parsed(&format!("CAST({POPULATED}({given}) AS {name})")).map(Some)
}

/// A document of a kind, over the members that a row of values has; or several.
fn filled(kind: &str, are_several: bool, base: Option<&Expr>, given: &Expr) -> String {
    let given = format!("CAST({} AS {kind})", Shown(given));
    let Some(base) = base else {
        return given;
    };
    let over = if are_several {
        "json_over_each"
    } else {
        "json_over"
    };
    let base = Shown(base);
    match kind {
        "jsonb" => format!("CAST({over}(to_json({base}), CAST({given} AS json)) AS jsonb)"),
        _ => format!("{over}(to_json({base}), {given})"),
    }
}

fn parsed(value: &str) -> Result<Expr> {
    if let Statement::Query(query) = parse_one(&format!("SELECT {value}"))?
        && let SetExpr::Select(mut select) = *query.body
        && let Some(SelectItem::UnnamedExpr(value)) = select.projection.pop()
    {
        return Ok(value);
    }
    Err(Error::internal("a row is not read as a value"))
}

struct Rewriter<'a> {
    snapshot: &'a Snapshot,
    path: &'a [String],
}

impl VisitorMut for Rewriter<'_> {
    type Break = Error;

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        flow(self.declare(factor))
    }
}

impl Rewriter<'_> {
    fn declare(&self, factor: &mut TableFactor) -> Result<()> {
        let (name, arguments, alias) = match factor {
            TableFactor::Table {
                name,
                args: Some(args),
                alias,
                ..
            } => (name, &mut args.args, alias),
            TableFactor::Function {
                name, args, alias, ..
            } => (name, args, alias),
            _ => return Ok(()),
        };
        let Some((function, other)) = called(name) else {
            return Ok(());
        };
        let [
            FunctionArg::Unnamed(FunctionArgExpr::Expr(row)),
            FunctionArg::Unnamed(FunctionArgExpr::Expr(given)),
        ] = arguments.as_slice()
        else {
            return Ok(());
        };
        let Some((relation, base)) = row_type(row) else {
            return Ok(());
        };
        let columns = self.columns(relation)?;
        let filled = match base {
            Some(_) => {
                let kind = if function.starts_with("jsonb") {
                    "jsonb"
                } else {
                    "json"
                };
                parsed(&filled(kind, function.ends_with("set"), base, given))?
            }
            None => given.clone(),
        };
        if alias
            .as_ref()
            .is_some_and(|alias| !alias.columns.is_empty())
        {
            let what = format!("{function} with other names of columns");
            return Err(Error::unsupported(what)
                .with_hint("Name the columns in the select list, as in SELECT r.id AS number."));
        }
        let own = || Ident::new(function);
        let relation = alias.take().map_or_else(own, |alias| alias.name);
        *alias = Some(TableAlias {
            explicit: true,
            name: relation,
            columns,
            at: None,
        });
        *arguments = vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(filled))];
        *name = ObjectName::from(vec![Ident::new(other)]);
        Ok(())
    }

    /// The columns of a relation, or the attributes of a type, whose row an argument is.
    fn columns(&self, relation: &ObjectName) -> Result<Vec<TableAliasColumnDef>> {
        let found = plan::object(&object_name_from(relation)?, self.snapshot, self.path);
        let object = found.ok().filter(|object| {
            matches!(
                object.kind,
                Kind::Table | Kind::View | Kind::MaterializedView | Kind::ExternalTable
            )
        });
        let Some(object) = object else {
            if let Some(attributes) = self.attributes(relation)? {
                return Ok(attributes);
            }
            let message = format!("type \"{relation}\" does not exist");
            return Err(Error::new(SqlState::UNDEFINED_OBJECT, message));
        };
        let columns = declared_columns(&object, self.snapshot)?.into_iter();
        let columns = columns.map(|column| TableAliasColumnDef {
            name: column.name,
            data_type: Some(column.data_type),
        });
        Ok(columns.collect())
    }

    /// The attributes of the composite type that a name means; none where it means none.
    fn attributes(&self, name: &ObjectName) -> Result<Option<Vec<TableAliasColumnDef>>> {
        let name = object_name_from(name)?;
        let of = self.snapshot.resolve_type(&name, self.path).ok();
        Ok(match of.as_deref().map(|of| &of.definition) {
            Some(Statement::CreateComposite(create)) => {
                let attributes = create.attributes.iter();
                let columns = attributes.map(|attribute| TableAliasColumnDef {
                    name: attribute.name.clone(),
                    data_type: Some(attribute.data_type.clone()),
                });
                Some(columns.collect())
            }
            _ => None,
        })
    }
}

/// The function of these that a name is, and the one that takes its place.
fn called(name: &ObjectName) -> Option<(&'static str, &'static str)> {
    let parts: Option<Vec<&Ident>> = name.0.iter().map(|part| part.as_ident()).collect();
    let function = match parts?.as_slice() {
        [function] => *function,
        [schema, function] if schema.value.eq_ignore_ascii_case("pg_catalog") => *function,
        _ => return None,
    };
    let known = FUNCTIONS
        .iter()
        .find(|(known, _)| function.value.eq_ignore_ascii_case(known));
    known.copied()
}

/// The type that a row is cast to, where it is one that has a name of its own, and the row where it is not NULL.
fn row_type(row: &Expr) -> Option<(&ObjectName, Option<&Expr>)> {
    match row {
        Expr::Nested(inner) => row_type(inner),
        Expr::Cast {
            expr,
            data_type: DataType::Custom(name, _),
            ..
        } => Some((name, (!is_null(expr)).then_some(row))),
        _ => None,
    }
}

fn is_null(value: &Expr) -> bool {
    match value {
        Expr::Nested(inner) => is_null(inner),
        Expr::Value(value) => value.value == Value::Null,
        _ => false,
    }
}
