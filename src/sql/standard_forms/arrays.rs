//! Arrays: `x < ANY (a)` is `NOT (x >= ALL (a))`, slices have both of their bounds, those of several dimensions
//! are a call, casts leave arrays the dimensions that they have, and `ARRAY[a.b]` is a function, which may read
//! the row of the query around.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken;
use datafusion::sql::sqlparser::ast::{
    AccessExpr, ArrayElemTypeDef, BinaryOperator, CaseWhen, CastKind, DataType, Expr, Ident,
    Subscript, Value,
};
use tributary_udfs::postgres::ARRAY_AS;

use super::calls::{literal_text, named_call, taken};
use super::patterns::negate_if;
use crate::sql::array_leaves::leaves;
use crate::sql::quantified::Quantified;
use crate::sql::walk::visit_expressions;

/// Says `x < ANY (a)`, of which DataFusion forgets the elements that are NULL, by the opposite of all.
pub(super) fn any_by_all(expr: &mut Expr) {
    let Some(compared) = Quantified::of(expr).filter(|compared| !compared.is_all) else {
        return;
    };
    if compared.is_of_subquery() {
        return;
    }
    let Some(opposite) = opposite(compared.operator) else {
        return;
    };
    let all = Expr::AllOp {
        left: Box::new(taken(compared.value)),
        compare_op: opposite,
        right: Box::new(taken(compared.many)),
    };
    *expr = negate_if(true, Expr::Nested(Box::new(all)));
}

/// Has `ANY` and `ALL` see the elements of all dimensions. Equality with one, or with none, is a function,
/// which knows more pairs of types than that which the planner takes for it.
pub(super) fn quantify_leaves(expr: &mut Expr) {
    let Some(compared) = Quantified::of(expr) else {
        return;
    };
    if compared.is_of_subquery() {
        return;
    }
    let (array, value) = (leaves(taken(compared.many)), taken(compared.value));
    let is_all = compared.is_all;
    match (&*compared.operator, is_all) {
        (BinaryOperator::Eq, false) | (BinaryOperator::NotEq, true) => {
            *expr = negate_if(is_all, named_call("array_has", vec![array, value]));
        }
        _ => (*compared.value, *compared.many) = (value, array),
    }
}

/// The comparison that is true where another one is false; none for equality, of which there is a
/// function.
fn opposite(comparison: &BinaryOperator) -> Option<BinaryOperator> {
    match comparison {
        BinaryOperator::NotEq => Some(BinaryOperator::Eq),
        BinaryOperator::Lt => Some(BinaryOperator::GtEq),
        BinaryOperator::LtEq => Some(BinaryOperator::Gt),
        BinaryOperator::Gt => Some(BinaryOperator::LtEq),
        BinaryOperator::GtEq => Some(BinaryOperator::Lt),
        _ => None,
    }
}

/// Whether arrays that are written out as elements of one have the same number of elements.
pub(super) fn are_as_long(elements: &[Expr]) -> bool {
    let mut lengths = elements.iter().map(|element| match element {
        Expr::Array(array) => Some(array.elem.len()),
        _ => None,
    });
    let first = lengths.next().flatten();
    first.is_none_or(|first| lengths.all(|length| length.is_none_or(|length| length == first)))
}

/// Says an array without elements that is cast by a call: so it is told from one whose type nothing tells.
pub(super) fn call_empty(expr: &mut Expr) {
    match expr {
        Expr::Nested(inner) => call_empty(inner),
        Expr::Array(array) if array.elem.is_empty() => {
            *expr = named_call("make_array", Vec::new());
        }
        _ => {}
    }
}

/// Says an array whose elements read something by a call. Those of one that is written out DataFusion plans as
/// if nothing were around it: neither the row of the query around, nor what `WITH` names. A literal beside a
/// column is of the type that both have in common, which the call finds no more than that of other arguments.
pub(super) fn call_of_read(expr: &mut Expr) {
    let Expr::Array(array) = expr else { return };
    let reads = |element: &Expr| {
        let found = visit_expressions(element, |part| match part {
            Expr::Identifier(_)
            | Expr::CompoundIdentifier(_)
            | Expr::Subquery(_)
            | Expr::Exists { .. }
            | Expr::InSubquery { .. } => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        });
        found.is_break()
    };
    if array.elem.iter().any(reads) {
        let mut elements = std::mem::take(&mut array.elem);
        let is_column =
            |element: &&Expr| matches!(element, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
        if let Some(column) = elements.iter().find(is_column).cloned() {
            for element in &mut elements {
                if matches!(element, Expr::Value(value) if matches!(value.value, Value::SingleQuotedString(_)))
                {
                    *element = named_call("coalesce", vec![taken(element), column.clone()]);
                }
            }
        }
        *expr = named_call("make_array", elements);
    }
}

/// Gives the type of a literal, or of an array that is written out, which is cast to an array, as many
/// dimensions as it has: as in Postgres, an array has any number of them, of whatever its type says. One without
/// elements has those of its type.
pub(super) fn as_deep_as(data_type: &mut DataType, literal: &Expr) {
    let (given, is_empty) = match literal_text(literal) {
        Some(text) => {
            let marks = text.chars().filter(|mark| !mark.is_ascii_whitespace());
            let given = marks.clone().take_while(|mark| *mark == '{').count();
            (given, marks.clone().nth(given) == Some('}'))
        }
        None => (written_depth(literal), has_no_elements(literal)),
    };
    let mut written = 0;
    let mut inner = &*data_type;
    while let DataType::Array(ArrayElemTypeDef::SquareBracket(element, _)) = inner {
        written += 1;
        inner = element;
    }
    // More than PostgreSQL knows are told as such by who reads the text.
    const DIMENSIONS: usize = 7;
    if written == 0 {
        return;
    }
    for _ in written..given.min(DIMENSIONS) {
        let element = Box::new(std::mem::replace(data_type, DataType::Unspecified));
        *data_type = DataType::Array(ArrayElemTypeDef::SquareBracket(element, None));
    }
    if given == 0 || is_empty {
        return;
    }
    for _ in given..written {
        if let DataType::Array(ArrayElemTypeDef::SquareBracket(element, _)) = data_type {
            *data_type = std::mem::replace(element.as_mut(), DataType::Unspecified);
        }
    }
}

/// Says a cast to an array of what may be one by a call, which is a cast again once it is known how many
/// dimensions that has.
pub(super) fn cast_as_deep(expr: &mut Expr) {
    let Expr::Cast {
        kind: CastKind::Cast | CastKind::DoubleColon,
        expr: value,
        data_type: data_type @ DataType::Array(_),
        ..
    } = expr
    else {
        return;
    };
    if is_written_out(value) {
        return;
    }
    let value = std::mem::replace(value.as_mut(), Expr::value(Value::Null));
    let data_type = data_type.clone();
    let null = Expr::Cast {
        kind: CastKind::Cast,
        expr: Box::new(Expr::value(Value::Null)),
        data_type,
        array: false,
        format: None,
    };
    *expr = named_call(ARRAY_AS, vec![value, null]);
}

/// Whether a value is a literal, a parameter, or an array of these.
fn is_written_out(value: &Expr) -> bool {
    match value {
        Expr::Nested(inner) => is_written_out(inner),
        Expr::UnaryOp { expr, .. } => is_written_out(expr),
        Expr::Array(array) => array.elem.iter().all(is_written_out),
        Expr::Value(_) | Expr::TypedString(_) => true,
        _ => false,
    }
}

/// Casts each element of an array that is cast where literals are among others, as PostgreSQL does:
/// `ARRAY[1, 'NaN']::float8[]`.
pub(super) fn cast_literals(array: &mut Expr, data_type: &DataType) {
    let (Expr::Array(array), DataType::Array(ArrayElemTypeDef::SquareBracket(element, _))) =
        (array, data_type)
    else {
        return;
    };
    let is_literal = |value: &Expr| literal_text(value).is_some();
    let is_mixed = array.elem.iter().any(is_literal) && !array.elem.iter().all(is_literal);
    for value in &mut array.elem {
        if is_mixed {
            *value = Expr::Cast {
                kind: CastKind::Cast,
                expr: Box::new(taken(value)),
                data_type: element.as_ref().clone(),
                format: None,
                array: false,
            };
        } else {
            cast_literals(value, element);
        }
    }
}

fn has_no_elements(array: &Expr) -> bool {
    match array {
        Expr::Nested(inner) => has_no_elements(inner),
        Expr::Array(array) => array.elem.first().is_none_or(has_no_elements),
        _ => false,
    }
}

/// How many dimensions an array has that is written out; none of what is no such array.
fn written_depth(array: &Expr) -> usize {
    match array {
        Expr::Nested(inner) => written_depth(inner),
        Expr::Array(array) => 1 + array.elem.first().map_or(0, written_depth),
        _ => 0,
    }
}

/// Gives a slice, as `a[2:]` or `a[:2]`, the bounds that it leaves out. An array begins at 1, and what is
/// beyond its end is none of it.
pub(super) fn bound_slice(access: &mut AccessExpr) {
    let AccessExpr::Subscript(Subscript::Slice {
        lower_bound,
        upper_bound,
        ..
    }) = access
    else {
        return;
    };
    let number = |number: i32| Expr::value(Value::Number(number.to_string(), false));
    lower_bound.get_or_insert_with(|| number(1));
    upper_bound.get_or_insert_with(|| number(i32::MAX));
}

/// Says slices of several dimensions, `a[1:2][2:3]`, by a call, once they have their bounds. Beside a slice, a
/// single subscript is that of the last element of one, which begins at 1.
pub(super) fn slices(root: &mut Expr, accesses: &[AccessExpr]) -> Option<Expr> {
    let is_dot = |access: &&AccessExpr| matches!(access, AccessExpr::Dot(_));
    let dots = accesses.iter().take_while(is_dot).count();
    let (fields, accesses) = accesses.split_at(dots);
    let is_slice =
        |access: &AccessExpr| matches!(access, AccessExpr::Subscript(Subscript::Slice { .. }));
    if accesses.len() < 2 || !accesses.iter().any(is_slice) {
        return None;
    }
    let mut bounds = Vec::with_capacity(accesses.len() * 2);
    for access in accesses {
        let AccessExpr::Subscript(subscript) = access else {
            return None;
        };
        match subscript {
            Subscript::Index { index } => {
                let first = Expr::value(Value::Number("1".to_owned(), false));
                bounds.extend([first, index.clone()]);
            }
            Subscript::Slice {
                lower_bound: Some(low),
                upper_bound: Some(high),
                stride: None,
            } => bounds.extend([low.clone(), high.clone()]),
            Subscript::Slice { .. } => return None,
        }
    }
    let array = match (taken(root), fields) {
        (root, []) => root,
        (root, fields) => accessed(root, fields),
    };
    bounds.insert(0, array);
    Some(named_call("array_slices", bounds))
}

/// A column of a relation, or a field of a record.
fn accessed(root: Expr, fields: &[AccessExpr]) -> Expr {
    let name = |access: &AccessExpr| match access {
        AccessExpr::Dot(Expr::Identifier(name)) => Some(name.clone()),
        _ => None,
    };
    let names: Option<Vec<Ident>> = fields.iter().map(name).collect();
    match (root, names) {
        (Expr::Identifier(relation), Some(names)) => {
            Expr::CompoundIdentifier(std::iter::once(relation).chain(names).collect())
        }
        (root, _) => Expr::CompoundFieldAccess {
            root: Box::new(root),
            access_chain: fields.to_vec(),
        },
    }
}

/// `array_upper(array, dimension)`
pub(super) fn array_upper(array: &Expr, dimension: &Expr) -> Expr {
    named_call("array_length", vec![array.clone(), dimension.clone()])
}

/// `array_lower(array, dimension)`: arrays count from 1, and one without elements, or without the
/// dimension, from nowhere.
pub(super) fn array_lower(array: &Expr, dimension: &Expr) -> Expr {
    let number = |digit: &str| Expr::value(Value::Number(digit.to_owned(), false));
    let has_elements = Expr::BinaryOp {
        left: Box::new(array_upper(array, dimension)),
        op: BinaryOperator::Gt,
        right: Box::new(number("0")),
    };
    Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: vec![CaseWhen {
            condition: has_elements,
            result: number("1"),
        }],
        else_result: None,
    }
}
