//! Words that classify an amount: the pay, the pay with everything on top, or other money (an
//! allowance, a bonus, a budget); and words before numbers that are not money at all.

use super::period_words::strong;

/// How a word classifies the money next to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum MoneyLabel {
    /// The pay itself.
    Pay,
    /// The pay and what comes on top.
    Total,
    /// Other money.
    Other,
}

/// How a word classifies the money next to it.
pub(super) fn label(word: &str) -> Option<MoneyLabel> {
    if PAY.contains(&word) {
        Some(MoneyLabel::Pay)
    } else if TOTAL.contains(&word) {
        Some(MoneyLabel::Total)
    } else if OTHER.contains(&word) {
        Some(MoneyLabel::Other)
    } else {
        None
    }
}

const PAY: [&str; 33] = [
    "salary",
    "salaries",
    "pay",
    "pays",
    "paying",
    "paid",
    "wage",
    "wages",
    "base",
    "basic",
    "rate",
    "rates",
    "remuneration",
    "earn",
    "earns",
    "earning",
    "earnings",
    "income",
    "stipend",
    "compensation",
    "gehalt",
    "jahresgehalt",
    "monatsgehalt",
    "bruttogehalt",
    "lohn",
    "stundenlohn",
    "vergütung",
    "salaire",
    "sueldo",
    "salario",
    "salaris",
    "年収",
    "月給",
];
const TOTAL: [&str; 7] = ["package", "packages", "ote", "trp", "tec", "ctc", "total"];
const OTHER: [&str; 74] = [
    "packaging",
    "sacrifice",
    "sacrificing",
    "cap",
    "allowance",
    "allowances",
    "relocation",
    "relocating",
    "relocate",
    "bonus",
    "bonuses",
    "prime",
    "sign",
    "signing",
    "signon",
    "joining",
    "starter",
    "retention",
    "incentive",
    "incentives",
    "commission",
    "commissions",
    "budget",
    "budgets",
    "turnover",
    "revenue",
    "revenues",
    "grant",
    "grants",
    "funding",
    "funded",
    "savings",
    "save",
    "discount",
    "discounts",
    "voucher",
    "vouchers",
    "gift",
    "referral",
    "referrals",
    "reimbursement",
    "reimbursed",
    "reimburse",
    "loading",
    "equity",
    "shares",
    "stock",
    "rsu",
    "rsus",
    "options",
    "tuition",
    "worth",
    "valued",
    "fee",
    "fees",
    "deposit",
    "prize",
    "contribution",
    "contributions",
    "super",
    "superannuation",
    "pension",
    "kiwisaver",
    "overtime",
    "penalties",
    "expenses",
    "cost",
    "costs",
    "subsidy",
    "spend",
    "threshold",
    "increase",
    "supplement",
    "zulage",
];
/// What only a large sum is: a project of five millions.
const UNDERTAKINGS: [&str; 26] = [
    "project",
    "projects",
    "portfolio",
    "program",
    "programme",
    "fund",
    "funds",
    "company",
    "business",
    "assets",
    "sales",
    "investment",
    "contract",
    "contracts",
    "pipeline",
    "raised",
    "raising",
    "capital",
    "valuation",
    "loan",
    "loans",
    "profit",
    "profits",
    "deal",
    "deals",
    "acquisition",
];

/// Whether a word after a large sum shows that it is not pay.
pub(super) fn is_undertaking(word: &str) -> bool {
    UNDERTAKINGS.contains(&word)
}

/// Words directly before numbers that are not money.
const NAMES: [&str; 45] = [
    "level",
    "lvl",
    "grade",
    "gr",
    "band",
    "class",
    "cl",
    "classification",
    "category",
    "step",
    "steps",
    "scale",
    "zone",
    "tier",
    "year",
    "yr",
    "point",
    "spine",
    "scp",
    "stage",
    "range",
    "group",
    "aps",
    "el",
    "ses",
    "vps",
    "vpsg",
    "ao",
    "po",
    "so",
    "hew",
    "heo",
    "eg",
    "tvöd",
    "phone",
    "tel",
    "telephone",
    "mobile",
    "call",
    "fax",
    "ref",
    "reference",
    "id",
    "no",
    "number",
];
/// So many of them are grades of pay.
const GRADES: usize = 34;
/// More of them, which are not grades of pay.
const PLACES: [&str; 5] = ["postcode", "room", "unit", "floor", "top"];

/// Words before plain numbers that refer to something.
const REFERENCES: [&str; 18] = [
    "job",
    "req",
    "requisition",
    "vacancy",
    "vac",
    "posting",
    "advert",
    "ad",
    "nr",
    "num",
    "ref",
    "réf",
    "référence",
    "referenz",
    "referencia",
    "kennziffer",
    "code",
    "offre",
];

/// Whether a word shows that the digits after it refer to something.
pub(super) fn is_reference(word: &str) -> bool {
    REFERENCES.contains(&word)
}

/// Whether a word in front of a plain number may belong to pay: what is named by another word is
/// perhaps none.
pub(super) fn leads_to_pay(word: &str) -> bool {
    const LEADS: [&str; 12] = [
        "entre", "tussen", "desde", "de", "da", "dal", "von", "van", "från", "fra", "od", "ca",
    ];
    LEADS.contains(&word)
        || is_beside_plain(word)
        || is_beside_pay(word)
        || matches!(label(word), Some(MoneyLabel::Pay | MoneyLabel::Total))
        || strong(word).is_some()
}

/// Whether a word shows that the number after it is not money.
pub(super) fn is_name(word: &str) -> bool {
    PLACES.contains(&word) || is_grade(word) || NAMES[GRADES..].contains(&word)
}

/// Whether a word is a pay grade.
pub(super) fn is_grade(word: &str) -> bool {
    let one = word.strip_suffix('s').unwrap_or(word);
    NAMES[..GRADES]
        .iter()
        .any(|name| *name == word || *name == one)
        || is_entgeltgruppe(word)
}

fn is_entgeltgruppe(word: &str) -> bool {
    matches!(
        word,
        "entgeltgruppe"
            | "lohngruppe"
            | "gehaltsgruppe"
            | "vergütungsgruppe"
            | "stufe"
            | "echelon"
            | "échelon"
            | "niveau"
            | "schaal"
    )
}

/// Words after plain numbers that count something.
const COUNTED: [&str; 44] = [
    "h",
    "hour",
    "hours",
    "hr",
    "hrs",
    "day",
    "days",
    "week",
    "weeks",
    "month",
    "months",
    "year",
    "years",
    "yr",
    "yrs",
    "minutes",
    "fte",
    "x",
    "positions",
    "position",
    "roles",
    "people",
    "staff",
    "employees",
    "st",
    "nd",
    "rd",
    "th",
    "km",
    "shifts",
    "vacancies",
    "stunden",
    "tage",
    "wochen",
    "monate",
    "jahre",
    "heures",
    "jours",
    "semaines",
    "mois",
    "ans",
    "uur",
    "beds",
    "sites",
];

/// Whether a word after a plain number shows that it counts something other than money.
pub(super) fn is_counted(word: &str) -> bool {
    COUNTED.contains(&word)
}

/// Words that may appear between an amount and its period, or next to plain pay, without changing
/// it.
const BESIDE_PAY: [&str; 59] = [
    "plus",
    "inc",
    "incl",
    "including",
    "includes",
    "excl",
    "excluding",
    "ex",
    "super",
    "superannuation",
    "gross",
    "net",
    "brutto",
    "netto",
    "bruto",
    "brut",
    "base",
    "basic",
    "salary",
    "package",
    "pay",
    "wage",
    "wages",
    "rate",
    "rates",
    "range",
    "total",
    "fixed",
    "ote",
    "remuneration",
    "earnings",
    "income",
    "compensation",
    "pro",
    "rata",
    "negotiable",
    "approx",
    "approximately",
    "circa",
    "ca",
    "about",
    "around",
    "gst",
    "vat",
    "tax",
    "bonus",
    "benefits",
    "commission",
    "and",
    "max",
    "maximum",
    "min",
    "minimum",
    "of",
    "at",
    "is",
    "from",
    "up",
    "to",
];

/// Whether a word may appear between an amount and its period.
pub(super) fn is_beside_pay(word: &str) -> bool {
    BESIDE_PAY.contains(&word)
}

/// Words that may appear next to a plain number that is the only pay.
const BESIDE_PLAIN: [&str; 40] = [
    "from",
    "up",
    "to",
    "between",
    "and",
    "salary",
    "pay",
    "rate",
    "range",
    "wage",
    "package",
    "remuneration",
    "approx",
    "approximately",
    "circa",
    "about",
    "around",
    "max",
    "maximum",
    "min",
    "minimum",
    "of",
    "at",
    "least",
    "gross",
    "brutto",
    "net",
    "above",
    "over",
    "under",
    "below",
    "more",
    "less",
    "than",
    "starting",
    "base",
    "ab",
    "bis",
    "zwischen",
    "und",
];

/// Whether a word may appear next to a plain number that is pay.
pub(super) fn is_beside_plain(word: &str) -> bool {
    BESIDE_PLAIN.contains(&word)
}
