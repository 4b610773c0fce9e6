//! What currencies and periods of pay are called. To add a word: a line here and a case in the tests.

/// The periods, as they are stored.
pub const PERIODS: [&str; 6] = ["hour", "day", "week", "fortnight", "month", "year"];

/// ISO 4217 codes of money that jobs are paid in.
const CODES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC \
CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS \
KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK \
PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS \
VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG";

/// Codes that are words too: in a text they mean nothing by themselves.
const WORDS_TOO: [&str; 8] = ["ALL", "TOP", "TRY", "CUP", "MOP", "PEN", "SOS", "MAD"];

/// Signs before or after an amount, the longest first; a sign that several currencies share says none.
pub const SIGNS: [(&str, Option<&str>); 26] = [
    ("aus$", Some("AUD")),
    ("au$", Some("AUD")),
    ("nz$", Some("NZD")),
    ("us$", Some("USD")),
    ("ca$", Some("CAD")),
    ("hk$", Some("HKD")),
    ("sg$", Some("SGD")),
    ("nt$", Some("TWD")),
    ("mx$", Some("MXN")),
    ("a$", Some("AUD")),
    ("c$", Some("CAD")),
    ("s$", Some("SGD")),
    ("r$", Some("BRL")),
    ("£", Some("GBP")),
    ("€", Some("EUR")),
    ("₹", Some("INR")),
    ("₩", Some("KRW")),
    ("₪", Some("ILS")),
    ("₺", Some("TRY")),
    ("₱", Some("PHP")),
    ("₫", Some("VND")),
    ("฿", Some("THB")),
    ("₦", Some("NGN")),
    ("₴", Some("UAH")),
    ("$", None),
    ("¥", None),
];

/// The currency of a code or sign that stands by itself.
pub fn currency(text: &str) -> Option<&'static str> {
    let text = text.trim().to_lowercase();
    let sign = SIGNS.iter().find(|(sign, _)| *sign == text).and_then(|(_, code)| *code);
    sign.or_else(|| CODES.split_whitespace().find(|code| code.to_lowercase() == text))
}

/// The currency of a word in a text: a code in capitals, or a usual one however it is written.
pub fn code(word: &str) -> Option<&'static str> {
    let is_usual =
        matches!(word.to_ascii_lowercase().as_str(), "aud" | "nzd" | "usd" | "gbp" | "eur" | "cad" | "sgd" | "hkd" | "inr" | "chf" | "zar");
    match word.to_lowercase().as_str() {
        "euro" | "euros" => Some("EUR"),
        _ if word.len() == 3 && (is_usual || word.bytes().all(|letter| letter.is_ascii_uppercase())) && !WORDS_TOO.contains(&word) => currency(word),
        _ => None,
    }
}

/// The period that a word names wherever it stands: `hourly`, `pa`.
pub fn strong_period(word: &str) -> Option<&'static str> {
    match word {
        "hourly" | "ph" | "phr" => Some("hour"),
        "daily" | "pd" => Some("day"),
        "weekly" | "pw" => Some("week"),
        "fortnightly" | "pf" | "biweekly" => Some("fortnight"),
        "monthly" | "pcm" => Some("month"),
        "yearly" | "annual" | "annually" | "annum" | "pa" => Some("year"),
        _ => None,
    }
}

/// The period that a word names after `per` or `/`: `hour`, `yr`.
pub fn weak_period(word: &str) -> Option<&'static str> {
    match word {
        "hour" | "hours" | "hr" | "hrs" | "h" => Some("hour"),
        "day" | "days" => Some("day"),
        "week" | "weeks" | "wk" => Some("week"),
        "fortnight" | "fn" => Some("fortnight"),
        "month" | "months" | "mth" | "mo" => Some("month"),
        "year" | "years" | "yr" | "annum" => Some("year"),
        _ => None,
    }
}

/// The period that a text by itself names: `HOUR`, `per-year-salary`, `YEARLY`.
pub fn period(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase().replace('.', "");
    let mut words = text.split(|letter: char| !letter.is_alphabetic());
    words.find_map(|word| strong_period(word).or_else(|| weak_period(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_signs_are_currencies() {
        assert_eq!(currency(" aud "), Some("AUD"));
        assert_eq!(currency("£"), Some("GBP"));
        assert_eq!(currency("all"), Some("ALL"));
        assert_eq!(currency("$").or(currency("XXX")).or(currency("")), None);
        assert_eq!(code("NZD"), Some("NZD"));
        assert_eq!(code("ALL").or(code("per")).or(code("Top")).or(code("pln")), None);
    }

    #[test]
    fn periods_have_many_names() {
        for (text, meant) in
            [("p.a.", "year"), ("DAY", "day"), ("per_month", "month"), ("WEEK", "week"), ("2 weeks", "week"), ("hourly rate", "hour")]
        {
            assert_eq!(period(text), Some(meant), "{text}");
        }
        assert_eq!(period("once").or(period("")), None);
    }
}
