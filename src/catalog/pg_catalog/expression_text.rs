//! Expressions of checks and defaults as PostgreSQL writes them: with the casts that its parser puts
//! in, `(spent >= (0)::numeric)`, and when it writes prettily with the parentheses that are needed
//! alone, after `isSimpleNode` and `get_coercion_expr` of its `ruleutils.c`.

use std::ops::ControlFlow;

use arrow::datatypes::{DataType, Schema};
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, UnaryOperator, Value,
};

use super::types::{format_type, of_length, type_oid};
use crate::catalog::{Kind, Object};
use crate::sql::Statement;
use crate::sql::create_domain::VALUE;
use crate::sql::name::Quoted;
use crate::sql::shown::Shown;
use crate::sql::walk::visit_expressions;
use crate::wire::types::PostgresType;

const BOOL: u32 = 16;
const INT8: u32 = 20;
const INT2: u32 = 21;
const INT4: u32 = 23;
const TEXT: u32 = 25;
const FLOAT4: u32 = 700;
const FLOAT8: u32 = 701;
const UNKNOWN: u32 = 705;
const BPCHAR: u32 = 1042;
const VARCHAR: u32 = 1043;
const TIMESTAMPTZ: u32 = 1184;
const NUMERIC: u32 = 1700;

/// The text of a condition, without the parentheses of `CHECK (...)`.
pub fn condition(object: &Object, condition: &Expr, pretty: bool) -> String {
    let typed = Typed::of(object, condition);
    named(typed.node.text(pretty, None), object)
}

/// The text of a column's default.
pub fn default(object: &Object, column: &str, value: &Expr, pretty: bool) -> String {
    let typed = Typed::of(object, value);
    let wanted = column_type(object, column);
    let text = typed.clone().of_type(wanted);
    let text = match (&typed.node, typed.oid == wanted) {
        // Constants are of the column's type; what is computed is cast to it without a word.
        (Node::Unknown(_), _) | (_, true) => text.node.text(pretty, None),
        (node, false) => node.text(pretty, Some(Parent::Cast)),
    };
    named(text, object)
}

/// What stands around the number of a type that users have made, until its name takes its place.
const NUMBERED: char = '\u{1f}';

/// The first number of such a type.
const FIRST_OWN: u32 = 16_384;

/// The name of a type, or the number of one that users have made.
fn type_text(oid: u32) -> String {
    match oid {
        FIRST_OWN.. => format!("{NUMBERED}{oid}{NUMBERED}"),
        // `character` alone would be of one character.
        BPCHAR => "bpchar".to_owned(),
        oid => format_type(oid, -1),
    }
}

/// A text with the names of types that users have made, as the columns of a table, or a domain, name them.
fn named(text: String, object: &Object) -> String {
    if !text.contains(NUMBERED) {
        return text;
    }
    if let Statement::CreateDomain(create) = &object.definition {
        let number = format!("{NUMBERED}{}{NUMBERED}", column_type(object, VALUE));
        return text.replace(&number, &create.data_type.to_string());
    }
    let Statement::CreateTable(create) = &object.definition else {
        return text;
    };
    create.columns.iter().fold(text, |text, column| {
        let oid = column_type(object, &column.name.value);
        let number = format!("{NUMBERED}{oid}{NUMBERED}");
        text.replace(&number, &column.data_type.to_string())
    })
}

/// The number of the type of a table's column; 0 where there is no such column.
pub fn column_type(object: &Object, column: &str) -> u32 {
    match object.character_length(column) {
        Some(length) => of_length(length).0,
        None => {
            let schema: &Schema = &object.schema;
            let field = schema.field_with_name(column).ok();
            field.map_or(0, |field| match field.data_type() {
                DataType::Null => UNKNOWN,
                _ => PostgresType::of_field(field).oid,
            })
        }
    }
}

/// An expression with the number of its type; 0 where that is not known.
#[derive(Clone)]
struct Typed {
    node: Node,
    oid: u32,
}

#[derive(Clone)]
enum Node {
    /// A column or a constant.
    Simple(String),
    /// A call, which has parentheses of its own.
    Call(String, Vec<Node>),
    /// A literal in quotes whose type is that of what is beside it.
    Unknown(String),
    Cast(Box<Node>, u32),
    Operator(Box<Node>, String, Box<Node>),
    /// `AND` or `OR`.
    Junction(&'static str, Vec<Node>),
    Not(Box<Node>),
    Null(Box<Node>, &'static str),
    /// `x = ANY (ARRAY[...])`, and whether the array is cast to one of texts.
    Any(Box<Node>, &'static str, Vec<Node>, bool),
}

/// What a node stands in.
#[derive(Clone, Copy)]
enum Parent<'a> {
    Cast,
    /// The operator, and whether the node is its left side.
    Operator(&'a str, bool),
    Junction(&'a str),
    Not,
    Other,
}

impl Node {
    fn text(&self, pretty: bool, parent: Option<Parent<'_>>) -> String {
        let text = match self {
            Self::Simple(text) => return text.clone(),
            Self::Call(name, arguments) => {
                let arguments = arguments.iter().map(|it| it.text(pretty, None));
                let arguments: Vec<String> = arguments.collect();
                return format!("{name}({})", arguments.join(", "));
            }
            Self::Unknown(text) => return format!("{text}::text"),
            Self::Cast(inner, oid) => {
                let name = type_text(*oid);
                return match pretty {
                    true => format!("{}::{name}", inner.text(true, Some(Parent::Cast))),
                    false => format!("({})::{name}", inner.text(false, None)),
                };
            }
            Self::Operator(left, operator, right) => format!(
                "{} {operator} {}",
                left.text(pretty, Some(Parent::Operator(operator, true))),
                right.text(pretty, Some(Parent::Operator(operator, false)))
            ),
            Self::Junction(word, parts) => {
                let inner = Some(Parent::Junction(word));
                let parts: Vec<String> = parts.iter().map(|it| it.text(pretty, inner)).collect();
                parts.join(&format!(" {word} "))
            }
            Self::Not(inner) => format!("NOT {}", inner.text(pretty, Some(Parent::Not))),
            Self::Null(inner, test) => {
                format!("{} {test}", inner.text(pretty, Some(Parent::Other)))
            }
            Self::Any(left, operator, items, as_texts) => {
                let items: Vec<String> = items.iter().map(|it| it.text(pretty, None)).collect();
                let array = format!("ARRAY[{}]", items.join(", "));
                let array = match (as_texts, pretty) {
                    (false, _) => array,
                    (true, true) => format!("{array}::text[]"),
                    (true, false) => format!("({array})::text[]"),
                };
                let left = left.text(pretty, Some(Parent::Other));
                format!("{left} {operator} ({array})")
            }
        };
        match !pretty || parent.is_some_and(|parent| !self.is_simple_in(parent)) {
            true => format!("({text})"),
            false => text,
        }
    }

    /// Whether it needs no parentheses there, when written prettily.
    fn is_simple_in(&self, parent: Parent<'_>) -> bool {
        match (self, parent) {
            (Self::Operator(_, own, _), Parent::Operator(outer, is_left)) => {
                let (own, outer) = (strength(own), strength(outer));
                own > 0 && outer > 0 && (own > outer || own == outer && is_left)
            }
            (Self::Operator(..) | Self::Null(..), Parent::Junction(_) | Parent::Not) => true,
            (Self::Not(_), Parent::Junction(_)) => true,
            (Self::Junction(own, _), Parent::Junction(outer)) => *own == "AND" || outer == "OR",
            _ => false,
        }
    }
}

/// How strongly an operator of arithmetic binds; PostgreSQL leaves parentheses out of no others.
fn strength(operator: &str) -> u8 {
    match operator {
        "+" | "-" => 1,
        "*" | "/" | "%" => 2,
        _ => 0,
    }
}

impl Typed {
    fn simple(text: impl Into<String>, oid: u32) -> Self {
        let node = Node::Simple(text.into());
        Self { node, oid }
    }

    fn of(object: &Object, expression: &Expr) -> Self {
        let of = |inner: &Expr| Self::of(object, inner);
        let boolean = |node| Self { node, oid: BOOL };
        match expression {
            Expr::Identifier(name) => Self::column(object, &name.value),
            Expr::CompoundIdentifier(parts) => match parts.last() {
                Some(name) => Self::column(object, &name.value),
                None => Self::simple(String::new(), 0),
            },
            Expr::Value(value) => Self::literal(&value.value, ""),
            Expr::UnaryOp {
                op: UnaryOperator::Minus,
                expr,
            } if matches!(expr.as_ref(), Expr::Value(_)) => match expr.as_ref() {
                Expr::Value(value) => Self::literal(&value.value, "-"),
                _ => of(expr),
            },
            Expr::UnaryOp {
                op: UnaryOperator::Not,
                expr,
            } => boolean(Node::Not(Box::new(of(expr).node))),
            Expr::Nested(inner) => of(inner),
            Expr::TypedString(typed) => {
                let name = typed.data_type.to_string();
                let oid = type_oid(&name).unwrap_or(TEXT);
                Self::simple(format!("{}::{}", typed.value, type_text(oid)), oid)
            }
            Expr::Interval(interval) => Self::simple(format!("{}::interval", interval.value), 1186),
            Expr::Cast {
                expr, data_type, ..
            } => match type_oid(&data_type.to_string()) {
                Some(oid) => of(expr).of_type(oid),
                None => Self::simple(Shown(expression).to_string(), 0),
            },
            Expr::IsNull(inner) => boolean(Node::Null(Box::new(of(inner).node), "IS NULL")),
            Expr::IsNotNull(inner) => boolean(Node::Null(Box::new(of(inner).node), "IS NOT NULL")),
            Expr::BinaryOp { left, op, right } => match op {
                BinaryOperator::And => boolean(junction("AND", of(left).node, of(right).node)),
                BinaryOperator::Or => boolean(junction("OR", of(left).node, of(right).node)),
                op => of(left).operator(&op.to_string(), of(right)),
            },
            Expr::Between {
                expr,
                negated,
                low,
                high,
            } => {
                let (first, word, second) = match negated {
                    false => (">=", "AND", "<="),
                    true => ("<", "OR", ">"),
                };
                let low = of(expr).operator(first, of(low));
                let high = of(expr).operator(second, of(high));
                boolean(junction(word, low.node, high.node))
            }
            Expr::InList {
                expr,
                list,
                negated,
            } => of(expr).among(list.iter().map(of).collect(), *negated),
            Expr::Like {
                negated,
                any: false,
                expr,
                pattern,
                escape_char: None,
            } => of(expr).operator(if *negated { "!~~" } else { "~~" }, of(pattern)),
            Expr::ILike {
                negated,
                any: false,
                expr,
                pattern,
                escape_char: None,
            } => of(expr).operator(if *negated { "!~~*" } else { "~~*" }, of(pattern)),
            Expr::Function(function) => {
                let name = function.name.to_string();
                let name = name.trim_start_matches("pg_catalog.").to_owned();
                let mut arguments = Vec::new();
                // What the first argument whose type is known has.
                let mut known = 0;
                match &function.args {
                    FunctionArguments::List(list) if list.clauses.is_empty() => {
                        for argument in &list.args {
                            let FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) = argument
                            else {
                                return Self::simple(Shown(expression).to_string(), 0);
                            };
                            let argument = of(argument).into_text();
                            known = if known == 0 { argument.oid } else { known };
                            arguments.push(argument.node);
                        }
                    }
                    FunctionArguments::None => {
                        return Self::simple(name.to_uppercase(), TIMESTAMPTZ);
                    }
                    _ => return Self::simple(Shown(expression).to_string(), 0),
                }
                let name = match name.to_lowercase().as_str() {
                    "coalesce" => "COALESCE".to_owned(),
                    other => other.to_owned(),
                };
                let oid = match name.as_str() {
                    "COALESCE" => known,
                    other => result_type(other),
                };
                let node = Node::Call(name, arguments);
                Self { node, oid }
            }
            other => Self::simple(Shown(other).to_string(), 0),
        }
    }

    fn column(object: &Object, name: &str) -> Self {
        // All that the conditions of a domain are of.
        if object.kind == Kind::Type {
            return Self::simple("VALUE", column_type(object, VALUE));
        }
        Self::simple(Quoted(name).to_string(), column_type(object, name))
    }

    fn literal(value: &Value, sign: &str) -> Self {
        match value {
            Value::Number(number, _) => {
                let oid = match number.parse::<i64>() {
                    Ok(number) if i32::try_from(number).is_ok() => INT4,
                    Ok(_) => INT8,
                    Err(_) => NUMERIC,
                };
                // PostgreSQL tells a large or a negative number apart from its operator by quotes.
                match (sign, oid) {
                    ("", INT4 | NUMERIC) => Self::simple(number, oid),
                    _ => {
                        let name = type_text(oid);
                        Self::simple(format!("'{sign}{number}'::{name}"), oid)
                    }
                }
            }
            Value::Boolean(value) => Self::simple(value.to_string(), BOOL),
            Value::SingleQuotedString(text) => Self {
                node: Node::Unknown(format!("'{}'", text.replace('\'', "''"))),
                oid: UNKNOWN,
            },
            Value::Null => Self {
                node: Node::Unknown("NULL".to_owned()),
                oid: UNKNOWN,
            },
            other => Self::simple(other.to_string(), 0),
        }
    }

    /// Cast to a type, where it is not of it.
    fn of_type(self, oid: u32) -> Self {
        let node = match self.node {
            // A type that is not known cannot be named.
            Node::Unknown(text) if oid == 0 => Node::Simple(text),
            Node::Unknown(text) => Node::Simple(format!("{text}::{}", type_text(oid))),
            node if self.oid == oid || oid == 0 => node,
            node => Node::Cast(Box::new(node), oid),
        };
        Self { node, oid }
    }

    /// Functions and operators take `varchar` as text.
    fn into_text(self) -> Self {
        match self.oid {
            VARCHAR | UNKNOWN => self.of_type(TEXT),
            _ => self,
        }
    }

    fn operator(self, operator: &str, right: Self) -> Self {
        let (left, right) = matched(self, right);
        let operator = match operator {
            "!=" => "<>",
            other => other,
        };
        let oid = match operator {
            "+" | "-" | "*" | "/" | "%" => wider(left.oid, right.oid),
            "||" => TEXT,
            _ => BOOL,
        };
        Self {
            node: Node::Operator(
                Box::new(left.node),
                operator.to_owned(),
                Box::new(right.node),
            ),
            oid,
        }
    }

    fn among(self, items: Vec<Self>, negated: bool) -> Self {
        if let [item] = items.as_slice() {
            return self.operator(if negated { "<>" } else { "=" }, item.clone());
        }
        let all_literals = items
            .iter()
            .all(|item| matches!(item.node, Node::Unknown(_)));
        let as_texts = self.oid == VARCHAR && all_literals;
        let own = self.oid;
        let items = items.into_iter().map(|item| match as_texts {
            true => item.of_type(VARCHAR).node,
            false => item.of_type(own).node,
        });
        let items = items.collect();
        let operator = if negated { "<> ALL" } else { "= ANY" };
        Self {
            node: Node::Any(Box::new(self.into_text().node), operator, items, as_texts),
            oid: BOOL,
        }
    }
}

fn junction(word: &'static str, left: Node, right: Node) -> Node {
    let mut parts = Vec::new();
    for part in [left, right] {
        match part {
            Node::Junction(own, inner) if own == word => parts.extend(inner),
            other => parts.push(other),
        }
    }
    Node::Junction(word, parts)
}

/// Both sides of an operator, with the casts that make them fit.
fn matched(left: Typed, right: Typed) -> (Typed, Typed) {
    let (left, right) = match (left.oid, right.oid) {
        (UNKNOWN, UNKNOWN) => (left.into_text(), right.into_text()),
        (UNKNOWN, VARCHAR) | (VARCHAR, UNKNOWN) => (left.into_text(), right.into_text()),
        (UNKNOWN, oid) => (left.of_type(oid), right),
        (oid, UNKNOWN) => (left, right.of_type(oid)),
        (VARCHAR, _) | (_, VARCHAR) => (left.into_text(), right.into_text()),
        _ => (left, right),
    };
    let is_whole = |oid| matches!(oid, INT2 | INT4 | INT8);
    let is_float = |oid| matches!(oid, FLOAT4 | FLOAT8);
    match (left.oid, right.oid) {
        (NUMERIC, other) if is_whole(other) => (left, right.of_type(NUMERIC)),
        (other, NUMERIC) if is_whole(other) => (left.of_type(NUMERIC), right),
        (float, other) if is_float(float) && (is_whole(other) || other == NUMERIC) => {
            (left, right.of_type(FLOAT8))
        }
        (other, float) if is_float(float) && (is_whole(other) || other == NUMERIC) => {
            (left.of_type(FLOAT8), right)
        }
        _ => (left, right),
    }
}

fn wider(left: u32, right: u32) -> u32 {
    const ORDER: [u32; 6] = [INT2, INT4, INT8, NUMERIC, FLOAT4, FLOAT8];
    let place = |oid| ORDER.iter().position(|known| *known == oid);
    match (place(left), place(right)) {
        (Some(own), Some(other)) => ORDER[own.max(other)],
        _ => left,
    }
}

/// The type of what a function answers, of those that conditions and defaults often call.
fn result_type(name: &str) -> u32 {
    match name {
        "lower" | "upper" | "btrim" | "trim" | "ltrim" | "rtrim" | "substr" | "replace" => TEXT,
        "length" | "char_length" | "position" | "strpos" => INT4,
        "now" | "clock_timestamp" | "statement_timestamp" => TIMESTAMPTZ,
        "gen_random_uuid" => 2950,
        _ => 0,
    }
}

/// The columns that a condition names, in the order in which it does.
pub fn columns(object: &Object, condition: &Expr) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let _ = visit_expressions(condition, |expression| {
        let name = match expression {
            Expr::Identifier(name) => Some(&name.value),
            Expr::CompoundIdentifier(parts) => parts.last().map(|name| &name.value),
            _ => None,
        };
        if let Some(name) = name
            && object.schema.field_with_name(name).is_ok()
            && !found.contains(name)
        {
            found.push(name.clone());
        }
        ControlFlow::<()>::Continue(())
    });
    found
}
