//! A project folder: `<schema>/<name>.sql`, one object a file.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::catalog::{check_schema_name, check_writable, pg_catalog};
use crate::error::{Error, Result, SqlState};
use crate::session::plan::query_of;
use crate::sql::comment::{Comment, CommentOn};
use crate::sql::cursor::object_name_from;
use crate::sql::drop::DropKind;
use crate::sql::name::Quoted;
use crate::sql::{
    ObjectName, QualifiedName, Statement, StatementText, parse_with_text, relation_literals,
    relations, type_literals,
};

/// The longest file that is read as a model.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// The most files that a project may have.
const MAX_FILES: usize = 10_000;

/// A folder of data that lies beside the models.
const DATA_FOLDER: &str = "data";

/// What a project folder defines.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Project {
    /// The schemas: the folders that hold models.
    pub schemas: BTreeSet<String>,
    /// The models, by name.
    pub models: Vec<ProjectModel>,
}

/// One file of a project.
#[derive(Clone, Debug, PartialEq)]
pub struct ProjectModel {
    /// The file, relative to the project folder, with `/` between its parts.
    pub file: String,
    /// The object, which the file is named for.
    pub name: QualifiedName,
    /// Its `CREATE` statement with the name in full, and without `OR REPLACE` and `IF NOT EXISTS`:
    /// what becomes of an existing object is for those to say who apply the project.
    pub definition: Statement,
    /// The `COMMENT ON` statements after it, with names in full.
    pub comments: Vec<Comment>,
    /// The comment at the top of the file.
    pub description: Option<String>,
    /// The relations that the definition reads, and the types that it names, as they are named there.
    pub reads: Vec<ObjectName>,
}

impl Project {
    /// Reads every file of a project folder. Files whose name does not end in `.sql`, hidden ones,
    /// and folders named `data` are passed over.
    ///
    /// # Errors
    /// Every mistake in the folder, each with its file and line: one as it is, several as the
    /// detail of one error.
    pub fn load(folder: &Path) -> Result<Self> {
        let mut project = Self::default();
        let mut errors = Vec::new();
        for (schema, path) in find_files(folder, &mut errors)? {
            match load_file(&path, &schema) {
                Ok(model) => {
                    project.schemas.insert(schema);
                    project.models.push(model);
                }
                Err(error) => errors.push(error),
            }
        }
        project.models.sort_by(|a, b| a.name.cmp(&b.name));
        match errors.len() {
            0 => Ok(project),
            1 => Err(errors.swap_remove(0)),
            count => Err(all_errors(folder, count, &errors)),
        }
    }
}

fn all_errors(folder: &Path, count: usize, errors: &[Error]) -> Error {
    const SHOWN: usize = 100;
    let mut lines: Vec<String> = errors.iter().take(SHOWN).map(describe).collect();
    if count > SHOWN {
        lines.push(format!("... and {} more", count - SHOWN));
    }
    let sqlstate = errors
        .first()
        .map_or(SqlState::INTERNAL_ERROR, Error::sqlstate);
    Error::new(
        sqlstate,
        format!("project {} has {count} errors", folder.display()),
    )
    .with_detail(lines.join("\n"))
}

fn describe(error: &Error) -> String {
    let mut text = error.message().to_owned();
    for more in [error.detail(), error.hint()].into_iter().flatten() {
        text.push_str("\n    ");
        text.push_str(more);
    }
    text
}

/// The `.sql` files of a project and the schemas that their folders name, in a fixed order.
fn find_files(folder: &Path, errors: &mut Vec<Error>) -> Result<Vec<(String, PathBuf)>> {
    let mut files = Vec::new();
    if !folder.is_dir() {
        let folder = folder.display();
        return Err(Error::new(
            SqlState::UNDEFINED_FILE,
            format!("the project folder {folder} does not exist"),
        )
        .with_hint("Set project to the folder of your SQL files, or create it."));
    }
    for entry in list(folder).map_err(|error| error.within(folder.display()))? {
        if !entry.is_folder {
            if entry.is_sql() {
                errors.push(misplaced(&entry.name));
            }
            continue;
        }
        if entry.name == DATA_FOLDER {
            continue;
        }
        let before = files.len();
        for inner in list(&entry.path).map_err(|error| error.within(&entry.name))? {
            let file = format!("{}/{}", entry.name, inner.name);
            if inner.is_folder {
                if inner.name != DATA_FOLDER && has_sql(&inner.path) {
                    errors.push(misplaced(&format!("{file}/*.sql")));
                }
            } else if inner.is_sql() {
                files.push((entry.name.clone(), inner.path));
            }
            if files.len() > MAX_FILES {
                return Err(Error::new(
                    SqlState::PROGRAM_LIMIT_EXCEEDED,
                    format!(
                        "project {} has more than {MAX_FILES} files",
                        folder.display()
                    ),
                ));
            }
        }
        if files.len() > before
            && let Err(error) = check_schema(&entry.name)
        {
            errors.push(error);
            files.truncate(before);
        }
    }
    Ok(files)
}

/// Refuses a folder whose name no schema of a user's can have.
fn check_schema(name: &str) -> Result<()> {
    check_schema_name(name)
        .and_then(|()| check_writable(name, || format!("create objects in schema \"{name}\"")))
        .map_err(|error| {
            error
                .within(format!("{name}/"))
                .with_hint("Give the folder another name: it is that of its schema.")
        })
}

fn misplaced(file: &str) -> Error {
    Error::new(
        SqlState::INVALID_OBJECT_DEFINITION,
        format!("{file}: a model's file is <schema>/<name>.sql"),
    )
    .with_hint("Move it to the folder of its schema.")
}

struct Entry {
    name: String,
    path: PathBuf,
    is_folder: bool,
}

impl Entry {
    fn is_sql(&self) -> bool {
        Path::new(&self.name)
            .extension()
            .is_some_and(|extension| extension == "sql")
    }
}

/// What a folder holds, by name, without what is hidden.
fn list(folder: &Path) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        if !name.starts_with('.') {
            entries.push(Entry {
                is_folder: path.is_dir(),
                name,
                path,
            });
        }
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

fn has_sql(folder: &Path) -> bool {
    list(folder).is_ok_and(|entries| entries.iter().any(Entry::is_sql))
}

fn load_file(path: &Path, schema: &str) -> Result<ProjectModel> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let file = format!("{schema}/{stem}.sql");
    let text = read(path).map_err(|error| error.within(&file))?;
    parse_model(&file, schema, &stem, &text)
}

fn read(path: &Path) -> Result<String> {
    let size = fs::metadata(path)?.len();
    if size > MAX_FILE_BYTES {
        return Err(Error::new(
            SqlState::PROGRAM_LIMIT_EXCEEDED,
            format!("the file has {size} bytes, more than {MAX_FILE_BYTES}"),
        ));
    }
    let bytes = fs::read(path)?;
    String::from_utf8(bytes).map_err(|_| {
        Error::new(
            SqlState::CHARACTER_NOT_IN_REPERTOIRE,
            "the file is not UTF-8",
        )
    })
}

/// A file's model: one `CREATE` of the object that the file is named for, then comments on it.
fn parse_model(file: &str, schema: &str, stem: &str, text: &str) -> Result<ProjectModel> {
    let at = |offset: usize| {
        let line = text[..offset].matches('\n').count() + 1;
        format!("{file}:{line}")
    };
    let statements = parse_with_text(text).map_err(|error| {
        let place = error.position().map_or(0, |position| {
            let nth = text.char_indices().nth(position - 1);
            nth.map_or(text.len(), |(offset, _)| offset)
        });
        error.within(at(place))
    })?;
    let mut statements = statements.into_iter();
    let Some(first) = statements.next() else {
        return Err(invalid("the file has no statement").within(file));
    };
    let place = at(first.start);
    let expected = QualifiedName::new(schema, stem);
    let description = leading_comment(&text[..first.start]);
    let mut definition = first.statement;
    let mut reads = relations(&definition).map_err(|error| error.within(&place))?;
    // What literals name must be there before it, too, but for itself.
    if let Some(query) = query_of(&mut definition) {
        for name in relation_literals::names(query) {
            let is_itself = name.qualify(schema) == expected;
            if !is_itself && !reads.contains(&name) {
                reads.push(name);
            }
        }
    }
    for name in types(&mut definition).map_err(|error| error.within(&place))? {
        if name.qualify(schema) != expected && !reads.contains(&name) {
            reads.push(name);
        }
    }
    let kind = name_definition(&mut definition, &expected).map_err(|error| error.within(&place))?;
    let comments = statements
        .map(|statement| {
            let place = at(statement.start);
            name_comment(statement, kind, &expected).map_err(|error| error.within(place))
        })
        .collect::<Result<_>>()?;
    Ok(ProjectModel {
        file: file.to_owned(),
        name: expected,
        definition,
        comments,
        description,
        reads,
    })
}

/// The types that a definition names, and that may be those of other files.
fn types(definition: &mut Statement) -> Result<Vec<ObjectName>> {
    let mut found = Vec::new();
    definition.for_each_type(&mut |name| {
        found.push(object_name_from(name)?);
        Ok(())
    })?;
    if let Some(query) = query_of(definition) {
        type_literals::name(query, |name| {
            found.push(name.clone());
            None
        });
    }
    found.retain(|name| match &name.schema {
        Some(schema) => schema != pg_catalog::PG_CATALOG,
        None => !pg_catalog::is_built_in(&name.name),
    });
    Ok(found)
}

/// Puts the full name into a definition, which must be that of the expected object.
fn name_definition(statement: &mut Statement, expected: &QualifiedName) -> Result<DropKind> {
    let (mut is_if_not_exists, mut is_or_replace) = (false, false);
    let (kind, name, if_not_exists, or_replace) = match statement {
        // Neither can be said of a type.
        Statement::CreateType(it) => (
            DropKind::Type,
            &mut it.name,
            &mut is_if_not_exists,
            &mut is_or_replace,
        ),
        Statement::CreateComposite(it) => (
            DropKind::Type,
            &mut it.name,
            &mut is_if_not_exists,
            &mut is_or_replace,
        ),
        Statement::CreateDomain(it) => (
            DropKind::Domain,
            &mut it.name,
            &mut is_if_not_exists,
            &mut is_or_replace,
        ),
        Statement::CreateExternalTable(it) => (
            DropKind::ExternalTable,
            &mut it.name,
            &mut it.if_not_exists,
            &mut it.or_replace,
        ),
        Statement::CreateView(it) => (
            DropKind::View,
            &mut it.name,
            &mut it.if_not_exists,
            &mut it.or_replace,
        ),
        Statement::CreateMaterializedView(it) => (
            DropKind::MaterializedView,
            &mut it.name,
            &mut it.if_not_exists,
            &mut it.or_replace,
        ),
        Statement::CreateTable(_) => {
            return Err(invalid(
                "a project defines sources, views, materialized views, models, checks and types, not tables",
            )
            .with_hint("Create the table with psql, or make it a materialized view."));
        }
        Statement::CreateModel(it) => (
            DropKind::Model,
            &mut it.name,
            &mut it.if_not_exists,
            &mut it.or_replace,
        ),
        Statement::CreateCheck(it) => (
            DropKind::Check,
            &mut it.name,
            &mut it.if_not_exists,
            &mut it.or_replace,
        ),
        _ => {
            return Err(invalid("the first statement must create a model")
                .with_hint("A file of a project is one CREATE statement, then COMMENT ON."));
        }
    };
    let found = name.qualify(&expected.schema);
    if found != *expected {
        return Err(invalid(format!(
            "the file is named for {expected} and creates {found}"
        ))
        .with_hint("Rename the file or the object: the path is the name."));
    }
    *name = found.into();
    *if_not_exists = false;
    *or_replace = false;
    Ok(kind)
}

/// A statement after the definition: a comment on it or on one of its columns.
fn name_comment(
    statement: StatementText<'_>,
    kind: DropKind,
    expected: &QualifiedName,
) -> Result<Comment> {
    let Statement::Comment(mut comment) = statement.statement else {
        return Err(
            invalid("only COMMENT ON may follow the definition").with_hint(
                "A file of a project defines one object; put others into files of their own.",
            ),
        );
    };
    let name = match &mut comment.on {
        CommentOn::Object(on, name) => {
            if *on != kind {
                return Err(Error::new(
                    SqlState::WRONG_OBJECT_TYPE,
                    format!("COMMENT ON {on}: {expected} is a {kind}"),
                ));
            }
            name
        }
        CommentOn::Column(name, _) => name,
        CommentOn::Constraint(constraint, _) | CommentOn::DomainConstraint(constraint, _) => {
            return Err(invalid(format!(
                "a comment on constraint {} in the file of {expected}",
                Quoted(constraint)
            )));
        }
        CommentOn::Database(database) => {
            return Err(invalid(format!(
                "a comment on database {database} in the file of {expected}"
            )));
        }
        CommentOn::Index(index) => {
            return Err(invalid(format!(
                "a comment on index {index} in the file of {expected}"
            )));
        }
        CommentOn::Schema(schema) => {
            return Err(invalid(format!(
                "a comment on schema {} in the file of {expected}",
                Quoted(schema)
            )));
        }
        CommentOn::Function(function) => {
            return Err(invalid(format!(
                "a comment on function {function} in the file of {expected}"
            )));
        }
        CommentOn::Extension(extension) => {
            return Err(invalid(format!(
                "a comment on extension {extension} in the file of {expected}"
            )));
        }
        CommentOn::Role(role) => {
            return Err(invalid(format!(
                "a comment on role {role} in the file of {expected}"
            )));
        }
    };
    let found = name.qualify(&expected.schema);
    if found != *expected {
        return Err(invalid(format!(
            "a comment on {found} in the file of {expected}"
        )));
    }
    *name = found.into();
    Ok(comment)
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(SqlState::INVALID_OBJECT_DEFINITION, message)
}

/// The text of the comments before the first statement, without their signs.
fn leading_comment(before: &str) -> Option<String> {
    let lines: Vec<&str> = before
        .lines()
        .map(|line| {
            let line = line.trim();
            let line = line.strip_suffix("*/").unwrap_or(line).trim_end();
            let signs = ["--", "/**", "/*", "*"];
            let text = signs.iter().find_map(|sign| line.strip_prefix(sign));
            text.unwrap_or(line).trim()
        })
        .collect();
    let text = lines.join("\n").trim().to_owned();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests;
