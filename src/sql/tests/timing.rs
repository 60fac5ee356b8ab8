use std::time::Instant;
#[test]
fn timing() {
    for length in [6usize, 10, 14, 18] {
        let cases = [
            format!("SELECT {}1{}", "(".repeat(length), ")".repeat(length)),
            format!("SELECT {}1", "NOT ".repeat(length)),
            format!("SELECT {}1", "- ".repeat(length)),
            format!("SELECT {}1{}", "f(".repeat(length), ")".repeat(length)),
            format!(
                "SELECT {}1{}",
                "CASE WHEN a THEN ".repeat(length),
                " END".repeat(length)
            ),
            format!(
                "SELECT * FROM {}t{}",
                "(SELECT * FROM ".repeat(length),
                ") x".repeat(length)
            ),
            format!(
                "SELECT * FROM {}t{}",
                "(".repeat(length),
                ")".repeat(length)
            ),
            format!("SELECT * FROM {}t", "(".repeat(length)),
            format!("SELECT * FROM {}t", "(SELECT * FROM ".repeat(length)),
            format!("SELECT {}1", "(".repeat(length)),
            format!("{}SELECT 1{}", "(".repeat(length), ")".repeat(length)),
            format!("{}SELECT 1", "(".repeat(length)),
            format!("SELECT {}1", "f(".repeat(length)),
            format!("SELECT {}1", "(SELECT ".repeat(length)),
            format!("SELECT {}1", "a IN (".repeat(length)),
            format!("SELECT {}1", "a IN (SELECT ".repeat(length)),
            format!("SELECT {}1", "ARRAY[".repeat(length)),
            format!("SELECT {}1", "CASE WHEN ".repeat(length)),
            format!("SELECT {}1", "CAST(".repeat(length)),
            format!("SELECT {}1", "INTERVAL ".repeat(length)),
            format!("SELECT {}1", "EXISTS (SELECT ".repeat(length)),
            format!("SELECT {}1", "a[".repeat(length)),
            format!("SELECT {}1", "date ".repeat(length)),
            format!("SELECT * FROM t x{}", " JOIN (t".repeat(length)),
            format!("WITH {}1", "a AS (WITH ".repeat(length)),
            format!("CREATE TABLE t (a INT{})", "[]".repeat(length)),
            format!(
                "CREATE TABLE t (a {}INT{})",
                "ARRAY<".repeat(length),
                ">".repeat(length)
            ),
            format!("SELECT 1 FROM t GROUP BY {}1", "ROLLUP((".repeat(length)),
            format!("SELECT (a, {}1", "(a, ".repeat(length)),
            format!("SELECT {}x", "array(".repeat(length)),
            format!("SELECT {}x", "struct(".repeat(length)),
            format!("SELECT {}x", "TRIM(".repeat(length)),
        ];
        for sql in cases {
            let start = Instant::now();
            let _ = crate::sql::parse(&sql).map(|_| ());
            let took = start.elapsed();
            if took.as_millis() > 5 {
                eprintln!("{length}: {took:?} {}", &sql[..sql.len().min(60)]);
            }
        }
    }
}
