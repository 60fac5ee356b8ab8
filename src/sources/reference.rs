//! The reference page of options.

use std::fmt::Write;

use super::format::FileFormat;
use super::options::FILE_OPTIONS;
use crate::storage::StoreKind;

/// What is said before the options of object stores.
const OBJECT_STORES: &str = "
## Object stores

`LOCATION` is a path below the project folder, or a URL of an object store. A store's options are given in `OPTIONS` beside those of the files, or, but for web servers, in the environment under the same names in upper case, such as `AWS_ENDPOINT_URL`; what the statement says wins. The tables of the setting `warehouse` take theirs from the environment. Credentials are better kept there: what a statement says lies in the project's files and in the catalog, though no view, plan, message or log shows it.

An endpoint that begins with `http://` is spoken to without encryption. Every store also knows the options of its HTTP client, such as `timeout`, `connect_timeout` and `proxy_url`. A request that fails for a reason that may pass is sent again up to six times, for no longer than a minute. A web server does not list its files: there, a location is one file.

| location | options used most |
|---|---|
";

/// The options of external tables over files, as a section of Markdown.
pub fn reference() -> String {
    let mut page = "## External tables over files\n\n`OPTIONS (name 'value', ...)` of `CREATE EXTERNAL TABLE`. An unknown option is an error that names the nearest.\n\n| option | default | formats | what it does |\n|---|---|---|---|\n".to_owned();
    for option in FILE_OPTIONS {
        let formats: Vec<String> = option.formats.iter().map(ToString::to_string).collect();
        let formats = if option.formats.len() == FileFormat::ALL.len() {
            "all".to_owned()
        } else {
            formats.join(", ")
        };
        let default = option.default.replace('|', "\\|");
        let default = if default.is_empty() {
            "empty".to_owned()
        } else {
            format!("`{default}`")
        };
        // Writing to a String does not fail.
        let _ = writeln!(
            page,
            "| `{}` | {default} | {formats} | {} |",
            option.name,
            option.description.replace('|', "\\|")
        );
    }
    page.push_str(OBJECT_STORES);
    for (schemes, kind) in [
        ("`s3://bucket/key`, `s3a://`", StoreKind::S3),
        ("`gs://bucket/key`, `gcs://`", StoreKind::Gcs),
        (
            "`az://container/path`, `azure://`, `abfs://`, `abfss://`, `adl://`",
            StoreKind::Azure,
        ),
        ("`http://host/path`, `https://`", StoreKind::Http),
    ] {
        let options: Vec<_> = kind
            .common_options()
            .iter()
            .map(|option| format!("`{option}`"))
            .collect();
        let _ = writeln!(page, "| {schemes} | {} |", options.join(", "));
    }
    page
}
