//! From which similarity on operators take texts as alike.

use datafusion::common::extensions_options;
use datafusion::config::ConfigExtension;

extensions_options! {
    /// The settings of trigram operators, by the names that they have in PostgreSQL: give them to a
    /// `SessionConfig` with `with_option_extension`, and `SET pg_trgm.similarity_threshold = 0.5`
    /// changes them. Where a session does not have them, the defaults hold.
    pub struct TrigramThresholds {
        /// How alike two texts are, from 0 to 1, for `%` to take them as alike.
        pub similarity_threshold: f64, default = 0.3
        /// How alike a pattern and part of a text are for `<%` and `%>`.
        pub word_similarity_threshold: f64, default = 0.6
        /// How alike a pattern and words of a text are for `<<%` and `%>>`.
        pub strict_word_similarity_threshold: f64, default = 0.5
    }
}

impl ConfigExtension for TrigramThresholds {
    const PREFIX: &'static str = "pg_trgm";
}

impl TrigramThresholds {
    /// Thresholds for texts, for a pattern in a text, and for a pattern's words in a text.
    pub fn new(similarity: f64, word_similarity: f64, strict_word_similarity: f64) -> Self {
        Self {
            similarity_threshold: similarity,
            word_similarity_threshold: word_similarity,
            strict_word_similarity_threshold: strict_word_similarity,
        }
    }
}
