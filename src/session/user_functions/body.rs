//! The body of a function as a part of a query: a subquery beside a row of the arguments.
//!
//! A name in the body is a column of what the body reads, and only where there is none an argument:
//! the planner finds that as it does for any subquery and the row beside it.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::sql::sqlparser::ast::{
    self, CastKind, CharacterLength, DataType, ExactNumberInfo, Expr, Ident, Query, SetExpr,
    TableAlias, TableAliasColumnDef, TableFactor, Value, VisitorMut,
};

use super::resolution::Candidate;
use super::{Rows, fields_of_arguments, ordinality, own_settings, told_arguments};
use crate::catalog::{Object, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::session::composites;
use crate::sql::create_function::{Body, CreateFunction, Returns};
use crate::sql::cursor::object_name_from;
use crate::sql::name::{FUNCTION_BODY, Quoted};
use crate::sql::shown::Shown;
use crate::sql::walk::{Visit, VisitMut, ended, visit_expressions};
use crate::sql::{QualifiedName, Statement, column_names, parse_one};

/// The column of what a function answers.
const VALUE: &str = "tributary:value";
/// The relation of the fields that a body answers for a row.
const ROW: &str = "tributary:row";
/// The relation of the arguments where the body has one of the function's name.
const ARGUMENTS: &str = "tributary:arguments";

/// The column that an argument is, by its place.
pub(super) fn column_of(place: usize) -> String {
    format!("${}", place + 1)
}

/// The relation of the arguments.
pub(super) fn relation_of(create: &CreateFunction) -> Result<String> {
    Ok(arguments_relation(create, create.query()?.as_ref()))
}

/// The relation of the arguments: it has the function's name, by which the body may write them, but
/// for where the body means something else by that.
fn arguments_relation(create: &CreateFunction, body: &Query) -> String {
    let own = &create.name.name;
    match reads_relation(body, own) {
        true => ARGUMENTS.to_owned(),
        false => own.clone(),
    }
}

/// Whether a body reads a relation of a name.
pub(super) fn reads_relation(body: &Query, name: &str) -> bool {
    struct Finder<'a>(&'a str);
    impl ast::Visitor for Finder<'_> {
        type Break = ();

        fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
            let name = match factor {
                TableFactor::Table {
                    alias: None, name, ..
                } => name.0.last().and_then(|part| part.as_ident()),
                TableFactor::Table { alias, .. }
                | TableFactor::Derived { alias, .. }
                | TableFactor::Function { alias, .. }
                | TableFactor::UNNEST { alias, .. } => alias.as_ref().map(|alias| &alias.name),
                _ => None,
            };
            match name.is_some_and(|name| name.value.eq_ignore_ascii_case(self.0)) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        }
    }
    Visit::visit(body, &mut Finder(name)).is_break()
}

/// What is taken of the rows that a body gives.
#[derive(Clone, Copy)]
enum Taken {
    All,
    First,
    /// The first, or one of NULLs where there is none: a function that gives no rows gives a value.
    FirstOrNull,
    /// All, with their numbers behind their columns.
    Numbered,
}

/// The query that answers for arguments of these values, as `SELECT items FROM arguments, LATERAL
/// (body)`. The columns of the body are `columns`; without any they have the names that it gives them. With
/// `is_within`, names in the body are told from those of a query around.
fn beside_arguments(
    create: &CreateFunction,
    (snapshot, is_within): (&Snapshot, bool),
    values: &[Expr],
    items: &str,
    columns: &[String],
    taken: Taken,
) -> Result<Box<Query>> {
    let mut body = create.query()?;
    fields_of_arguments::enclose(create, snapshot, &mut body);
    number_arguments(create, &mut body)?;
    own_settings::tell(create, &mut body);
    if !column_names::has_several_wildcards(&body) {
        column_names::make_unique(&mut body);
    }
    let may_be_none = matches!(taken, Taken::FirstOrNull) && (create.strict || !gives_a_row(&body));
    match taken {
        Taken::First | Taken::FirstOrNull => take_first_row(&mut body),
        Taken::Numbered => ordinality::number(&mut body)?,
        Taken::All => {}
    }
    let cast_values = values.iter().zip(&create.arguments);
    let cast_values = cast_values.enumerate().map(|(place, (value, argument))| {
        let value = cast(value.clone(), plain_type(&argument.data_type));
        format!("{} AS {}", Shown(&value), Quoted(&column_of(place)))
    });
    let mut cast_values: Vec<String> = cast_values.collect();
    if cast_values.is_empty() {
        cast_values.push("NULL AS \"$0\"".to_owned());
    }
    let mut arguments = format!("SELECT {}", cast_values.join(", "));
    // Each is computed once, whatever it is called by.
    let named = create.arguments.iter().enumerate();
    let named = named.filter_map(|(place, argument)| {
        let name = argument.name.as_ref()?;
        let column = column_of(place);
        Some(format!("{} AS {}", Quoted(&column), Quoted(name)))
    });
    let named: Vec<String> = named.collect();
    if !named.is_empty() {
        let numbers =
            (0..create.arguments.len()).map(|place| Quoted(&column_of(place)).to_string());
        let columns: Vec<String> = numbers.chain(named).collect();
        arguments = format!(
            "SELECT {} FROM ({arguments}) AS \"tributary:values\"",
            columns.join(", ")
        );
    }
    let columns = match columns {
        [] => String::new(),
        names => format!("({})", names.join(", ")),
    };
    let relation = arguments_relation(create, &body);
    if is_within {
        told_arguments::qualify(create, snapshot, &relation, &mut body);
    }
    let (join, condition) = match (may_be_none, missing(create, &relation)) {
        (false, _) => ("CROSS", String::new()),
        (true, None) => ("LEFT", " ON true".to_owned()),
        (true, Some(missing)) => ("LEFT", format!(" ON NOT ({})", Shown(&missing))),
    };
    let text = format!(
        "SELECT {items} FROM ({arguments}) AS {} {join} JOIN LATERAL (SELECT 1) AS {}{columns}{condition}",
        Quoted(&relation),
        Quoted(FUNCTION_BODY),
    );
    let Statement::Query(mut query) = parse_one(&text)? else {
        return Err(Error::internal("a function's body is no query"));
    };
    if let SetExpr::Select(select) = query.body.as_mut()
        && let Some(joined) = select.from.first_mut().and_then(|it| it.joins.first_mut())
        && let TableFactor::Derived { subquery, .. } = &mut joined.relation
    {
        *subquery = body;
    }
    Ok(query)
}

/// The value of a function for arguments that are NULL, and behind it these: what is planned in the
/// place of its calls.
///
/// # Errors
/// Those of the body's text.
pub(super) fn value(create: &CreateFunction, snapshot: &Snapshot) -> Result<Box<Query>> {
    let Returns::Type(returns) = &create.returns else {
        return Err(Error::internal("a function that gives rows is no value"));
    };
    let cast_column = |name: &str, of: &DataType| {
        let column = Expr::Identifier(Ident::with_quote('"', name));
        Shown(&cast(column, plain_type(of))).to_string()
    };
    let mut items = vec![cast_column(VALUE, returns)];
    let arguments = create.arguments.iter().enumerate();
    items.extend(
        arguments.map(|(place, argument)| cast_column(&column_of(place), &argument.data_type)),
    );
    let columns = [Quoted(VALUE).to_string()];
    beside_arguments(
        create,
        (snapshot, false),
        &nulls(create),
        &items.join(", "),
        &columns,
        Taken::First,
    )
}

/// What the body of a function answers for arguments that are NULL.
///
/// # Errors
/// Those of the body's text.
pub fn probe(create: &CreateFunction, snapshot: &Snapshot) -> Result<Box<Query>> {
    let items = format!("{}.*", Quoted(FUNCTION_BODY));
    let place = (snapshot, false);
    beside_arguments(create, place, &nulls(create), &items, &[], Taken::All)
}

fn nulls(create: &CreateFunction) -> Vec<Expr> {
    vec![Expr::value(Value::Null); create.arguments.len()]
}

/// The rows of a call in `FROM`.
///
/// # Errors
/// Those of the body's text.
pub(super) fn rows(
    candidate: &Candidate<'_>,
    snapshot: &Snapshot,
    call: Rows,
) -> Result<TableFactor> {
    let alias = call.alias;
    let create = with_current_row(candidate.create, snapshot);
    let create = create.as_ref();
    let own = &create.name.name;
    let name = alias
        .as_ref()
        .map_or_else(|| Ident::with_quote('"', own), |alias| alias.name.clone());
    // As in Postgres, the one column of a function that gives values is named for it.
    let (mut names, mut types): (Vec<String>, Vec<String>) = match &create.returns {
        Returns::Table(columns) => columns
            .iter()
            .map(|(name, of)| (name.clone(), plain_type(of).to_string()))
            .unzip(),
        Returns::Type(of) | Returns::SetOf(of) => match row_named(snapshot, of) {
            Some(row) => {
                let fields = row.schema.fields().iter();
                let names: Vec<String> = fields.map(|field| field.name().clone()).collect();
                // Columns that are not taken from a row of the type are cast to what its attributes are.
                let types = match (&create.returns, &row.definition) {
                    (Returns::SetOf(_), Statement::CreateComposite(of)) => {
                        let attributes = of.attributes.iter();
                        attributes.map(|it| it.data_type.to_string()).collect()
                    }
                    _ => vec![String::new(); names.len()],
                };
                (names, types)
            }
            None => {
                let answers = create.answers.clone();
                let column = answers.unwrap_or_else(|| name.value.clone());
                (vec![column], vec![plain_type(of).to_string()])
            }
        },
    };
    // One row is one column of the body, whose fields are taken.
    let row = match &create.returns {
        Returns::Type(of) => row_named(snapshot, of).map(|_| of.to_string()),
        _ => None,
    };
    let takes_first = matches!(create.returns, Returns::Type(_));
    let taken = match (takes_first, call.with_ordinality) {
        (true, _) => Taken::FirstOrNull,
        (false, true) => Taken::Numbered,
        (false, false) => Taken::All,
    };
    if call.with_ordinality {
        names.push(ordinality::COLUMN.to_owned());
        types.push(DataType::BigInt(None).to_string());
    }
    let width = names.len();
    let mut places: Vec<String> = (1..=width).map(|place| format!("c{place}")).collect();
    let items = names.iter().zip(&types).zip(&places).enumerate();
    let items = items.map(|(index, ((name, of), place))| {
        let is_number = call.with_ordinality && index + 1 == width;
        let value = match (is_number && takes_first, &row) {
            (true, _) => "1".to_owned(),
            (false, Some(of)) => {
                let (body, field) = (Quoted(FUNCTION_BODY), Quoted(name));
                format!("(CAST({body}.c1 AS {of})).{field}")
            }
            (false, None) => format!("{}.{place}", Quoted(FUNCTION_BODY)),
        };
        match of.as_str() {
            "" => format!("{value} AS {}", Quoted(name)),
            of => format!("CAST({value} AS {of}) AS {}", Quoted(name)),
        }
    });
    let items: Vec<String> = items.collect();
    if row.is_some() {
        places.truncate(1);
    } else if call.with_ordinality && takes_first {
        places.pop();
    }
    let values = &candidate.values;
    let mut query = beside_arguments(
        create,
        (snapshot, true),
        values,
        &items.join(", "),
        &places,
        taken,
    )?;
    if let SetExpr::Select(select) = query.body.as_mut()
        && !takes_first
    {
        let relation = relation_of(create)?;
        select.selection = missing(create, &relation).map(|missing| Expr::UnaryOp {
            op: ast::UnaryOperator::Not,
            expr: Box::new(Expr::Nested(Box::new(missing))),
        });
    }
    let mut columns = alias.map_or_else(Vec::<TableAliasColumnDef>::new, |alias| alias.columns);
    // The number keeps its name where the columns before it get other ones.
    if call.with_ordinality && !columns.is_empty() && columns.len() + 1 == width {
        columns.push(TableAliasColumnDef::from_name(ordinality::COLUMN));
    }
    let alias = TableAlias {
        explicit: true,
        name,
        columns,
        at: None,
    };
    Ok(TableFactor::Derived {
        lateral: call.lateral || candidate.values.iter().any(reads_columns),
        subquery: query,
        alias: Some(alias),
        sample: None,
    })
}

/// Whether an argument is NULL, where the function asks for that.
fn missing(create: &CreateFunction, relation: &str) -> Option<Expr> {
    if !create.strict {
        return None;
    }
    let tests = (0..create.arguments.len()).map(|place| {
        let column = [relation, &column_of(place)].map(|part| Ident::with_quote('"', part));
        Expr::IsNull(Box::new(Expr::CompoundIdentifier(column.to_vec())))
    });
    tests.reduce(|left, right| Expr::BinaryOp {
        left: Box::new(left),
        op: ast::BinaryOperator::Or,
        right: Box::new(right),
    })
}

/// A function whose body was [`gathered`], with as many fields as its row has now: the relation that the row is of
/// may have other columns since.
pub fn with_current_row<'a>(
    create: &'a CreateFunction,
    snapshot: &Snapshot,
) -> Cow<'a, CreateFunction> {
    let again = || {
        let (Returns::Type(of), Body::Text(text, Some(body))) = (&create.returns, &create.body)
        else {
            return None;
        };
        let (within, width) = gathered_from(body)?;
        let now = row_named(snapshot, of)?.schema.fields().len();
        let body = (now != width).then(|| gathered(within, now, of).ok())??;
        Some(CreateFunction {
            body: Body::Text(text.clone(), Some(body)),
            ..create.clone()
        })
    };
    again().map_or(Cow::Borrowed(create), Cow::Owned)
}

/// What a body was before it was [`gathered`], and of how many fields.
fn gathered_from(body: &Query) -> Option<(&Query, usize)> {
    let [only] = body.body.as_select()?.from.as_slice() else {
        return None;
    };
    match &only.relation {
        TableFactor::Derived {
            subquery,
            alias: Some(alias),
            ..
        } if alias.name.value == ROW => Some((subquery.as_ref(), alias.columns.len())),
        _ => None,
    }
}

/// A body that answers a row of so many fields as one value, of this type.
///
/// # Errors
/// A type whose name is none.
pub fn gathered(body: &Query, width: usize, of: &DataType) -> Result<Box<Query>> {
    let places: Vec<String> = (1..=width).map(|place| format!("c{place}")).collect();
    let places = places.join(", ");
    let text = format!(
        "SELECT CAST(ROW({places}) AS {of}) FROM (SELECT 1) AS {}({places})",
        Quoted(ROW)
    );
    let Statement::Query(mut query) = parse_one(&text)? else {
        return Err(Error::internal("a row is no query"));
    };
    if let SetExpr::Select(select) = query.body.as_mut()
        && let Some(from) = select.from.first_mut()
        && let TableFactor::Derived { subquery, .. } = &mut from.relation
    {
        **subquery = body.clone();
    }
    Ok(query)
}

/// The relation whose rows a type is of.
fn relation_named<'a>(snapshot: &'a Snapshot, data_type: &DataType) -> Option<&'a Arc<Object>> {
    snapshot.relation(&full_name(data_type)?)
}

/// The relation of a name, or the composite type that a type is: what gives rows of either gives its columns.
pub fn row_named<'a>(snapshot: &'a Snapshot, data_type: &DataType) -> Option<&'a Arc<Object>> {
    let of = || snapshot.type_named(&full_name(data_type)?);
    let composite = || of().filter(|of| composites::composite_type(of).is_some());
    relation_named(snapshot, data_type).or_else(composite)
}

fn full_name(data_type: &DataType) -> Option<QualifiedName> {
    let DataType::Custom(name, _) = data_type else {
        return None;
    };
    let name = object_name_from(name).ok()?;
    Some(name.qualify(crate::sql::name::DEFAULT_SCHEMA))
}

/// Writes arguments that are numbered, `$1`, as columns.
fn number_arguments(create: &CreateFunction, body: &mut Query) -> Result<()> {
    struct Numbered(usize);
    impl VisitorMut for Numbered {
        type Break = Error;

        fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
            let Expr::Value(value) = expr else {
                return ControlFlow::Continue(());
            };
            let Value::Placeholder(name) = &value.value else {
                return ControlFlow::Continue(());
            };
            let number: Option<usize> = name.trim_start_matches('$').parse().ok();
            match number.and_then(|number| number.checked_sub(1)) {
                Some(place) if place < self.0 => {
                    *expr = Expr::Identifier(Ident::with_quote('"', column_of(place)));
                    ControlFlow::Continue(())
                }
                _ => {
                    let message = format!("there is no parameter {name}");
                    ControlFlow::Break(Error::new(SqlState::UNDEFINED_PARAMETER, message))
                }
            }
        }
    }
    ended(body.visit(&mut Numbered(create.arguments.len())))
}

/// Whether a body gives a row whatever it reads, for it reads nothing.
fn gives_a_row(body: &Query) -> bool {
    match body.body.as_ref() {
        SetExpr::Select(select) => {
            let is_cut = body.limit_clause.is_some() || body.fetch.is_some();
            let is_chosen = select.selection.is_some() || select.having.is_some();
            select.from.is_empty() && !is_cut && !is_chosen
        }
        _ => false,
    }
}

/// A function that answers one value takes the first row that its body gives.
fn take_first_row(body: &mut Query) {
    let one = || {
        Some(ast::LimitClause::LimitOffset {
            limit: Some(Expr::value(Value::Number("1".to_owned(), false))),
            offset: None,
            limit_by: Vec::new(),
        })
    };
    if body.limit_clause.is_none() && body.fetch.is_none() {
        body.limit_clause = one();
        return;
    }
    if let Ok(Statement::Query(mut first)) =
        parse_one("SELECT * FROM (SELECT 1) AS \"tributary:first\" LIMIT 1")
        && let SetExpr::Select(select) = first.body.as_mut()
        && let Some(from) = select.from.first_mut()
        && let TableFactor::Derived { subquery, .. } = &mut from.relation
    {
        **subquery = std::mem::replace(body, Query::clone(subquery));
        *body = *first;
    }
}

fn reads_columns(value: &Expr) -> bool {
    let found = visit_expressions(value, |part| match part {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    found.is_break()
}

/// A type without what limits its values, which PostgreSQL takes from arguments and answers.
pub fn plain_type(data_type: &DataType) -> DataType {
    let no_length = |length: &Option<CharacterLength>| length.is_some();
    match data_type {
        DataType::Varchar(length) | DataType::CharacterVarying(length) if no_length(length) => {
            DataType::Varchar(None)
        }
        DataType::CharVarying(length) if no_length(length) => DataType::Varchar(None),
        DataType::Char(_) | DataType::Character(_) => DataType::Text,
        DataType::Numeric(info) | DataType::Decimal(info) | DataType::Dec(info)
            if *info != ExactNumberInfo::None =>
        {
            DataType::Numeric(ExactNumberInfo::None)
        }
        DataType::Timestamp(Some(_), zone) => DataType::Timestamp(None, *zone),
        DataType::Time(Some(_), zone) => DataType::Time(None, *zone),
        DataType::Array(ast::ArrayElemTypeDef::SquareBracket(element, size)) => DataType::Array(
            ast::ArrayElemTypeDef::SquareBracket(Box::new(plain_type(element)), *size),
        ),
        other => other.clone(),
    }
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
