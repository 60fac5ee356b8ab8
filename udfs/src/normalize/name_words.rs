//! Words in the names of people that are not names, and words that keep a small letter.
//!
//! Compiled for this library from the forms of address in use in English, German, French, Spanish,
//! Italian, Portuguese and Dutch (for the particles: the Chicago Manual of Style, 8.7 to 8.14).

use std::sync::LazyLock;

use datafusion::common::{HashMap, HashSet};

/// What a word may be in a name beside a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Roles {
    pub(super) title: bool,
    pub(super) degree: bool,
    /// How the generation is written that it names.
    pub(super) generation: Option<&'static str>,
    pub(super) conjunction: bool,
    pub(super) particle: bool,
    pub(super) weak_particle: bool,
}

impl Roles {
    /// The roles of a word in small letters without dots.
    pub(super) fn of(word: &str) -> Self {
        ROLES.get(word).copied().unwrap_or_default()
    }

    /// Whether it is written small before another word.
    pub(super) fn is_any_particle(self) -> bool {
        self.particle || self.weak_particle
    }

    /// Whether it stands behind a name.
    pub(super) fn is_honour(self) -> bool {
        self.degree || self.generation.is_some()
    }
}

static ROLES: LazyLock<HashMap<&str, Roles>> = LazyLock::new(|| {
    let mut roles: HashMap<&str, Roles> = HashMap::new();
    for (words, set) in LISTS {
        for word in words {
            set(roles.entry(word).or_default());
        }
    }
    for (word, written) in GENERATIONS {
        roles.entry(word).or_default().generation = Some(written);
    }
    roles
});

/// Sets a role.
type Set = fn(&mut Roles);

/// The lists below, and the role of their words.
const LISTS: [(&[&str], Set); 5] = [
    (TITLES, |roles| roles.title = true),
    (DEGREES, |roles| roles.degree = true),
    (CONJUNCTIONS, |roles| roles.conjunction = true),
    (PARTICLES, |roles| roles.particle = true),
    (WEAK_PARTICLES, |roles| roles.weak_particle = true),
];

/// Forms of address, without dots and in lower case. They are dropped in front of a name.
#[rustfmt::skip]
const TITLES: &[&str] = &[
    "mr", "mister", "mrs", "ms", "miss", "mx", "master", "messrs", "dr", "doctor", "prof",
    "professor", "sir", "madam", "dame", "lord", "lady", "rev", "revd", "reverend", "hon",
    "honorable", "honourable", "rabbi", "imam", "capt", "captain", "col", "colonel", "cmdr",
    "gen", "lt", "maj", "sgt", "cpl", "pvt", "herr", "hr", "frau", "fr", "fraulein", "dipl",
    "ing", "mag", "med", "rer", "nat", "phil", "jur", "monsieur", "madame", "mademoiselle",
    "mme", "mlle", "maitre", "señor", "señora", "señorita", "sr", "sra", "srta", "doña", "sig",
    "signor", "signora", "signorina", "dott", "dottssa", "dhr", "mevr",
];

/// Degrees and honours behind a name, without dots and in lower case. They are dropped.
///
/// Those that are family names too (`Ma`, `Ba`, `Do`, `Rn`) are not here.
#[rustfmt::skip]
const DEGREES: &[&str] = &[
    "phd", "dphil", "md", "dds", "dmd", "dvm", "edd", "jd", "llb", "llm", "lld", "mba", "bsc",
    "msc", "meng", "beng", "mphil", "msw", "cpa", "cfa", "pmp", "esq", "esquire", "obe", "mbe",
    "cbe", "kbe", "dbe", "qc", "kc", "frcs", "faia",
];

/// Generations behind a name, without dots and in lower case, and how they are written. They tell
/// father and son apart, and are kept.
#[rustfmt::skip]
const GENERATIONS: &[(&str, &str)] = &[
    ("jr", "Jr"),
    ("jnr", "Jr"),
    ("sr", "Sr"),
    ("snr", "Sr"),
    ("ii", "II"),
    ("iii", "III"),
    ("iv", "IV"),
    ("2nd", "II"),
    ("3rd", "III"),
];

/// Words between the titles of several people.
#[rustfmt::skip]
const CONJUNCTIONS: &[&str] = &["and", "und", "et", "y", "e"];

/// Particles that are written small wherever they stand before another word.
#[rustfmt::skip]
const PARTICLES: &[&str] = &[
    "van", "von", "vom", "zu", "zum", "zur", "der", "den", "des", "de", "del", "du", "da", "das",
    "dos", "di", "dal", "af", "av", "ter", "ten", "op", "te", "'t", "'s",
];

/// Particles that are given names too: written small behind another word, or before another
/// particle.
#[rustfmt::skip]
const WEAK_PARTICLES: &[&str] = &[
    "la", "le", "las", "los", "les", "lo", "della", "degli", "dei", "bin", "ibn", "bint", "el",
    "al",
];

/// Family names with a capital within. Many that begin alike have none (Machado, Mackey, Macy).
#[rustfmt::skip]
pub(super) static MAC_NAMES: LazyLock<HashSet<&str>> = LazyLock::new(|| HashSet::from_iter([
    "macalister", "macallister", "macarthur", "macaulay", "macbride", "maccallum", "macdonald",
    "macdonell", "macdougall", "macdowell", "macduff", "macewan", "macfarlane", "macgillivray",
    "macgowan", "macgregor", "macinnes", "macintosh", "macintyre", "maciver", "mackay",
    "mackenzie", "mackinnon", "maclachlan", "maclaren", "maclean", "maclennan", "macleod",
    "macmillan", "macnab", "macnamara", "macneil", "macneill", "macphail", "macpherson",
    "macqueen",
]));

/// What stands in a field that has no name.
#[rustfmt::skip]
pub(super) const PLACEHOLDERS: &[&str] = &["n/a", "n.a.", "unknown", "not provided", "anonymous", "(none)"];
