//! The types that statements name and users have made: in casts, and of declared columns.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::datatypes::{DataType as KeptType, Field, FieldRef};
use datafusion::sql::sqlparser::ast::{
    ArrayElemTypeDef, CastKind, DataType, Expr, Ident, ObjectName as AstName, ObjectNamePart,
    Query, SetExpr, TableFactor, TypedString, VisitorMut,
};

use tributary_udfs::enums::EnumType;

use super::constraint::{Rule, defaults_mut};
use super::create_function::{Body, Returns};
use super::cursor::object_name_from;
use super::name::ObjectName;
use super::qualify::ast_name;
use super::{QualifiedName, Statement, type_literals, written_types};
use crate::error::{Error, Result};
use crate::sql::walk::{VisitMut, ended};

/// What stands before the numbers of a type, in its place, where a query is planned.
const NUMBERED: &str = "tributary type";

/// Gives each name of a type that sqlparser has no word for to `act`.
///
/// # Errors
/// That of `act`.
pub fn for_each(
    node: &mut impl VisitMut,
    act: &mut dyn FnMut(&mut AstName) -> Result<()>,
) -> Result<()> {
    ended(node.visit(&mut Types(act)))
}

struct Types<'a>(&'a mut dyn FnMut(&mut AstName) -> Result<()>);

impl VisitorMut for Types<'_> {
    type Break = Error;

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        let data_type = match expr {
            Expr::Cast { data_type, .. } | Expr::TypedString(TypedString { data_type, .. }) => {
                data_type
            }
            _ => return ControlFlow::Continue(()),
        };
        match named(data_type).map(&mut *self.0) {
            Some(Err(error)) => ControlFlow::Break(error),
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        for data_type in of_columns(factor) {
            if let Some(Err(error)) = named(data_type).map(&mut *self.0) {
                return ControlFlow::Break(error);
            }
        }
        ControlFlow::Continue(())
    }
}

/// The types that a call in `FROM` gives its columns: `json_to_record(document) AS r (a integer, b mood)`.
pub fn of_columns(factor: &mut TableFactor) -> impl Iterator<Item = &mut DataType> {
    let alias = match factor {
        TableFactor::Table { alias, .. } | TableFactor::Function { alias, .. } => alias.as_mut(),
        _ => None,
    };
    let columns = alias.into_iter().flat_map(|alias| &mut alias.columns);
    columns.filter_map(|column| column.data_type.as_mut())
}

/// The name of a type, or of the items of an array, that sqlparser has no word for.
pub fn named(data_type: &mut DataType) -> Option<&mut AstName> {
    written_types::as_meant(data_type);
    match data_type {
        DataType::Custom(name, _) => Some(name),
        DataType::Array(
            ArrayElemTypeDef::SquareBracket(item, _)
            | ArrayElemTypeDef::AngleBracket(item)
            | ArrayElemTypeDef::Parenthesis(item),
        ) => named(item),
        _ => None,
    }
}

fn of_type(
    data_type: &mut DataType,
    act: &mut dyn FnMut(&mut AstName) -> Result<()>,
) -> Result<()> {
    match named(data_type) {
        Some(name) => act(name),
        None => Ok(()),
    }
}

/// A type by its numbers, as planners of types read it.
pub fn numbered(oid: u32, array_oid: u32) -> AstName {
    let parts = [NUMBERED.to_owned(), oid.to_string(), array_oid.to_string()];
    let parts = parts.map(|part| Ident::with_quote('"', part));
    AstName::from(parts.to_vec())
}

/// [`numbered`], of a type whose values are kept like this.
pub fn numbered_as(oid: u32, array_oid: u32, kept: &KeptType) -> AstName {
    let mut name = numbered(oid, array_oid);
    let kept = serde_json::to_string(kept).unwrap_or_default();
    let kept = Ident::with_quote('"', kept);
    name.0.push(ObjectNamePart::Identifier(kept));
    name
}

/// A field of a type that is named by its numbers.
pub fn field(data_type: &DataType) -> Option<FieldRef> {
    let DataType::Custom(name, _) = data_type else {
        return None;
    };
    let (oid, array_oid) = numbers(name)?;
    match name.0.get(3) {
        Some(kept) => {
            let kept = serde_json::from_str(&kept.as_ident()?.value).ok()?;
            Some(Arc::new(Field::new("", kept, true)))
        }
        None => Some(EnumType { oid, array_oid }.field("")),
    }
}

/// The numbers of a type that [`numbered`] or [`numbered_as`] has written.
fn numbers(name: &AstName) -> Option<(u32, u32)> {
    let [
        ObjectNamePart::Identifier(mark),
        ObjectNamePart::Identifier(oid),
        ObjectNamePart::Identifier(array_oid),
        ..,
    ] = name.0.as_slice()
    else {
        return None;
    };
    let is_one = mark.value == NUMBERED && mark.quote_style.is_some();
    is_one.then_some((oid.value.parse().ok()?, array_oid.value.parse().ok()?))
}

impl Statement {
    /// Gives each name of a type in a definition, that sqlparser has no word for, to `act`.
    ///
    /// # Errors
    /// That of `act`.
    pub fn for_each_type(&mut self, act: &mut dyn FnMut(&mut AstName) -> Result<()>) -> Result<()> {
        match self {
            Self::CreateView(create) => for_each(&mut create.query, act),
            Self::CreateMaterializedView(create) => {
                for expectation in &mut create.expectations {
                    for_each(&mut expectation.condition, act)?;
                }
                for_each(&mut create.query, act)
            }
            Self::CreateModel(create) => for_each(&mut create.query, act),
            Self::CreateCheck(create) => for_each(&mut create.query, act),
            Self::CreateExternalTable(create) => {
                let mut columns = create.columns.iter_mut();
                columns.try_for_each(|column| of_type(&mut column.data_type, act))
            }
            Self::CreateComposite(create) => {
                let mut attributes = create.attributes.iter_mut();
                attributes.try_for_each(|it| of_type(&mut it.data_type, act))
            }
            Self::CreateTable(create) => {
                for column in &mut create.columns {
                    of_type(&mut column.data_type, act)?;
                }
                for default in defaults_mut(&mut create.columns) {
                    for_each(default, act)?;
                }
                for constraint in &mut create.constraints {
                    if let Rule::Check(condition) = &mut constraint.rule {
                        for_each(condition, act)?;
                    }
                }
                create.query.iter_mut().try_for_each(|it| for_each(it, act))
            }
            Self::CreateDomain(create) => {
                of_type(&mut create.data_type, act)?;
                let mut expressions = create.expressions_mut();
                expressions.try_for_each(|it| for_each(it, act))
            }
            Self::CreateFunction(create) => {
                for argument in &mut create.arguments {
                    of_type(&mut argument.data_type, act)?;
                    if let Some(default) = &mut argument.default {
                        for_each(default, act)?;
                    }
                }
                match &mut create.returns {
                    Returns::Type(of) | Returns::SetOf(of) => of_type(of, act)?,
                    Returns::Table(columns) => {
                        for (_, of) in columns {
                            of_type(of, act)?;
                        }
                    }
                }
                match &mut create.body {
                    Body::Text(_, Some(query)) | Body::Atomic(query) => for_each(query, act),
                    Body::Return(value) => for_each(value, act),
                    Body::Text(_, None) => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    /// Has a definition, whose names are full, name a type by its new name.
    ///
    /// # Errors
    /// None that parsing the definition has not met.
    pub fn rename_type(&mut self, old: &QualifiedName, new: &QualifiedName) -> Result<()> {
        match self {
            Self::CreateView(create) => type_literals::rename(&mut create.query, old, new),
            Self::CreateMaterializedView(create) => {
                type_literals::rename(&mut create.query, old, new);
            }
            Self::CreateModel(create) => type_literals::rename(&mut create.query, old, new),
            Self::CreateCheck(create) => type_literals::rename(&mut create.query, old, new),
            Self::CreateDomain(create) => {
                for expression in create.expressions_mut() {
                    type_literals::rename(expression, old, new);
                }
            }
            Self::CreateFunction(create) => match &mut create.body {
                Body::Atomic(query) => type_literals::rename(query, old, new),
                Body::Return(value) => type_literals::rename(value, old, new),
                Body::Text(..) => {}
            },
            _ => {}
        }
        self.for_each_type(&mut |name| {
            let full: ObjectName = object_name_from(name)?;
            if full.schema.is_some() && full.qualify(&old.schema) == *old {
                *name = ast_name(new);
            }
            Ok(())
        })
    }
}

/// Gives the literals in columns of `VALUES` the type that a cast to one of [`numbered`] gives to others
/// there.
pub fn type_values(node: &mut impl VisitMut) {
    struct OfValues;

    impl VisitorMut for OfValues {
        type Break = ();

        fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
            if let SetExpr::Values(values) = query.body.as_mut() {
                let width = values.rows.first().map_or(0, |row| row.content.len());
                for column in 0..width {
                    let mut rows = values.rows.iter();
                    let found = rows.find_map(|row| cast_type(row.content.get(column)?));
                    if let Some(data_type) = found {
                        let rows = values.rows.iter_mut();
                        let literals = rows.filter_map(|row| row.content.get_mut(column));
                        for literal in literals.filter(|it| matches!(it, Expr::Value(_))) {
                            *literal = Expr::Cast {
                                kind: CastKind::DoubleColon,
                                expr: Box::new(literal.clone()),
                                data_type: data_type.clone(),
                                array: false,
                                format: None,
                            };
                        }
                    }
                }
            }
            ControlFlow::Continue(())
        }
    }

    /// The type of users' that a value is cast to.
    fn cast_type(value: &Expr) -> Option<DataType> {
        let Expr::Cast { data_type, .. } = value else {
            return None;
        };
        let mut data_type = data_type.clone();
        numbers(named(&mut data_type)?)?;
        Some(data_type)
    }

    let _ = node.visit(&mut OfValues);
}
