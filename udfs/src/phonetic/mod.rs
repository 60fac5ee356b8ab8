//! How a text sounds.

mod soundex;

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;

/// The functions of this folder.
pub(crate) fn functions() -> Vec<Arc<ScalarUDF>> {
    vec![Arc::new(ScalarUDF::from(soundex::Soundex::new()))]
}
