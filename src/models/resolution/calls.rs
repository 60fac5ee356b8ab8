//! Functions of users that expressions in the options of a model call.
//!
//! A model that has learned compares by what they were then: what it knows of a level is known of no other
//! condition. So its commits keep their definitions, and a refresh that finds others learns anew.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::catalog::{Kind, Oid, Snapshot};
use crate::error::{Error, Result};
use crate::session::{plan, user_functions};
use crate::sql::create_model::CreateModel;
use crate::sql::model_options::ModelOptions;
use crate::sql::{QualifiedName, Statement, parse_one};

/// What a refresh says that learns anew for them.
pub const FUNCTIONS_CHANGED: &str = "functions that its options call are others than before";

/// Gives calls their full names; answers the functions, and what these read.
///
/// # Errors
/// 42883 for a call with arguments that no function of the name takes; 42725 where several do.
pub fn qualify(
    options: &mut ModelOptions,
    snapshot: &Snapshot,
    path: &[String],
) -> Result<BTreeSet<Oid>> {
    let mut called = BTreeSet::new();
    if snapshot.has_functions() {
        options.change_expressions(&mut |expression| {
            called.extend(user_functions::qualify(expression, snapshot, path)?);
            Ok(())
        })?;
    }
    Ok(plan::read_by_functions(snapshot, called))
}

/// The functions that options call, and those that these call, as they are defined.
#[derive(Clone, Debug, Default)]
pub struct Functions(BTreeMap<Oid, Statement>);

impl Functions {
    /// Those of a definition, whose names are full.
    ///
    /// # Errors
    /// Those of [`qualify`].
    pub fn of(snapshot: &Snapshot, create: &CreateModel) -> Result<Self> {
        let read = qualify(&mut create.options.clone(), snapshot, &[])?;
        let objects = read.into_iter().filter_map(|oid| snapshot.object(oid));
        let functions = objects.filter(|object| object.kind == Kind::Function);
        let defined = functions.map(|object| (object.oid, object.definition.clone()));
        Ok(Self(defined.collect()))
    }

    /// Those that a commit tells, by the names that they have by now; one that tells nothing had none.
    ///
    /// # Errors
    /// XX000 for what no commit tells.
    pub fn read(told: Option<&str>, snapshot: &Snapshot) -> Result<Self> {
        let Some(told) = told else {
            return Ok(Self::default());
        };
        let texts: BTreeMap<Oid, String> = serde_json::from_str(told).map_err(|error| {
            Error::internal(format!("functions of a model cannot be read: {error}"))
        })?;
        let texts = texts.into_iter();
        let read = texts.map(|(oid, text)| Ok((oid, parse_one(&text)?)));
        let mut functions = Self(read.collect::<Result<_>>()?);
        functions.follow_names(snapshot);
        Ok(functions)
    }

    /// What a commit is to tell of them; nothing where there are none.
    ///
    /// # Errors
    /// None for definitions.
    pub fn told(&self) -> Result<Option<String>> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let functions = self.0.iter();
        let texts: BTreeMap<Oid, String> = functions
            .map(|(oid, definition)| (*oid, definition.to_string()))
            .collect();
        let told = serde_json::to_string(&texts);
        told.map(Some)
            .map_err(|error| Error::internal(format!("functions cannot be written: {error}")))
    }

    /// A catalog in which they are defined as they are here.
    pub fn put_into(&self, snapshot: Arc<Snapshot>) -> Arc<Snapshot> {
        // As in commits, which keep texts, definitions are one that read alike.
        let is_other = |(oid, then): &(&Oid, &Statement)| {
            let now = snapshot.object(**oid);
            now.is_some_and(|now| now.definition.to_string() != then.to_string())
        };
        let others: Vec<(&Oid, &Statement)> = self.0.iter().filter(is_other).collect();
        if others.is_empty() {
            return snapshot;
        }
        let mut then = Snapshot::clone(&snapshot);
        for (oid, definition) in others {
            then.assume_definition(*oid, definition.clone());
        }
        Arc::new(then)
    }

    /// Has them call each other by the names that they have now.
    fn follow_names(&mut self, snapshot: &Snapshot) {
        let mut renamed: Vec<(QualifiedName, QualifiedName)> = Vec::new();
        for (oid, then) in &mut self.0 {
            if let (Statement::CreateFunction(then), Some(now)) = (then, snapshot.object(*oid))
                && let Statement::CreateFunction(now) = &now.definition
                && then.name != now.name
            {
                let [old, new] = [&then.name, &now.name].map(|name| {
                    let schema = name.schema.as_deref().unwrap_or_default();
                    QualifiedName::new(schema, &name.name)
                });
                renamed.push((old, new));
                then.name = now.name.clone();
            }
        }
        for (old, new) in &renamed {
            for definition in self.0.values_mut() {
                definition.rename_calls(old, new);
            }
        }
    }
}
