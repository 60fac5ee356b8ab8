use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::Project;
use crate::sql::QualifiedName;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// The one error of a project of one file.
fn error(name: &str, text: &str) -> String {
    let folder = folder(&[(name, text)]);
    Project::load(folder.path())
        .expect_err(text)
        .message()
        .to_owned()
}

#[test]
fn files_become_models() {
    let folder = folder(&[
        (
            "staging/contact.sql",
            "-- Contacts of the CRM,\n-- one row each.\n\n/* Loaded\n * hourly */\n\
             CREATE OR REPLACE VIEW contact AS SELECT * FROM crm.contact, raw_contact;\n\
             COMMENT ON VIEW staging.contact IS 'x';\n\
             COMMENT ON COLUMN contact.id IS 'y';\n",
        ),
        (
            "crm/contact.sql",
            "CREATE EXTERNAL TABLE crm.contact STORED AS CSV LOCATION 'data/c.csv'",
        ),
        ("crm/notes.txt", "nothing"),
        ("crm/data/x.sql", "nonsense"),
        ("crm/.hidden.sql", "nonsense"),
        ("data/y.sql", "nonsense"),
        (
            "quality/one.sql",
            "CREATE CHECK IF NOT EXISTS one AS SELECT 1",
        ),
        ("README.md", "nothing"),
    ]);
    fs::create_dir(folder.path().join("empty")).unwrap();
    let project = Project::load(folder.path()).unwrap();
    let schemas: Vec<_> = project.schemas.iter().map(String::as_str).collect();
    assert_eq!(schemas, ["crm", "quality", "staging"]);
    let files: Vec<_> = project
        .models
        .iter()
        .map(|model| model.file.as_str())
        .collect();
    assert_eq!(
        files,
        ["crm/contact.sql", "quality/one.sql", "staging/contact.sql"]
    );
    assert_eq!(
        project.models[1].definition.to_string(),
        "CREATE CHECK quality.one AS SELECT 1"
    );
    let contact = &project.models[2];
    assert_eq!(contact.name, QualifiedName::new("staging", "contact"));
    assert_eq!(
        contact.definition.to_string(),
        "CREATE VIEW staging.contact AS SELECT * FROM crm.contact, raw_contact"
    );
    assert_eq!(
        contact.description.as_deref(),
        Some("Contacts of the CRM,\none row each.\n\nLoaded\nhourly")
    );
    let reads: Vec<_> = contact.reads.iter().map(ToString::to_string).collect();
    assert_eq!(reads, ["crm.contact", "raw_contact"]);
    let comments: Vec<_> = contact.comments.iter().map(ToString::to_string).collect();
    assert_eq!(
        comments,
        [
            "COMMENT ON VIEW staging.contact IS 'x'",
            "COMMENT ON COLUMN staging.contact.id IS 'y'"
        ]
    );
}

#[test]
fn mistakes_name_file_and_line() {
    let cases = [
        (
            "a/b.sql",
            "-- c\n\nCREATE VIEW b AS\nSELCT 1",
            "a/b.sql:4: syntax error at or near \"SELCT\"",
        ),
        (
            "a/b.sql",
            "\nCREATE VIEW c AS SELECT 1",
            "a/b.sql:2: the file is named for a.b and creates a.c",
        ),
        (
            "a/b.sql",
            "CREATE VIEW x.b AS SELECT 1",
            "a/b.sql:1: the file is named for a.b and creates x.b",
        ),
        (
            "a/B.sql",
            "CREATE VIEW B AS SELECT 1",
            "a/B.sql:1: the file is named for a.\"B\" and creates a.b",
        ),
        (
            "a/b.sql",
            "-- nothing",
            "a/b.sql: the file has no statement",
        ),
        (
            "a/b.sql",
            "SELECT 1",
            "a/b.sql:1: the first statement must create a model",
        ),
        (
            "a/b.sql",
            "CREATE SCHEMA b",
            "a/b.sql:1: the first statement must create a model",
        ),
        (
            "a/b.sql",
            "CREATE VIEW b AS SELECT 1;\nCREATE VIEW c AS SELECT 1",
            "a/b.sql:2: only COMMENT ON may follow the definition",
        ),
        (
            "a/b.sql",
            "CREATE VIEW b AS SELECT 1;\n\nCOMMENT ON VIEW c IS 'x'",
            "a/b.sql:3: a comment on a.c in the file of a.b",
        ),
        (
            "a/b.sql",
            "CREATE VIEW b AS SELECT 1; COMMENT ON TABLE b IS 'x'",
            "a/b.sql:1: COMMENT ON TABLE: a.b is a VIEW",
        ),
        (
            "a.sql",
            "CREATE VIEW a AS SELECT 1",
            "a.sql: a model's file is <schema>/<name>.sql",
        ),
        (
            "a/b/c.sql",
            "CREATE VIEW c AS SELECT 1",
            "a/b/*.sql: a model's file is <schema>/<name>.sql",
        ),
    ];
    for (name, text, expected) in cases {
        assert_eq!(error(name, text), expected, "{text}");
    }
}

#[test]
fn all_mistakes_are_told() {
    let folder = folder(&[
        ("a/b.sql", "CREATE VIEW b AS SELCT 1"),
        ("a/c.sql", "CREATE VIEW d AS SELECT 1"),
        ("a/e.sql", "CREATE VIEW e AS SELECT 1"),
    ]);
    fs::write(folder.path().join("a/f.sql"), [0xff, 0xfe]).unwrap();
    let error = Project::load(folder.path()).unwrap_err();
    assert!(error.message().ends_with("has 3 errors"), "{error}");
    let detail = error.detail().unwrap();
    for part in [
        "a/b.sql:1: syntax error",
        "a/c.sql:1: the file is named",
        "a/f.sql: the file is not UTF-8",
    ] {
        assert!(detail.contains(part), "{detail}");
    }
    assert!(!detail.contains("a/e.sql"));
}

#[test]
fn types_that_a_model_names_are_read() {
    let folder = folder(&[(
        "sales/orders.sql",
        "CREATE TYPE orders AS (home address, state shop.state, codes code[], note text, kind regtype)",
    )]);
    let project = Project::load(folder.path()).unwrap();
    let reads = project.models[0].reads.iter();
    let reads: Vec<_> = reads.map(ToString::to_string).collect();
    assert_eq!(reads, ["address", "shop.state", "code"]);
}

#[test]
fn a_missing_folder_is_told() {
    let error = Project::load(Path::new("/no/such/folder")).unwrap_err();
    assert_eq!(error.sqlstate().0, "58P01");
    let told = "the project folder /no/such/folder does not exist";
    assert_eq!(error.message(), told);
}

#[test]
fn a_model_may_name_itself() {
    let folder = folder(&[(
        "sales/orders.sql",
        "CREATE VIEW orders AS \
         SELECT 'orders'::regclass AS a, 'sales.orders'::regclass AS b, 'lines'::regclass AS c",
    )]);
    let project = Project::load(folder.path()).unwrap();
    let reads = project.models[0].reads.iter();
    let reads: Vec<_> = reads.map(ToString::to_string).collect();
    assert_eq!(reads, ["lines"]);
}
