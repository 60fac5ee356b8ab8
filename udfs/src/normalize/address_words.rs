//! Words of postal addresses and their abbreviations, as data.
//!
//! Sources: street suffixes, directions and secondary units of the United States from USPS
//! Publication 28 (appendices B and C); Australia from AS 4590.1, street type codes; Britain from
//! the thoroughfare names of the Royal Mail's Programmers' Guide to PAF; Germany from DIN 5008 and
//! the usage of Deutsche Post; France from the abbreviations of NF Z 10-011. Every text is in
//! lower case without accents.

/// A word as it is abbreviated, and as it is written here.
pub(crate) type Abbreviation = (&'static str, &'static str);

/// Street words of the English-speaking countries. `st` and `dr` are not here: they are saint and
/// doctor too, and decided by their place.
#[rustfmt::skip]
pub(crate) const ENGLISH_STREETS: &[Abbreviation] = &[
    ("al", "alley"), ("aly", "alley"), ("ally", "alley"), ("anx", "annex"), ("arc", "arcade"),
    ("av", "avenue"), ("ave", "avenue"), ("aven", "avenue"), ("avn", "avenue"),
    ("avnue", "avenue"), ("bch", "beach"), ("bl", "boulevard"), ("blv", "boulevard"),
    ("blvd", "boulevard"), ("boul", "boulevard"), ("bvd", "boulevard"), ("bvde", "boulevard"),
    ("br", "bridge"), ("brg", "bridge"), ("brk", "brook"), ("byp", "bypass"), ("cct", "circuit"),
    ("cswy", "causeway"), ("ch", "chase"), ("cir", "circle"), ("circ", "circle"),
    ("cl", "close"), ("clf", "cliff"), ("clfs", "cliffs"), ("cmn", "common"), ("cor", "corner"),
    ("cors", "corners"), ("cr", "crescent"), ("cres", "crescent"), ("cresc", "crescent"),
    ("crk", "creek"), ("crse", "course"), ("crt", "court"),
    ("ct", "court"), ("cts", "courts"), ("ctr", "center"), ("centre", "center"),
    ("cv", "cove"), ("drv", "drive"), ("drs", "drives"), ("esp", "esplanade"), ("est", "estate"),
    ("ests", "estates"), ("exp", "expressway"), ("expy", "expressway"), ("fld", "field"),
    ("flds", "fields"), ("frst", "forest"), ("fwy", "freeway"), ("gdn", "garden"),
    ("gdns", "gardens"), ("gln", "glen"), ("gr", "grove"), ("grn", "green"), ("grv", "grove"),
    ("gte", "gate"), ("hbr", "harbor"), ("hl", "hill"), ("hls", "hills"), ("hts", "heights"),
    ("hwy", "highway"), ("jct", "junction"), ("knl", "knoll"), ("la", "lane"), ("lk", "lake"),
    ("lks", "lakes"), ("ln", "lane"), ("lndg", "landing"), ("mdw", "meadow"),
    ("mdws", "meadows"), ("ml", "mill"), ("mls", "mills"), ("mnr", "manor"), ("mtn", "mountain"),
    ("mws", "mews"), ("opas", "overpass"), ("orch", "orchard"), ("pde", "parade"),
    ("pk", "park"), ("pkwy", "parkway"), ("pkwys", "parkways"), ("pky", "parkway"),
    ("pl", "place"), ("pln", "plain"), ("plns", "plains"), ("plz", "plaza"), ("prom", "promenade"),
    ("psge", "passage"), ("pt", "point"), ("pts", "points"), ("qy", "quay"), ("rd", "road"),
    ("rds", "roads"), ("rdg", "ridge"), ("rdgs", "ridges"), ("rnch", "ranch"), ("rt", "route"),
    ("rte", "route"), ("shr", "shore"), ("shrs", "shores"), ("spg", "spring"),
    ("spgs", "springs"), ("sq", "square"), ("sqs", "squares"), ("sta", "station"),
    ("str", "street"), ("strt", "street"), ("sts", "streets"), ("tce", "terrace"),
    ("ter", "terrace"), ("terr", "terrace"), ("tpke", "turnpike"), ("trce", "trace"),
    ("trl", "trail"), ("vis", "vista"), ("vly", "valley"), ("vw", "view"), ("wlk", "walk"),
    ("wy", "way"), ("xing", "crossing"),
];

/// Street words of the English-speaking countries that are written out already.
#[rustfmt::skip]
pub(super) const ENGLISH_STREET_WORDS: &[&str] = &[
    "street", "drive", "loop", "mall", "path", "pike", "row", "run", "square", "walk", "way",
    "mews",
];

/// Words in front of a place name, and codes of states that look like them.
#[rustfmt::skip]
pub(super) const ENGLISH_PREFIXES: &[Abbreviation] = &[("mt", "mount"), ("ft", "fort")];

/// Two-letter codes of states of the USA that are abbreviations of something else here too.
#[rustfmt::skip]
pub(super) const STATES: &[&str] = &["al", "ct", "fl", "la", "mt", "ne", "ms"];

/// Directions of the English-speaking countries.
#[rustfmt::skip]
pub(super) const DIRECTIONS: &[Abbreviation] = &[
    ("n", "north"), ("s", "south"), ("e", "east"), ("w", "west"), ("ne", "northeast"),
    ("nw", "northwest"), ("se", "southeast"), ("sw", "southwest"), ("nth", "north"),
    ("sth", "south"), ("upr", "upper"), ("lwr", "lower"),
];

/// Words for a part of a building, followed by its number or letter.
#[rustfmt::skip]
pub(crate) const UNITS: &[Abbreviation] = &[
    ("apt", "apartment"), ("apts", "apartment"), ("apmt", "apartment"), ("aptmt", "apartment"),
    ("apartment", "apartment"), ("appt", "apartment"), ("appartement", "apartment"),
    ("unt", "unit"), ("unit", "unit"), ("ste", "suite"), ("suite", "suite"), ("flt", "flat"),
    ("flat", "flat"), ("fl", "floor"), ("flr", "floor"), ("floor", "floor"), ("lvl", "level"),
    ("level", "level"), ("rm", "room"), ("room", "room"), ("bldg", "building"),
    ("bld", "building"), ("building", "building"), ("lot", "lot"), ("whg", "wohnung"),
    ("wohnung", "wohnung"), ("dept", "department"),
];

/// Words for a number that say nothing in front of one.
#[rustfmt::skip]
pub(super) const NUMBER_WORDS: &[&str] = &["no", "nr", "num", "numero", "number", "nummer"];

/// Ordinals in front of a street word or a floor.
#[rustfmt::skip]
pub(crate) const ORDINALS: &[Abbreviation] = &[
    ("first", "1st"), ("second", "2nd"), ("third", "3rd"), ("fourth", "4th"), ("fifth", "5th"),
    ("sixth", "6th"), ("seventh", "7th"), ("eighth", "8th"), ("ninth", "9th"), ("tenth", "10th"),
    ("eleventh", "11th"), ("twelfth", "12th"),
];

/// Ways to write a post-office box, word by word.
#[rustfmt::skip]
pub(super) const POST_BOXES: &[&[&str]] = &[
    &["po", "box"],
    &["p", "o", "box"],
    &["pob"],
    &["pobox"],
    &["post", "office", "box"],
    &["postfach"],
    &["pf"],
    &["boite", "postale"],
];

/// Street words of Germany, Austria and Switzerland.
#[rustfmt::skip]
pub(super) const GERMAN_STREETS: &[Abbreviation] = &[("str", "strasse"), ("pl", "platz"), ("st", "sankt"), ("geb", "gebaeude")];

/// Street words of France, in front of the name.
#[rustfmt::skip]
pub(crate) const FRENCH_STREETS: &[Abbreviation] = &[
    ("all", "allee"), ("av", "avenue"), ("ave", "avenue"), ("bat", "batiment"),
    ("bd", "boulevard"), ("bld", "boulevard"), ("blvd", "boulevard"), ("boul", "boulevard"),
    ("bvd", "boulevard"), ("ch", "chemin"), ("che", "chemin"), ("chem", "chemin"),
    ("crs", "cours"), ("esc", "escalier"), ("esp", "esplanade"), ("fbg", "faubourg"),
    ("fg", "faubourg"), ("imp", "impasse"), ("pl", "place"), ("qu", "quai"), ("r", "rue"),
    ("res", "residence"), ("rte", "route"), ("sq", "square"), ("st", "saint"), ("ste", "sainte"),
    ("vla", "villa"), ("zi", "zone industrielle"),
];
