//! Finds the customers of one list in another by how alike their names are.
//!
//!     cargo run -p tributary-udfs --example match_names

use datafusion::error::Result;
use datafusion::prelude::SessionContext;

#[tokio::main]
async fn main() -> Result<()> {
    let mut context = SessionContext::new();
    tributary_udfs::register_all(&mut context)?;

    let matches = context
        .sql(
            "SELECT crm.name AS crm, shop.name AS shop,
                    damerau_levenshtein(crm.name, shop.name) AS edits,
                    round(jaro_winkler_similarity(crm.name, shop.name), 3) AS alike
             FROM (VALUES ('Jane Smith'), ('Zoë Müller'), ('Bob Jones')) AS crm(name)
             JOIN (VALUES ('Jane Smiht'), ('Zoe Mueller'), ('Ann Lee')) AS shop(name)
               ON jaro_winkler_similarity(crm.name, shop.name, 0.85) > 0
             ORDER BY alike DESC",
        )
        .await?;
    matches.show().await
}
