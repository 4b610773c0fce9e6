//! What currencies are called. To add a name: a line here and a case in the tests.

/// ISO 4217 codes of money that jobs are paid in.
const CODES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC \
CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS \
KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK \
PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS \
VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG";

/// Codes that are also words: in text they mean nothing on their own.
const WORDS_TOO: [&str; 8] = ["ALL", "TOP", "TRY", "CUP", "MOP", "PEN", "SOS", "MAD"];

/// Signs before or after an amount, longest first; a sign shared by several currencies determines
/// none.
pub const SIGNS: [(&str, Option<&str>); 40] = [
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
    ("₽", Some("RUB")),
    ("₵", Some("GHS")),
    ("₡", Some("CRC")),
    ("₲", Some("PYG")),
    ("₸", Some("KZT")),
    ("₮", Some("MNT")),
    ("₾", Some("GEL")),
    ("₼", Some("AZN")),
    ("₭", Some("LAK")),
    ("৳", Some("BDT")),
    ("₨", None),
    ("$", None),
    ("¥", None),
    ("円", Some("JPY")),
    ("원", Some("KRW")),
    ("元", None),
];

/// Currencies in which ordinary pay is in the millions.
const SMALL: [&str; 10] = [
    "JPY", "KRW", "IDR", "VND", "COP", "CLP", "INR", "PKR", "IRR", "UGX",
];

/// Whether millions of it may be pay.
pub fn is_small(currency: Option<&str>) -> bool {
    currency.is_some_and(|currency| SMALL.contains(&currency))
}

/// Whether a code and a sign can mean the same money: `AUD $`, but not `PHP $`.
pub fn agree(code: &str, sign: Option<&str>) -> bool {
    sign.map_or_else(
        || DOLLARS.contains(&code) || matches!(code, "JPY" | "CNY"),
        |sign| sign == code,
    )
}

/// Currencies that are written with `$`.
const DOLLARS: [&str; 13] = [
    "AUD", "NZD", "USD", "CAD", "SGD", "HKD", "TWD", "FJD", "MXN", "ARS", "CLP", "COP", "BRL",
];

/// The currency of a code, sign or name on its own.
pub fn currency(text: &str) -> Option<&'static str> {
    let text = text.trim().trim_end_matches('.').to_lowercase();
    let sign = SIGNS
        .iter()
        .find(|(sign, _)| *sign == text)
        .and_then(|(_, code)| *code);
    let named = || named_money(&text).flatten();
    sign.or_else(|| {
        CODES
            .split_whitespace()
            .find(|code| code.to_lowercase() == text)
    })
    .or_else(named)
}

/// The money that a word means next to an amount; some names determine the currency and some do
/// not.
pub fn named_money(word: &str) -> Option<Option<&'static str>> {
    Some(match word.to_lowercase().as_str() {
        "euro" | "euros" => Some("EUR"),
        "rs" | "rupee" | "rupees" => Some("INR"),
        "zł" | "zl" | "złotych" => Some("PLN"),
        "kč" => Some("CZK"),
        "sfr" => Some("CHF"),
        "kr" | "dollar" | "dollars" => None,
        _ if word == "Php" => Some("PHP"),
        _ if matches!(word, "Ksh" | "KSh" | "Kshs") => Some("KES"),
        _ if word == "RM" => Some("MYR"),
        _ if word == "Rp" => Some("IDR"),
        _ => return None,
    })
}

/// The currency of a word in text: a code in capitals, or a common one in any case.
pub fn code(word: &str) -> Option<&'static str> {
    let lower = word.to_ascii_lowercase();
    let is_usual = matches!(
        lower.as_str(),
        "aud" | "nzd" | "usd" | "gbp" | "eur" | "cad" | "sgd" | "hkd" | "inr" | "chf" | "zar"
    );
    let is_code = word.len() == 3
        && (is_usual || word.bytes().all(|letter| letter.is_ascii_uppercase()))
        && !WORDS_TOO.contains(&word);
    if is_code {
        CODES
            .split_whitespace()
            .find(|code| code.eq_ignore_ascii_case(word))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_signs_and_names_are_currencies() {
        for (text, meant) in [
            (" aud ", "AUD"),
            ("Aud", "AUD"),
            ("£", "GBP"),
            ("US$", "USD"),
            ("A$", "AUD"),
            ("all", "ALL"),
            ("euro", "EUR"),
            ("Rs.", "INR"),
            ("zł", "PLN"),
        ] {
            assert_eq!(currency(text), Some(meant), "{text}");
        }
        assert_eq!(
            currency("$")
                .or(currency("XXX"))
                .or(currency("XYZ"))
                .or(currency(""))
                .or(currency("¥")),
            None
        );
        assert_eq!(code("NZD"), Some("NZD"));
        assert_eq!(
            code("ALL").or(code("per")).or(code("Top")).or(code("pln")),
            None
        );
    }
}
