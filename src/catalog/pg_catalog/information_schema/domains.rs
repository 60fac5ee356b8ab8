//! `information_schema.domains` and the relations that tell more of domains.

use std::sync::Arc;

use super::super::PG_CATALOG;
use super::super::domains::{collation_of, constraints_of, default_of, over};
use super::super::functions::without_visible_schemas;
use super::super::table::{Rows, Value, row};
use super::super::types::type_name;
use super::columns::type_names;
use super::shown;
use super::type_figures::Figures;
use crate::catalog::Object;
use crate::catalog::privilege::{Privilege, Rights};
use crate::catalog::system::SystemSources;
use crate::session::domains::{self, DomainKind};
use crate::sql::create_domain::CreateDomain;

pub static TABLE: Rows = Rows {
    of: "domains",
    make: |sources| {
        let (database, snapshot) = (sources.database(), sources.snapshot());
        let rights = sources.rights(&snapshot);
        let all = all(sources).into_iter();
        // The standard shows them to who may use them.
        let all = all.filter(|domain| may_use(&rights, domain));
        let rows = all.filter_map(|domain| {
            let database = database.as_str();
            let (oid, modifier) = over(&snapshot, &domain, definition(&domain)?);
            let figures = Figures::of(oid, modifier);
            let names = type_names(sources, oid);
            // An array is told by its items here, and nowhere else.
            let data_type = match names.data_type.as_str() {
                "ARRAY" if names.schema == PG_CATALOG => type_name(oid),
                told => told.to_owned(),
            };
            let collation = collation_of(&snapshot, domain.oid);
            let collation = collation.filter(|name| name != "default");
            let of_collation = |text: &str| match collation {
                Some(_) => Value::from(text),
                None => Value::Null,
            };
            let default = default_of(&domain, false);
            let default = default.map(|text| without_visible_schemas(sources, text));
            Some(row![
                database,
                domain.name.schema.as_str(),
                domain.name.name.as_str(),
                data_type,
                figures.characters,
                figures.octets,
                Value::Null,
                Value::Null,
                Value::Null,
                of_collation(database),
                of_collation(PG_CATALOG),
                collation.clone().map_or(Value::Null, Value::Text),
                figures.precision,
                figures.radix,
                figures.scale,
                figures.datetime,
                Value::Null,
                Value::Null,
                default.map_or(Value::Null, Value::Text),
                database,
                names.schema,
                names.name,
                Value::Null,
                Value::Null,
                Value::Null,
                Value::Null,
                "1",
            ])
        });
        Ok(rows.collect())
    },
};

pub static CONSTRAINTS: Rows = Rows {
    of: "domain_constraints",
    make: |sources| {
        let database = sources.database();
        let mut rows = Vec::new();
        for domain in all(sources) {
            let (database, schema) = (database.as_str(), domain.name.schema.as_str());
            rows.extend(constraints_of(&domain).map(|constraint| {
                row![
                    database,
                    schema,
                    constraint.check.name.as_str(),
                    database,
                    schema,
                    domain.name.name.as_str(),
                    "NO",
                    "NO",
                ]
            }));
        }
        Ok(rows)
    },
};

pub static TYPES: Rows = Rows {
    of: "domain_udt_usage",
    make: |sources| {
        let (database, snapshot) = (sources.database(), sources.snapshot());
        let rows = all(sources).into_iter().filter_map(|domain| {
            let (oid, _) = over(&snapshot, &domain, definition(&domain)?);
            let names = type_names(sources, oid);
            Some(row![
                database.as_str(),
                names.schema,
                names.name,
                database.as_str(),
                domain.name.schema.as_str(),
                domain.name.name.as_str(),
            ])
        });
        Ok(rows.collect())
    },
};

pub static COLUMNS: Rows = Rows {
    of: "column_domain_usage",
    make: |sources| {
        let (database, snapshot) = (sources.database(), sources.snapshot());
        let rights = sources.rights(&snapshot);
        let mut rows = Vec::new();
        for relation in shown(sources) {
            for field in relation.columns.fields() {
                let kind = DomainKind::of_field(field).filter(|kind| !kind.is_array);
                let domain = kind.and_then(|kind| domains::domain(&snapshot, kind.oid));
                // The standard shows them to who owns the domain.
                let domain = domain.filter(|(object, _)| rights.owns(&object.access));
                if let Some((domain, _)) = domain {
                    rows.push(row![
                        database.as_str(),
                        domain.name.schema.as_str(),
                        domain.name.name.as_str(),
                        database.as_str(),
                        relation.schema.as_str(),
                        relation.name.as_str(),
                        field.name().as_str(),
                    ]);
                }
            }
        }
        Ok(rows)
    },
};

/// The domains that there are.
pub(super) fn all(sources: &dyn SystemSources) -> Vec<Arc<Object>> {
    let snapshot = sources.snapshot();
    let all = snapshot.objects().filter(|it| definition(it).is_some());
    all.cloned().collect()
}

fn definition(object: &Object) -> Option<&CreateDomain> {
    domains::definition(object)
}

/// Whether a role may use a domain: as long as nothing was granted on it, all may.
fn may_use(rights: &Rights<'_>, domain: &Object) -> bool {
    let access = &domain.access;
    access.grants.is_none() || rights.has(access, Privilege::Usage)
}
