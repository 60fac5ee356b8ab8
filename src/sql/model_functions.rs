//! The table functions that read models: `entity_clusters('name')` and its like.
//!
//! What such a function reads is known before anything runs, as that of a relation is: the names
//! in its arguments are literals. Before a query is planned each call is renamed to a relation whose
//! name tells the function and its other arguments; the catalog decodes the name. Users cannot write
//! such names themselves.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Ident, ObjectName as AstName, ObjectNamePart, Query,
    SetExpr, TableAlias, TableFactor, TableFunctionArgs, Value, ValueWithSpan, VisitorMut,
};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::QualifiedName;
use super::cursor::{Parser, folded};
use super::dialect::TributaryDialect;
use super::name::ObjectName;
use super::qualify::{Named, ast_name};
use super::shown::Shown;
use super::{set_returning, table_changes};
use crate::error::{Error, Result, SqlState};
use crate::sql::walk::{VisitMut, ended, flow, visit_expressions};

/// Between the name of a model and the function in an encoded name.
const MARK: &str = "@entity_";

/// A function that reads a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ModelFunction {
    /// Which entity each record belongs to.
    Clusters,
    /// The pairs of records that were compared and kept.
    Pairs,
    /// Why two records are, or are not, one entity.
    Explain,
    /// What was learned.
    Parameters,
    /// The blocking rules.
    BlockingReport,
    /// Whether probabilities are what they say.
    Calibration,
    /// How good the clusters are, held against the truth.
    Evaluate,
    /// Records that have too little to be linked.
    Unlinkable,
    /// The entities of one record.
    Lookup,
    /// What became of entities.
    History,
    /// The pairs whose labels would teach the most.
    LabelSuggestions,
}

/// An argument of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// The model, a literal.
    Model,
    /// A relation, a literal; what it is.
    Relation(&'static str),
    /// A value; what it is.
    Value(&'static str),
}

impl ModelFunction {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Clusters,
        Self::Pairs,
        Self::Explain,
        Self::Parameters,
        Self::BlockingReport,
        Self::Calibration,
        Self::Evaluate,
        Self::Unlinkable,
        Self::Lookup,
        Self::History,
        Self::LabelSuggestions,
    ];

    /// Its name in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clusters => "entity_clusters",
            Self::Pairs => "entity_pairs",
            Self::Explain => "entity_explain",
            Self::Parameters => "entity_parameters",
            Self::BlockingReport => "entity_blocking_report",
            Self::Calibration => "entity_calibration",
            Self::Evaluate => "entity_evaluate",
            Self::Unlinkable => "entity_unlinkable",
            Self::Lookup => "entity_lookup",
            Self::History => "entity_history",
            Self::LabelSuggestions => "entity_label_suggestions",
        }
    }

    /// Its arguments.
    pub fn arguments(self) -> &'static [Argument] {
        match self {
            Self::Explain => &[
                Argument::Model,
                Argument::Value("the unique id of a record"),
                Argument::Value("the unique id of another record"),
            ],
            Self::Evaluate => &[
                Argument::Model,
                Argument::Relation("a relation with the true entity of records"),
            ],
            Self::Lookup => &[Argument::Model, Argument::Value("a record, as a struct")],
            Self::LabelSuggestions => &[Argument::Model, Argument::Value("how many pairs")],
            _ => &[Argument::Model],
        }
    }

    /// Whether its values may be columns of what stands before it in `FROM`.
    pub fn takes_columns(self) -> bool {
        matches!(self, Self::Explain | Self::Lookup)
    }

    /// How it is called.
    pub fn call(self) -> String {
        let arguments: Vec<&str> = self
            .arguments()
            .iter()
            .map(|argument| match argument {
                Argument::Model => "'model'",
                Argument::Relation(what) | Argument::Value(what) => what,
            })
            .collect();
        format!("{}({})", self.name(), arguments.join(", "))
    }

    /// What it answers with.
    pub fn description(self) -> &'static str {
        match self {
            Self::Clusters => {
                "a row a record: the entity that it belongs to, and how sure that is."
            }
            Self::Pairs => {
                "a row a pair of records that may be one entity, with what speaks for it. The left one \
                 is the one that comes first by its source and `unique_id`. Pairs that were compared \
                 and are most likely two are not kept."
            }
            Self::Explain => {
                "why two records are held to be one entity, or two: a row a comparison, with the sum \
                 so far, as a waterfall chart shows it. With the option `source`, write a record as \
                 `'source:id'`, and one without a source as `':id'`; where that names several, or \
                 always, as a struct of both columns: `named_struct('system', 'a:b', 'id', 7)`. Records may be \
                 columns of what stands before it in `FROM`, and `FROM pairs p, \
                 entity_explain('model', p.a, p.b) e` explains each pair of `pairs`, but for those of \
                 which one is NULL."
            }
            Self::Parameters => "what was learned: a row a level of each comparison.",
            Self::BlockingReport => "how pairs were chosen for comparison: a row a rule.",
            Self::Calibration => {
                "whether probabilities are what they say, by the entities that were found and by what people have told of pairs: a row a range of probabilities."
            }
            Self::Unlinkable => {
                "records that have too little to be linked to anything: even a copy of theirs would \
                 stay below the threshold."
            }
            Self::Lookup => {
                "the entities that one record may belong to, the likeliest first, each with its record \
                 that is most alike. A record that has the same values in all columns comes first, \
                 whatever its weight; and of records that are as likely, the one whose `unique_id` \
                 the struct has. The struct has columns of the model's query, as in \
                 `named_struct('first_name', 'Ann', 'dob', '1980-02-29')`; those that it lacks are \
                 taken to be missing. A column that the model leaves out, as it repeats others, says of \
                 those that the struct lacks what it says: a copy all of it, a full name the given and \
                 the family name. A struct of which the model compares no column is an error (22023), and \
                 for one that has nothing a blocking rule goes by, of which nothing is found, a notice \
                 tells so. \
                 Its values may be columns of what stands before it in `FROM`: \
                 `FROM incoming i, entity_lookup('model', named_struct('email', i.email)) e` has a row for \
                 each record of `incoming` and each entity that it may belong to, and `LEFT JOIN \
                 entity_lookup(...) e ON true` keeps those that may belong to none. By the option `link`, records of its source, or of others, are no \
                 answer; where it has none, any may be. The first call after a refresh reads the model into memory."
            }
            Self::Evaluate => {
                "how good the clusters are, at the model's threshold and others. The relation has the \
                 model's `unique_id` column, its `source` where it has one, and one more column: the \
                 true entity of each record. Records that it does not name are left out."
            }
            Self::History => {
                "what became of records and entities: a row a change since the first version. A merge \
                 keeps the older number, a split keeps it with the larger part."
            }
            Self::LabelSuggestions => {
                "the pairs that a human decision on would teach the most; decisions go to the \
                 relations of `must_link` and `cannot_link`."
            }
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|function| function.name() == name)
    }

    fn wrong_arguments(self) -> Error {
        Error::new(
            SqlState::UNDEFINED_FUNCTION,
            format!("{} is not called with these arguments", self.name()),
        )
        .with_hint(format!("It is called as {}.", self.call()))
    }
}

/// A function whose call stands in an encoded name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call<'a> {
    /// The model, without its schema.
    pub model: &'a str,
    /// The function.
    pub function: ModelFunction,
    /// Its other arguments, as SQL writes them.
    pub arguments: Vec<String>,
}

/// The name that stands for a function of a model of this name, without its schema; its other arguments
/// follow.
pub fn encoded(model: &str, function: ModelFunction) -> String {
    format!("{model}@{}", function.name())
}

/// The call that a rewritten name stands for; `None` for every other name.
pub fn decode(name: &str) -> Option<Call<'_>> {
    let (model, rest) = name.split_once(MARK)?;
    let mut parts = rest.split(SEPARATOR);
    let function = ModelFunction::named(&format!("entity_{}", parts.next()?))?;
    Some(Call {
        model,
        function,
        arguments: parts.map(str::to_owned).collect(),
    })
}

/// Between the arguments in an encoded name: no token of SQL has it outside of a literal, and from
/// literals it is refused.
const SEPARATOR: char = '\u{1f}';

/// Whether a name could be taken for an encoded one.
pub(super) fn is_encoded(name: &str) -> bool {
    name.contains(MARK)
}

/// The model and the relations that a call names; none of any other relation.
///
/// # Errors
/// 42883 for other arguments than the function has; 42602 for what is no name.
pub(super) fn relations(factor: &TableFactor) -> Result<Vec<ObjectName>> {
    let Some((name, args)) = called(factor) else {
        return Ok(Vec::new());
    };
    let Some(function) = function(name) else {
        return Ok(Vec::new());
    };
    if args.len() != function.arguments().len() {
        return Err(function.wrong_arguments());
    }
    let arguments = args.iter().zip(function.arguments());
    arguments
        .filter(|(_, argument)| !matches!(argument, Argument::Value(_)))
        .map(|(arg, argument)| {
            let literal = expression(arg).and_then(text);
            let literal = literal.ok_or_else(|| not_literal(function, *argument))?;
            parse_name(literal)
        })
        .collect()
}

/// Writes the names in a call in full.
///
/// # Errors
/// Those of [`relations`] and of `resolve`.
pub(super) fn qualify(
    factor: &mut TableFactor,
    resolve: &mut impl FnMut(ObjectName, Named) -> Result<QualifiedName>,
) -> Result<()> {
    without_lateral(factor);
    let mut names = relations(factor)?.into_iter();
    let TableFactor::Table {
        name,
        args: Some(args),
        ..
    } = factor
    else {
        return Ok(());
    };
    let Some(function) = function(name) else {
        return Ok(());
    };
    for (arg, argument) in args.args.iter_mut().zip(function.arguments()) {
        if matches!(argument, Argument::Value(_)) {
            continue;
        }
        let Some(name) = names.next() else { break };
        let named = match argument {
            Argument::Model => Named::Model,
            _ => Named::Relation,
        };
        let full = resolve(name, named)?;
        *arg = literal(Value::SingleQuotedString(full.to_string()));
    }
    Ok(())
}

/// Renames the calls of a query, whose names are in full, so that planning it finds them. To be
/// called for every query before it is planned; what is stored and displayed is the query as written.
///
/// # Errors
/// Those of `relations`.
pub fn rewrite(query: &mut Query) -> Result<()> {
    ended(VisitMut::visit(query, &mut Rewriter))
}

struct Rewriter;

impl VisitorMut for Rewriter {
    type Break = Error;

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        flow(rewrite_factor(factor))
    }
}

fn rewrite_factor(factor: &mut TableFactor) -> Result<()> {
    without_lateral(factor);
    let mut names = relations(factor)?.into_iter();
    let Some(model) = names.next() else {
        return Ok(());
    };
    let TableFactor::Table {
        name, args, alias, ..
    } = factor
    else {
        return Ok(());
    };
    let (Some(function), Some(called)) = (function(name), args.take()) else {
        return Ok(());
    };
    let mut encoded = encoded(&model.name, function);
    let schema = model.schema.as_deref().unwrap_or_default();
    if function.takes_columns() && called.args.iter().skip(1).any(has_columns) {
        let values = called.args.into_iter().skip(1).collect();
        let name = encoded_name(schema, encoded);
        *factor = beside_rows(function, name, values, alias.take())?;
        return Ok(());
    }
    for arg in called.args.iter().skip(1) {
        let Some(argument) = expression(arg) else {
            return Err(function.wrong_arguments());
        };
        let shown = Shown(argument).to_string();
        if shown.contains(SEPARATOR) {
            return Err(Error::new(
                SqlState::CHARACTER_NOT_IN_REPERTOIRE,
                format!("an argument of {} has a control character", function.name()),
            ));
        }
        encoded.push(SEPARATOR);
        encoded.push_str(&shown);
    }
    if alias.is_none() {
        *alias = Some(TableAlias {
            explicit: true,
            name: Ident::new(function.name()),
            columns: Vec::new(),
            at: None,
        });
    }
    *name = encoded_name(schema, encoded);
    Ok(())
}

/// The name of the relation that a call stands for.
fn encoded_name(schema: &str, encoded: String) -> AstName {
    let mut full = ast_name(&QualifiedName::new(schema, ""));
    full.0.pop();
    full.0
        .push(ObjectNamePart::Identifier(Ident::with_quote('"', encoded)));
    full
}

/// Whether an argument names columns: those of what stands before it in `FROM`.
fn has_columns(argument: &FunctionArg) -> bool {
    let found = visit_expressions(argument, |part| match part {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    found.is_break()
}

/// A call of values that other rows have: a query of these that the planner of such calls reads.
fn beside_rows(
    function: ModelFunction,
    name: AstName,
    values: Vec<FunctionArg>,
    alias: Option<TableAlias>,
) -> Result<TableFactor> {
    let called = |name: &str| TableAlias {
        explicit: true,
        name: Ident::new(name),
        columns: Vec::new(),
        at: None,
    };
    let args = TableFunctionArgs {
        args: values,
        settings: None,
    };
    let mut alias = alias.unwrap_or_else(|| called(function.name()));
    // They may name the first columns alone, which the planner of functions knows how to complete.
    let answers = TableAlias {
        columns: std::mem::take(&mut alias.columns),
        ..called(function.name())
    };
    let mut subquery = set_returning::query("SELECT * FROM answers")?;
    if let SetExpr::Select(select) = subquery.body.as_mut()
        && let Some(first) = select.from.first_mut()
    {
        first.relation = table(name, args, Some(answers), false);
    }
    Ok(TableFactor::Derived {
        lateral: true,
        subquery,
        alias: Some(alias),
        sample: None,
    })
}

/// The name and the arguments of a function in `FROM`.
pub(super) fn called(factor: &TableFactor) -> Option<(&AstName, &[FunctionArg])> {
    match factor {
        TableFactor::Table {
            name,
            args: Some(args),
            ..
        } => Some((name, &args.args)),
        TableFactor::Function { name, args, .. } => Some((name, args)),
        _ => None,
    }
}

/// Takes `LATERAL` off a function on a model, which may name columns of what stands before it in any
/// case.
pub(super) fn without_lateral(factor: &mut TableFactor) {
    if let TableFactor::Function {
        name,
        args,
        alias,
        with_ordinality,
        ..
    } = factor
        && function(name).is_some()
    {
        let args = TableFunctionArgs {
            args: std::mem::take(args),
            settings: None,
        };
        *factor = table(name.clone(), args, alias.take(), *with_ordinality);
    }
}

fn table(
    name: AstName,
    args: TableFunctionArgs,
    alias: Option<TableAlias>,
    with_ordinality: bool,
) -> TableFactor {
    TableFactor::Table {
        name,
        alias,
        args: Some(args),
        with_hints: Vec::new(),
        version: None,
        with_ordinality,
        partitions: Vec::new(),
        json_path: None,
        sample: None,
        index_hints: Vec::new(),
    }
}

/// Whether calls of this name are renamed before they are planned.
pub(super) fn is_called(name: &AstName) -> bool {
    function(name).is_some() || table_changes::is_named(name)
}

/// Whether this is the name of the function that looks records up.
pub(super) fn is_lookup(name: &AstName) -> bool {
    function(name) == Some(ModelFunction::Lookup)
}

fn function(name: &AstName) -> Option<ModelFunction> {
    match name.0.as_slice() {
        [ObjectNamePart::Identifier(only)] => ModelFunction::named(&folded(only)),
        _ => None,
    }
}

/// The expression that an argument without a name is; none of another one.
pub fn expression(arg: &FunctionArg) -> Option<&Expr> {
    match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => Some(expression),
        _ => None,
    }
}

pub(super) fn text(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Value(ValueWithSpan {
            value: Value::SingleQuotedString(text) | Value::EscapedStringLiteral(text),
            ..
        }) => Some(text),
        _ => None,
    }
}

pub(super) fn literal(value: Value) -> FunctionArg {
    FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value.with_empty_span())))
}

fn not_literal(function: ModelFunction, argument: Argument) -> Error {
    let what = match argument {
        Argument::Relation(_) => "relation",
        _ => "model",
    };
    Error::new(
        SqlState::INVALID_PARAMETER_VALUE,
        format!("the {what} of {} is not a literal", function.name()),
    )
    .with_hint(format!("Write its name as text: {}.", function.call()))
}

/// The name that an argument of [`Call`] holds; none where it is no text.
pub fn named_by(argument: &str) -> Option<Result<ObjectName>> {
    let dialect = TributaryDialect::default();
    let mut parser = Parser::new(&dialect, argument).ok()?;
    let text = parser.string().ok()?;
    Some(parse_name(&text))
}

/// The name that a text holds.
///
/// # Errors
/// 42602 where it holds none.
pub fn parse_name(text: &str) -> Result<ObjectName> {
    let dialect = TributaryDialect::default();
    let parsed = Parser::new(&dialect, text).and_then(|mut parser| {
        let name = parser.object_name()?;
        // Nothing may follow, a semicolon neither: the text is put into a query.
        let is_all = parser.peek_token_ref().token == Token::EOF;
        Ok(is_all.then_some(name))
    });
    match parsed {
        Ok(Some(name)) => Ok(name),
        _ => Err(Error::new(
            SqlState::INVALID_NAME,
            format!("\"{text}\" is not the name of a relation"),
        )
        .with_hint("Write it as in SQL: 'name' or 'schema.name'.")),
    }
}
