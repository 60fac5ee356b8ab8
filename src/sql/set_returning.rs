//! Functions that give rows: `generate_series`, `unnest`, `regexp_matches` and the like, in `FROM` and
//! in lists of columns, and any function of one value in `FROM`.
//!
//! To the planner they are `unnest` of a function that gives an array. Postgres names the one column
//! of such a relation for its alias, or for the function: `SELECT v FROM generate_series(1, 3) v`.
//! Functions that give the parts of documents are lists themselves, whose rows in `FROM` a planner of
//! their own names.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::execution::SessionState;
use datafusion::sql::sqlparser::ast::{
    DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, Ident, ObjectName, OrderByKind, Query, Select, SelectItem, SetExpr,
    TableAlias, TableAliasColumnDef, TableFactor, UnaryOperator, Value, VisitorMut,
};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::Parser;
use tributary_udfs::json;

use super::array_leaves::leaves;
use super::column_names::hidden_name;
use super::cursor::folded;
use super::rows_from;
use crate::error::{Error, Result, SqlState};
use crate::sql::walk::{VisitMut, ended, flow, visit_expressions};

/// Functions that give rows, and those that give the same values as one array.
const SET_RETURNING: [(&str, &str); 7] = [
    ("_pg_expandarray", "pg_expand_array"),
    ("aclexplode", "acl_explode"),
    ("generate_series", "generate_series_array"),
    ("pg_get_keywords", "pg_keywords_array"),
    ("regexp_matches", "regexp_matches_array"),
    ("regexp_split_to_table", "regexp_split_to_array"),
    ("string_to_table", "string_to_array"),
];

/// Those whose rows have several columns.
const COLUMNS: [(&str, &[&str]); 3] = [
    ("_pg_expandarray", &["x", "n"]),
    (
        "aclexplode",
        &["grantor", "grantee", "privilege_type", "is_grantable"],
    ),
    (
        "pg_get_keywords",
        &["word", "catcode", "barelabel", "catdesc", "baredesc"],
    ),
];
/// Functions whose rows are the members of a document, and the columns of these.
const OF_MEMBERS: [&str; 4] = [
    "json_each",
    "json_each_text",
    "jsonb_each",
    "jsonb_each_text",
];
const MEMBERS: &[&str] = &["key", "value"];
/// Functions that tell of the catalog, which are said in others where a query asks for it.
const OF_CATALOG: [&str; 3] = [
    "generate_subscripts",
    "pg_listening_channels",
    "pg_partition_ancestors",
];
const UNNEST: &str = "unnest";
const ORDINALITY: &str = "ordinality";
/// What DataFusion calls the column of its own `generate_series`, which may be said too.
const VALUE: &str = "value";
/// The alias of a series whose numbers become `integer` around it.
const MADE: &str = "tributary_series";

/// Whether a function of this name gives rows.
pub fn gives_rows(name: &str) -> bool {
    name == UNNEST
        || OF_CATALOG.contains(&name)
        || SET_RETURNING.iter().any(|(own, _)| *own == name)
        || json::gives_rows(name)
}

/// The columns of the rows that a function of this name gives, where they have several.
pub(super) fn row_columns(name: &ObjectName) -> Option<&'static [&'static str]> {
    let name = plain_name(name)?;
    if OF_MEMBERS.contains(&name.as_str()) {
        return Some(MEMBERS);
    }
    let (_, columns) = COLUMNS.iter().find(|(own, _)| *own == name)?;
    Some(columns)
}

/// Rewrites a query before it is planned; what is stored and displayed is the query as written.
///
/// # Errors
/// 0A000 for `WITH ORDINALITY` of a function that gives several columns.
pub fn rewrite(query: &mut Query, state: &SessionState) -> Result<()> {
    ended(query.visit(&mut Rewriter { state }))
}

struct Rewriter<'a> {
    state: &'a SessionState,
}

impl VisitorMut for Rewriter<'_> {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        order_by_places(query);
        flow(self.body(&mut query.body))
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        let Expr::Function(function) = expr else {
            return ControlFlow::Continue(());
        };
        let Some(name) = plain_name(&function.name) else {
            return ControlFlow::Continue(());
        };
        if name == UNNEST {
            // Its argument is an array already.
            for argument in arguments_of(function) {
                if let Expr::Function(inner) = argument
                    && let Some(array) = array_function(&inner.name)
                {
                    inner.name = ObjectName::from(vec![Ident::new(array)]);
                }
                let array = std::mem::replace(argument, Expr::value(Value::Null));
                *argument = leaves(array);
            }
        } else if let Some(array) = array_function(&function.name) {
            function.name = ObjectName::from(vec![Ident::new(array)]);
            let inner = std::mem::replace(expr, Expr::value(Value::Null));
            *expr = call(UNNEST, vec![inner]);
        }
        ControlFlow::Continue(())
    }

    /// A list of parts of a document is taken apart, and each is said to be of its type.
    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        if let Expr::Function(function) = expr
            && let Some(name) = plain_name(&function.name)
            && json::gives_rows(&name)
        {
            let list = std::mem::replace(expr, Expr::value(Value::Null));
            let rows = call(UNNEST, vec![list]);
            *expr = match json::row_type(&name) {
                Some(declared) => call(declared, vec![rows]),
                None => rows,
            };
        }
        ControlFlow::Continue(())
    }
}

impl Rewriter<'_> {
    fn body(&self, body: &mut SetExpr) -> Result<()> {
        match body {
            SetExpr::Select(select) => self.select(select),
            SetExpr::SetOperation { left, right, .. } => {
                self.body(left)?;
                self.body(right)
            }
            _ => Ok(()),
        }
    }

    fn select(&self, select: &mut Select) -> Result<()> {
        let mut named = BTreeSet::new();
        for item in &mut select.projection {
            // Else it had the name of what it becomes. Of several of one name the planner takes one.
            if let SelectItem::UnnamedExpr(Expr::Function(function)) = item
                && let Some(name) = plain_name(&function.name)
                && (array_function(&function.name).is_some() || json::gives_rows(&name))
                && named.insert(name.clone())
            {
                *item = SelectItem::ExprWithAlias {
                    expr: Expr::Function(function.clone()),
                    alias: Ident::new(name),
                };
            }
        }
        let says_value = says_value(select);
        for table in &mut select.from {
            self.factor(&mut table.relation, says_value)?;
            for join in &mut table.joins {
                self.factor(&mut join.relation, says_value)?;
            }
        }
        Ok(())
    }

    fn factor(&self, factor: &mut TableFactor, says_value: bool) -> Result<()> {
        match factor {
            TableFactor::NestedJoin {
                table_with_joins, ..
            } => {
                self.factor(&mut table_with_joins.relation, says_value)?;
                for join in &mut table_with_joins.joins {
                    self.factor(&mut join.relation, says_value)?;
                }
                Ok(())
            }
            TableFactor::UNNEST {
                alias,
                array_exprs,
                with_ordinality,
                ..
            } => {
                for array in array_exprs.iter_mut() {
                    let given = std::mem::replace(array, Expr::value(Value::Null));
                    *array = leaves(given);
                }
                let named = std::mem::take(with_ordinality);
                if named {
                    let length = longest(array_exprs);
                    array_exprs.push(numbers_up_to(length));
                }
                let arrays = array_exprs.len() - usize::from(named);
                name_columns(alias, &vec![UNNEST; arrays], named);
                Ok(())
            }
            TableFactor::Table {
                name,
                alias,
                args: Some(args),
                with_ordinality,
                ..
            } => {
                if rows_from::is_one(name) {
                    *factor = self.side_by_side(&args.args, alias.take(), *with_ordinality)?;
                    return Ok(());
                }
                strip_schema(name);
                let own = plain_name(name);
                if own.as_deref().is_some_and(json::gives_rows) {
                    *factor = TableFactor::Function {
                        lateral: true,
                        name: name.clone(),
                        args: std::mem::take(&mut args.args),
                        with_ordinality: *with_ordinality,
                        alias: alias.take(),
                    };
                    return Ok(());
                }
                let arguments = &args.args;
                let rewritten = own
                    .as_deref()
                    .map(|own| self.function(own, arguments, alias, *with_ordinality, says_value));
                match rewritten.transpose()?.flatten() {
                    Some(rewritten) => *factor = rewritten,
                    None if *with_ordinality => {
                        return Err(Error::unsupported("WITH ORDINALITY of this function"));
                    }
                    None => {}
                }
                Ok(())
            }
            TableFactor::Function {
                name,
                args,
                alias,
                with_ordinality,
                ..
            } => {
                if rows_from::is_one(name) {
                    *factor = self.side_by_side(args, alias.take(), *with_ordinality)?;
                    return Ok(());
                }
                strip_schema(name);
                let own = plain_name(name);
                if own.as_deref().is_some_and(json::gives_rows) {
                    return Ok(());
                }
                if own.as_deref() == Some(UNNEST)
                    && let Some(arrays) = plain(args)
                {
                    *factor = TableFactor::UNNEST {
                        alias: alias.take(),
                        array_exprs: arrays,
                        with_offset: false,
                        with_offset_alias: None,
                        with_ordinality: *with_ordinality,
                    };
                    return self.factor(factor, says_value);
                }
                let rewritten = own
                    .as_deref()
                    .map(|own| self.function(own, args, alias, *with_ordinality, says_value));
                match rewritten.transpose()?.flatten() {
                    Some(rewritten) => *factor = rewritten,
                    None if *with_ordinality => {
                        return Err(Error::unsupported("WITH ORDINALITY of this function"));
                    }
                    None => {}
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The rows of several functions, as those of the arrays that they give.
    fn side_by_side(
        &self,
        calls: &[FunctionArg],
        mut alias: Option<TableAlias>,
        with_ordinality: bool,
    ) -> Result<TableFactor> {
        let no_calls = || {
            let message = "ROWS FROM takes calls of functions, with nothing but their arguments";
            Error::new(SqlState::SYNTAX_ERROR, message)
        };
        let (mut arrays, mut names) = (Vec::new(), Vec::new());
        for call in plain(calls).ok_or_else(no_calls)? {
            let function = rows_from::called(&call).ok_or_else(no_calls)?;
            let name = plain_name(&function.name).unwrap_or_default();
            let (given, array) = (arguments_in(function), array_function(&function.name));
            let has_columns = COLUMNS.iter().any(|(own, _)| *own == name);
            let before = arrays.len();
            match (array, given) {
                (Some(array), Some(given)) if !has_columns => arrays.push(self::call(array, given)),
                (None, Some(given)) if name == UNNEST => {
                    arrays.extend(given.into_iter().map(leaves));
                }
                (None, _)
                    if !json::gives_rows(&name)
                        && self.state.scalar_functions().contains_key(&name) =>
                {
                    arrays.push(self::call("make_array", vec![call.clone()]));
                }
                _ => {
                    return Err(Error::unsupported(format!(
                        "{} within ROWS FROM",
                        function.name
                    )));
                }
            }
            names.extend(std::iter::repeat_n(name, arrays.len() - before));
        }
        if with_ordinality {
            arrays.push(numbers_up_to(longest(&arrays)));
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        name_columns(&mut alias, &names, with_ordinality);
        Ok(TableFactor::UNNEST {
            alias,
            array_exprs: arrays,
            with_offset: false,
            with_offset_alias: None,
            with_ordinality: false,
        })
    }

    /// A function in `FROM`, as a relation that the planner knows; `None` for one that it knows
    /// as it is.
    fn function(
        &self,
        name: &str,
        arguments: &[FunctionArg],
        alias: &mut Option<TableAlias>,
        with_ordinality: bool,
        says_value: bool,
    ) -> Result<Option<TableFactor>> {
        let known = self.state.table_functions().contains_key(name);
        if let Some((_, array)) = SET_RETURNING.iter().find(|(own, _)| *own == name) {
            if known && !with_ordinality && arguments.iter().all(is_integer) {
                // Numbers are made as they are read, however many there are.
                let is_made = alias.as_ref().is_some_and(|it| it.name.value == MADE);
                if is_made || !says_value {
                    name_columns(alias, &[name], false);
                }
                if is_made || !arguments.iter().all(is_small) {
                    return Ok(None);
                }
                return integers_of(name, arguments, alias.take()).map(Some);
            }
            let Some(arguments) = plain(arguments) else {
                return Ok(None);
            };
            let array = call(array, arguments);
            if let Some((_, columns)) = COLUMNS.iter().find(|(own, _)| *own == name) {
                if with_ordinality {
                    return Err(Error::unsupported("WITH ORDINALITY of this function"));
                }
                let alias = alias.take();
                return Ok(Some(columns_of(&array, columns, name, alias)?));
            }
            let mut arrays = vec![array];
            if with_ordinality {
                arrays.push(numbers_up_to(longest(&arrays)));
            }
            let mut alias = alias.take();
            name_columns(&mut alias, &[name], with_ordinality);
            return Ok(Some(TableFactor::UNNEST {
                alias,
                array_exprs: arrays,
                with_offset: false,
                with_offset_alias: None,
                with_ordinality: false,
            }));
        }
        if known || !self.state.scalar_functions().contains_key(name) {
            return Ok(None);
        }
        let Some(arguments) = plain(arguments) else {
            return Ok(None);
        };
        // One row: an array of the one value.
        let mut arrays = vec![call("make_array", vec![call(name, arguments)])];
        if with_ordinality {
            arrays.push(numbers_up_to(longest(&arrays)));
        }
        let mut alias = alias.take();
        name_columns(&mut alias, &[name], with_ordinality);
        Ok(Some(TableFactor::UNNEST {
            alias,
            array_exprs: arrays,
            with_offset: false,
            with_offset_alias: None,
            with_ordinality: false,
        }))
    }
}

/// Has keys of `ORDER BY` that give rows be the columns that they are written as: the planner knows none beside
/// those of the answer.
fn order_by_places(query: &mut Query) {
    let (SetExpr::Select(select), Some(order_by)) = (query.body.as_ref(), &mut query.order_by)
    else {
        return;
    };
    let OrderByKind::Expressions(keys) = &mut order_by.kind else {
        return;
    };
    let items: Option<Vec<&Expr>> = select.projection.iter().map(value_of).collect();
    let Some(items) = items else {
        return;
    };
    for key in keys {
        let place = items.iter().position(|item| **item == key.expr);
        if let Some(place) = place.filter(|_| calls_rows(&key.expr)) {
            let number = (place + 1).to_string();
            key.expr = Expr::value(Value::Number(number, false));
        }
    }
}

/// The value of an item that is one column.
fn value_of(item: &SelectItem) -> Option<&Expr> {
    match item {
        SelectItem::UnnamedExpr(value) | SelectItem::ExprWithAlias { expr: value, .. } => {
            Some(value)
        }
        _ => None,
    }
}

/// Whether an expression calls a function that gives rows.
fn calls_rows(expression: &Expr) -> bool {
    let found = visit_expressions(expression, |part| match part {
        Expr::Function(call) if plain_name(&call.name).is_some_and(|name| gives_rows(&name)) => {
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    });
    found.is_break()
}

/// Names the columns of a relation that functions give: a single one for the relation's alias, which is the
/// function's name unless there is another, and those of several functions for these.
fn name_columns(alias: &mut Option<TableAlias>, functions: &[&str], with_ordinality: bool) {
    let alias = alias.get_or_insert_with(|| TableAlias {
        explicit: true,
        name: Ident::new(functions.first().copied().unwrap_or_default()),
        columns: Vec::new(),
        at: None,
    });
    if alias.columns.is_empty() && functions.len() == 1 {
        alias.columns.push(TableAliasColumnDef {
            name: alias.name.clone(),
            data_type: None,
        });
    } else {
        let is_repeated = |name: &str| functions.iter().filter(|other| **other == name).count() > 1;
        let unnamed = functions.iter().enumerate().skip(alias.columns.len());
        let names = unnamed.map(|(place, function)| match is_repeated(function) {
            true => hidden_name(place, function),
            false => (*function).to_owned(),
        });
        let columns = names.map(TableAliasColumnDef::from_name);
        alias.columns.extend(columns);
    }
    if with_ordinality && alias.columns.len() == functions.len() {
        alias
            .columns
            .push(TableAliasColumnDef::from_name(ORDINALITY));
    }
}

/// The rows of a series as `integer`, in a column that the relation's alias names, or is DataFusion's.
fn integers_of(
    name: &str,
    arguments: &[FunctionArg],
    alias: Option<TableAlias>,
) -> Result<TableFactor> {
    let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
    let named = || TableAlias {
        explicit: true,
        name: Ident::new(name),
        columns: Vec::new(),
        at: None,
    };
    let sql = format!(
        "SELECT CAST({MADE} AS INTEGER) AS {VALUE} FROM {name}({}) AS {MADE}",
        arguments.join(", ")
    );
    Ok(TableFactor::Derived {
        lateral: false,
        subquery: query(&sql)?,
        alias: Some(alias.unwrap_or_else(named)),
        sample: None,
    })
}

/// The query that a text says.
///
/// # Errors
/// None of a text that is one.
pub(super) fn query(sql: &str) -> Result<Box<Query>> {
    let parser = Parser::new(&PostgreSqlDialect {}).try_with_sql(sql);
    let query = parser.and_then(|mut parser| parser.parse_query());
    query.map_err(|error| Error::internal(format!("{sql}: {error}")))
}

/// The rows of an array whose elements have several columns.
fn columns_of(
    array: &Expr,
    columns: &[&str],
    function: &str,
    alias: Option<TableAlias>,
) -> Result<TableFactor> {
    let columns = columns
        .iter()
        .map(|column| format!("get_field(of_row, '{column}') AS {column}"));
    let columns: Vec<String> = columns.collect();
    let sql = format!(
        "SELECT {} FROM (SELECT {UNNEST}({array}) AS of_row) AS of_rows",
        columns.join(", ")
    );
    let subquery = query(&sql)?;
    let named = || TableAlias {
        explicit: true,
        name: Ident::new(function),
        columns: Vec::new(),
        at: None,
    };
    Ok(TableFactor::Derived {
        lateral: false,
        subquery,
        alias: Some(alias.unwrap_or_else(named)),
        sample: None,
    })
}

/// How many rows the arrays give together.
fn longest(arrays: &[Expr]) -> Expr {
    let lengths = arrays
        .iter()
        .map(|array| call("cardinality", vec![array.clone()]));
    call("greatest", lengths.collect())
}

/// The array `{1, 2, ...}` of so many numbers.
fn numbers_up_to(length: Expr) -> Expr {
    let length = Expr::Cast {
        kind: datafusion::sql::sqlparser::ast::CastKind::Cast,
        expr: Box::new(length),
        data_type: DataType::BigInt(None),
        array: false,
        format: None,
    };
    let one = Expr::value(Value::Number("1".to_owned(), false));
    call("generate_series_array", vec![one, length])
}

/// Whether a query speaks of a column by the name that DataFusion gives to a series.
fn says_value(select: &Select) -> bool {
    let found = visit_expressions(select, |expr| {
        let last = match expr {
            Expr::Identifier(name) => Some(name),
            Expr::CompoundIdentifier(parts) => parts.last(),
            _ => None,
        };
        match last {
            Some(name) if folded(name) == VALUE => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    });
    found.is_break()
}

/// Whether all numbers of an argument are of `integer`.
fn is_small(argument: &FunctionArg) -> bool {
    let found = visit_expressions(argument, |part| match part {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) if digits.parse::<i32>().is_err() => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        },
        _ => ControlFlow::Continue(()),
    });
    found.is_continue()
}

fn is_integer(argument: &FunctionArg) -> bool {
    fn is(expr: &Expr) -> bool {
        match expr {
            Expr::Value(value) => match &value.value {
                Value::Number(digits, _) => digits.bytes().all(|digit| digit.is_ascii_digit()),
                _ => false,
            },
            Expr::Nested(inner)
            | Expr::UnaryOp {
                op: UnaryOperator::Minus | UnaryOperator::Plus,
                expr: inner,
            } => is(inner),
            Expr::BinaryOp { left, right, .. } => is(left) && is(right),
            _ => false,
        }
    }
    matches!(argument, FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) if is(expr))
}

/// The arguments of a call without names; `None` where there are others.
fn plain(arguments: &[FunctionArg]) -> Option<Vec<Expr>> {
    let plain = arguments.iter().map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
        _ => None,
    });
    plain.collect()
}

fn arguments_of(function: &mut Function) -> impl Iterator<Item = &mut Expr> {
    let arguments = match &mut function.args {
        FunctionArguments::List(list) => list.args.as_mut_slice(),
        _ => &mut [],
    };
    arguments.iter_mut().filter_map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    })
}

/// The arguments of a call that is an expression; `None` where some have names.
fn arguments_in(function: &Function) -> Option<Vec<Expr>> {
    match &function.args {
        FunctionArguments::List(list) => plain(&list.args),
        FunctionArguments::None | FunctionArguments::Subquery(_) => None,
    }
}

fn array_function(name: &ObjectName) -> Option<&'static str> {
    let name = plain_name(name)?;
    let (_, array) = SET_RETURNING.iter().find(|(own, _)| *own == name)?;
    Some(array)
}

/// Takes `pg_catalog` off the name of a function in `FROM`: the planner knows it without.
fn strip_schema(name: &mut ObjectName) {
    if let [schema, last] = name.0.as_slice()
        && schema
            .as_ident()
            .is_some_and(|schema| schema.value.eq_ignore_ascii_case("pg_catalog"))
    {
        name.0 = vec![last.clone()];
    }
}

/// The name of a function, without `pg_catalog`.
fn plain_name(name: &ObjectName) -> Option<String> {
    let ident = match name.0.as_slice() {
        [name] => name.as_ident()?,
        [schema, name] => match schema.as_ident()?.value.to_ascii_lowercase().as_str() {
            "pg_catalog" => name.as_ident()?,
            "information_schema" => name
                .as_ident()
                .filter(|name| name.value.eq_ignore_ascii_case("_pg_expandarray"))?,
            _ => return None,
        },
        _ => return None,
    };
    Some(folded(ident))
}

fn call(name: &str, arguments: Vec<Expr>) -> Expr {
    let unnamed = |expression| FunctionArg::Unnamed(FunctionArgExpr::Expr(expression));
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: arguments.into_iter().map(unnamed).collect(),
            clauses: Vec::new(),
        }),
        null_treatment: None,
        filter: None,
        over: None,
        within_group: Vec::new(),
    })
}
