//! A statement's text as other sessions see it.

/// No more of a text is shown than this.
const MAX_CHARACTERS: usize = 1000;

/// The text without what may be a secret: what follows `OPTIONS (` or `PASSWORD '`, and passwords in
/// URLs.
pub(super) fn shown_query(sql: &str) -> String {
    let upper = sql.to_ascii_uppercase();
    let options = upper.match_indices("OPTIONS").find_map(|(place, word)| {
        let end = place + word.len();
        let rest = upper.get(end..)?;
        rest.trim_start().starts_with('(').then_some(end)
    });
    let password = upper.match_indices("PASSWORD").find_map(|(place, word)| {
        let end = place + word.len();
        let rest = upper.get(end..)?.trim_start();
        // A comment may stand before the text.
        let is_text = rest.starts_with(['\'', '$'])
            || ["E'", "N'", "U&", "B'", "X'", "/*", "--"]
                .iter()
                .any(|start| rest.starts_with(start));
        is_text.then_some(end)
    });
    let options = options.into_iter().chain(password).min();
    let (sql, cut) = match options.and_then(|end| sql.get(..end)) {
        Some(before) => (before, " (...)"),
        None => (sql, ""),
    };
    let mut shown = String::new();
    let mut rest = sql.trim();
    while let Some((before, after)) = rest.split_once("://") {
        shown.push_str(before);
        shown.push_str("://");
        let end = after.find(['/', '\'', ' ']).unwrap_or(after.len());
        let (authority, next) = after.split_at(end);
        match authority.rsplit_once('@') {
            Some((user, host)) if user.contains(':') => {
                let user = user.split(':').next().unwrap_or_default();
                shown.push_str(&format!("{user}:***@{host}"));
            }
            _ => shown.push_str(authority),
        }
        rest = next;
    }
    shown.push_str(rest);
    let mut shown: String = shown.chars().take(MAX_CHARACTERS).collect();
    shown.push_str(cut);
    shown
}

#[cfg(test)]
mod tests {
    use super::shown_query;

    #[test]
    fn secrets_are_left_out() {
        for (sql, expected) in [
            (" SELECT 1 ", "SELECT 1"),
            ("SELECT options FROM t", "SELECT options FROM t"),
            (
                "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION 's3://b/é' options\n(k 'v'); SELECT",
                "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION 's3://b/é' options (...)",
            ),
            (
                "ALTER ROLE r PASSWORD/* new */ 'x'",
                "ALTER ROLE r PASSWORD (...)",
            ),
            ("ALTER ROLE r PASSWORD U&'x'", "ALTER ROLE r PASSWORD (...)"),
            (
                "SELECT password, email FROM t",
                "SELECT password, email FROM t",
            ),
            (
                "CREATE ROLE r Password  'x' LOGIN",
                "CREATE ROLE r Password (...)",
            ),
            (
                "... LOCATION 'http://me:pa:ss@host/a@b', 'https://host/x:y@z'",
                "... LOCATION 'http://me:***@host/a@b', 'https://host/x:y@z'",
            ),
        ] {
            assert_eq!(shown_query(sql), expected);
        }
    }
}
