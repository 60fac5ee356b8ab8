//! Types of users', which only those may make columns, attributes and functions of who have `USAGE` on them:
//! all, until something is said of that. Values may be cast to them by anybody.

use arrow::datatypes::{Field, Schema};
use datafusion::sql::sqlparser::ast::DataType;
use tributary_udfs::composites::CompositeKind;
use tributary_udfs::enums::EnumKind;

use super::{Checker, denied};
use crate::catalog::privilege::Rights;
use crate::catalog::{Kind, Object, Oid, Snapshot};
use crate::error::Result;
use crate::session::domains::DomainKind;
use crate::session::{Session, enums};
use crate::sql::alter::Action;
use crate::sql::alter_attribute::AttributeChange;
use crate::sql::create_function::{CreateFunction, Returns};
use crate::sql::type_names;

/// That who asks may make columns of the types of these.
///
/// # Errors
/// 42501.
pub fn check_columns(session: &Session, snapshot: &Snapshot, columns: &Schema) -> Result<()> {
    let rights = Rights::of(snapshot, session.role_oid(snapshot));
    let path = session.settings().search_path.0;
    let of_users = columns.fields().iter().filter_map(|it| type_of(it));
    let mut types = of_users.filter_map(|oid| snapshot.object(oid));
    types.try_for_each(|of| check(&rights, snapshot, &path, of))
}

/// The type of users' that the values of a column are of, or the items of its arrays.
fn type_of(field: &Field) -> Option<Oid> {
    let domain = DomainKind::of_field(field).map(|kind| kind.oid);
    let label = || EnumKind::of_field(field).map(|kind| kind.of.oid);
    let row = || CompositeKind::of(field.data_type()).map(|kind| kind.of.oid);
    domain.or_else(label).or_else(row)
}

fn check(rights: &Rights<'_>, snapshot: &Snapshot, path: &[String], of: &Object) -> Result<()> {
    match of.kind == Kind::Type && !rights.may_use(&of.access) {
        true => Err(denied("type", &enums::shown_name(of, snapshot, path))),
        false => Ok(()),
    }
}

impl Checker<'_> {
    /// That a type may be used that a statement names.
    pub(super) fn use_type(&self, data_type: &DataType) -> Result<()> {
        let mut data_type = data_type.clone();
        let named = type_names::named(&mut data_type);
        match named.and_then(|name| enums::meant(name, self.snapshot, self.path)) {
            Some(of) => check(&self.rights, self.snapshot, self.path, &of),
            None => Ok(()),
        }
    }

    /// [`Self::use_type`], of what an action of `ALTER` names.
    pub(super) fn use_types_of(&self, action: &Action) -> Result<()> {
        match action {
            Action::AddColumn { column, .. } => self.use_type(&column.data_type),
            Action::SetType { data_type, .. } => self.use_type(data_type),
            Action::Attribute(AttributeChange::Add(attribute)) => {
                self.use_type(&attribute.data_type)
            }
            Action::Attribute(AttributeChange::SetType { data_type, .. }) => {
                self.use_type(data_type)
            }
            _ => Ok(()),
        }
    }

    /// [`Self::use_type`], of what a function takes and answers.
    pub(super) fn use_types_of_function(&self, create: &CreateFunction) -> Result<()> {
        let mut taken = create.arguments.iter();
        taken.try_for_each(|argument| self.use_type(&argument.data_type))?;
        match &create.returns {
            Returns::Type(of) | Returns::SetOf(of) => self.use_type(of),
            Returns::Table(columns) => columns.iter().try_for_each(|(_, of)| self.use_type(of)),
        }
    }
}
