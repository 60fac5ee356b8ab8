//! The files of the tables of a history: none is missing, and none is left over.

use std::collections::BTreeMap;
use std::path::Path;

use tokio_postgres::Client;

use super::statements::TABLES;

/// That after VACUUM no file is there that the latest version does not have, and none is missing.
pub async fn check(client: &Client, data: &Path) {
    for table in TABLES {
        let vacuum = format!("VACUUM {table} RETAIN 0 HOURS");
        client.batch_execute(&vacuum).await.unwrap();
    }
    let public = data.join("tables/public");
    for table in std::fs::read_dir(public).unwrap().flatten() {
        let folder = table.path();
        // What patches have is not in Delta's words.
        if table.file_name().to_string_lossy().starts_with("large") {
            continue;
        }
        let mut there: Vec<String> = Vec::new();
        for file in std::fs::read_dir(&folder).unwrap().flatten() {
            let name = file.file_name().to_string_lossy().into_owned();
            if name == "_delta_log" {
                continue;
            }
            match std::fs::read_dir(file.path()) {
                // The files of a partition.
                Ok(files) => there.extend(
                    files
                        .flatten()
                        .map(|file| format!("{name}/{}", file.file_name().to_string_lossy())),
                ),
                Err(_) => there.push(name),
            }
        }
        there.sort();
        assert_eq!(there, files_of_log(&folder), "{}", folder.display());
    }
}

/// How many entries of a table's log are patches, and how many say in Delta's words what these came to.
pub fn patches(data: &Path, table: &str) -> (usize, usize) {
    let tables = std::fs::read_dir(data.join("tables/public")).unwrap();
    let log = tables
        .flatten()
        .find(|it| it.file_name().to_string_lossy().starts_with(table))
        .unwrap()
        .path()
        .join("_delta_log");
    let entries = std::fs::read_dir(log).unwrap().flatten();
    let texts = entries.filter_map(|entry| std::fs::read_to_string(entry.path()).ok());
    texts.fold((0, 0), |(patches, folds), text| {
        let has = |word: &str| usize::from(text.contains(word));
        (
            patches + has("\"tributaryPatch\""),
            folds + has("\"tributaryFolded\""),
        )
    })
}

/// The files of the latest version, by the entries of the log.
fn files_of_log(table: &Path) -> Vec<String> {
    let mut entries: Vec<_> = std::fs::read_dir(table.join("_delta_log"))
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect();
    entries.sort();
    let mut files: BTreeMap<String, Option<String>> = BTreeMap::new();
    for entry in entries {
        let text = std::fs::read_to_string(&entry).unwrap();
        let actions: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        for remove in actions.iter().filter_map(|action| action.get("remove")) {
            files.remove(&unescaped(remove["path"].as_str().unwrap()));
        }
        for add in actions.iter().filter_map(|action| action.get("add")) {
            let vector = add["deletionVector"]["pathOrInlineDv"].as_str();
            let path = unescaped(add["path"].as_str().unwrap());
            files.insert(path, vector.map(vector_file));
        }
    }
    let vectors: Vec<String> = files.values().flatten().cloned().collect();
    let mut all: Vec<String> = files.into_keys().chain(vectors).collect();
    all.sort();
    all.dedup();
    all
}

/// A path without the escapes of URLs.
fn unescaped(path: &str) -> String {
    let mut parts = path.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(code, 16).unwrap());
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).unwrap()
}

/// The file of a deletion vector, as the protocol derives its name from the descriptor.
fn vector_file(descriptor: &str) -> String {
    let id = z85::decode(&descriptor[descriptor.len() - 20..]).unwrap();
    let id = uuid::Uuid::from_slice(&id).unwrap();
    format!("deletion_vector_{id}.bin")
}
