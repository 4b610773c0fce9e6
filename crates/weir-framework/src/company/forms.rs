//! How advertisers write names: legal forms, marks, clients and trading names.

/// Legal forms and words of holding companies at the end of a name, folded, without dots.
pub(super) const LEGAL_FORMS: &[&str] = &[
    "pty",
    "ltd",
    "limited",
    "pl",
    "inc",
    "incorporated",
    "llc",
    "llp",
    "lp",
    "plc",
    "corp",
    "corporation",
    "co",
    "company",
    "gmbh",
    "ag",
    "kg",
    "ab",
    "as",
    "oy",
    "nv",
    "bv",
    "sa",
    "sas",
    "sarl",
    "spa",
    "srl",
    "pte",
    "sdn",
    "bhd",
    "kk",
    "pvt",
    "private",
    "proprietary",
    "holdings",
    "holding",
    "group",
    "jv",
    "joint",
    "venture",
    "services",
    "trust",
    "family",
];

/// Words at the end of a name that say where a part of a company is.
pub(super) const PLACES: &[&str] = &[
    "australia",
    "aust",
    "au",
    "anz",
    "nz",
    "apac",
    "asia",
    "pacific",
    "international",
    "global",
    "nsw",
    "vic",
    "qld",
    "wa",
    "sa",
    "tas",
    "act",
    "nt",
    "uk",
    "usa",
    "us",
];

/// Words between a client and an agency: `CLIENT via AGENCY`.
pub(super) const CLIENT_FIRST: &[&str] =
    &[" via ", " c/- ", " c/o ", " care of ", " represented by ", " through "];

/// Words between an agency and its client: `AGENCY on behalf of CLIENT`.
pub(super) const CLIENT_LAST: &[&str] = &[
    " on behalf of ",
    " obo ",
    " for our client ",
    "client: ",
    "our client is ",
    "our client ",
    "recruiting for ",
    " hiring for ",
];

/// Words between a legal name and the name that people know.
pub(super) const TRADING_AS: &[&str] = &[
    " trading as ",
    " t/as ",
    " t/a ",
    " t/as. ",
    " ta ",
    " dba ",
    " d/b/a ",
    " doing business as ",
];

/// Legal forms that say nothing else, word by word, the longer ones first: what of a name falls
/// where no list knows it. `SA` is a place, `Spa` a trade, `Co` part of many names.
pub(super) const SURE_FORMS: &[&[&str]] = &[
    &["gmbh", "and", "co", "kg"],
    &["private", "limited"],
    &["private", "ltd"],
    &["pvt", "ltd"],
    &["pty", "ltd"],
    &["pty", "limited"],
    &["proprietary", "limited"],
    &["sdn", "bhd"],
    &["pte", "ltd"],
    &["ltd"],
    &["limited"],
    &["pty"],
    &["pl"],
    &["inc"],
    &["incorporated"],
    &["llc"],
    &["llp"],
    &["plc"],
    &["corp"],
    &["corporation"],
    &["gmbh"],
    &["sarl"],
    &["srl"],
];

/// Of the words before a trading name those that mean nothing else.
pub(super) const SURE_TRADING_AS: &[&str] =
    &[" trading as ", " t/as ", " t/as. ", " t/a ", " dba ", " d/b/a ", " doing business as "];

/// Names that say nothing.
pub(super) const UNNAMED: &[&str] = &[
    "private advertiser",
    "confidential",
    "company confidential",
    "confidential company",
    "anonymous",
    "advertiser",
    "na",
    "n a",
    "none",
    "unknown",
    "undisclosed",
    "the company",
    "our client",
    "client",
    "company",
    "employer",
    "private",
    "not disclosed",
    "withheld",
    "tba",
    "tbc",
    "name withheld",
];

/// Written numbers at the start of names.
pub(super) const NUMBERS: &[(&str, &str)] = &[
    ("one", "1"),
    ("two", "2"),
    ("three", "3"),
    ("four", "4"),
    ("five", "5"),
    ("six", "6"),
    ("seven", "7"),
    ("eight", "8"),
    ("nine", "9"),
    ("ten", "10"),
    ("first", "1st"),
];

/// Other words for one thing.
pub(super) const SAME_WORDS: &[(&str, &str)] = &[
    ("dept", "department"),
    ("saint", "st"),
    ("intl", "international"),
    ("univ", "university"),
    ("uni", "university"),
    ("och", "and"),
    ("und", "and"),
    ("et", "and"),
    ("govt", "government"),
    ("bros", "brothers"),
    ("mfg", "manufacturing"),
    ("tech", "technologies"),
];
