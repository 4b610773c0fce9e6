//! The meaning of texts about pay, as a table, and laws that hold for all of them. A line is a text
//! and its meaning: `min..max currency period`, `-` for no pay, `?` if not understood.

use super::periods::StatedPeriod;
use super::text::{PayReading, amount, read};
use proptest::prelude::*;

fn said(text: &str) -> String {
    let told = match read(text) {
        PayReading::Pay(told) => told,
        PayReading::Nothing => return "-".to_owned(),
        PayReading::Unclear => return "?".to_owned(),
    };
    let number = |amount: Option<f64>| amount.map_or(String::new(), |amount| amount.to_string());
    let period = if told.period == StatedPeriod::Other {
        Some("other")
    } else {
        told.period.known()
    };
    let words: Vec<&str> = [told.currency, period].into_iter().flatten().collect();
    format!(
        "{}..{} {}",
        number(told.min),
        number(told.max),
        words.join(" ")
    )
    .trim()
    .to_owned()
}

fn check(table: &[(&str, &str)]) {
    let wrong = |(text, meant): &&(&str, &str)| said(text) != *meant;
    let wrong: Vec<String> = table
        .iter()
        .filter(wrong)
        .map(|(text, meant)| format!("{text}: {} and not {meant}", said(text)))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn amounts_and_ranges() {
    check(&[
        ("$373,951 to $527,050", "373951..527050"),
        ("$86,439 - $95,000 pa", "86439..95000 year"),
        ("1300 - 1600", "1300..1600"),
        ("1300 -1495", "1300..1495"),
        ("85000", "85000..85000"),
        ("A$45.50 per hour", "45.5..45.5 AUD hour"),
        ("AUD 120k–140k", "120000..140000 AUD"),
        (
            "AUD 105000 - 125000 per annum, inc super, WFH",
            "105000..125000 AUD year",
        ),
        ("£30,000 per annum + super", "30000..30000 GBP year"),
        ("€ 3.500 brutto", "3500..3500 EUR"),
        ("3 500 EUR per month", "3500..3500 EUR month"),
        ("3\u{202f}500\u{a0}€ par mois", "3500..3500 EUR month"),
        ("$140 000 - $160 000 Package", "140000..160000"),
        ("$ 90,000 – $ 95,000", "90000..95000"),
        ("$15.45/hr", "15.45..15.45 hour"),
        ("$35.4217 per hour", "35.4217..35.4217 hour"),
        ("$120 - 140k AUD p.a.", "120000..140000 AUD year"),
        ("$110 - 130k", "110000..130000"),
        ("$800 - $1k per day", "800..1000 day"),
        ("$1k - $1200 p.d.", "1000..1200 day"),
        (
            "USD $95,000.00 - $80,000.00 / year",
            "80000..95000 USD year",
        ),
        ("$45/hr - $50/hr plus 11.5% super", "45..50 hour"),
        ("VPSG5 $107,847 - $130,482 plus super", "107847..130482"),
        ("Salary (AUD): 90,000 - 100,000", "90000..100000 AUD"),
        ("38 hours per week, $45.10 p/h", "45.1..45.1 hour"),
        ("Hourly rate: $32.50", "32.5..32.5 hour"),
        ("45 - 50 per hour", "45..50 hour"),
        ("CHF 100'000", "100000..100000 CHF"),
        ("CHF 100’000.- / Jahr", "100000..100000 CHF year"),
        ("Fr. 100", "?"),
        ("€ 15,50 - 17,25 per hour", "15.5..17.25 EUR hour"),
        ("1.234.567,89 EUR", "1234567.89..1234567.89 EUR"),
        ("CAD drafter, $45 per hour", "45..45 hour"),
        (
            "$2360.00 - $3774.80\u{a0}(fortnightly)",
            "2360..3774.8 fortnight",
        ),
        ("￥400万～￥600万", "4000000..6000000"),
        ("年収400万円〜600万円", "4000000..6000000 JPY year"),
        ("R$ 3.500,00", "3500..3500 BRL"),
        ("RM 4,500", "4500..4500 MYR"),
        ("kr 450", "450..450"),
        ("CA$102.8K – CA$137K", "102800..137000 CAD"),
        (
            "170,700.00 to 273,200.00 USD per year",
            "170700..273200 USD year",
        ),
        ("$0 - $50,000", "..50000"),
        ("$90,000 (CAD)", "90000..90000 CAD"),
        ("$90,000 [CAD]", "90000..90000 CAD"),
        ("$90,000, CAD", "90000..90000 CAD"),
        ("CAD: $90,000", "90000..90000 CAD"),
        ("$90,000 in CAD", "90000..90000 CAD"),
        ("$45 per hour (CAD)", "45..45 CAD hour"),
        ("Salary (CAD) $90,000 - $95,000", "90000..95000 CAD"),
        ("USD: $90,000 - $100,000", "90000..100000 USD"),
        ("90.000 (PLN)", "90000..90000 PLN"),
        ("$90,000, CAD drafter wanted", "90000..90000"),
        ("€90,000 (USD)", "?"),
        ("R25 000 per month", "25000..25000 ZAR month"),
        ("R25 000 - R30 000", "25000..30000 ZAR"),
        ("R450 - R500 per hour", "450..500 ZAR hour"),
        ("R25k - R30k", "25000..30000 ZAR"),
        ("R12345 $60,000", "60000..60000"),
        ("R3 - $66,400", "66400..66400"),
        ("N250,000", "?"),
        ("₽ 90 000", "90000..90000 RUB"),
    ]);
}

#[test]
fn indian_amounts() {
    check(&[
        ("₹5,00,000 - ₹8,00,000 per annum", "500000..800000 INR year"),
        ("₹12,00,000 - ₹15,50,000", "1200000..1550000 INR"),
        ("5-8 LPA", "500000..800000 INR year"),
        ("5 - 8.5 LPA", "500000..850000 INR year"),
        ("Upto 12 LPA", "..1200000 INR year"),
        ("CTC 12 LPA", "1200000..1200000 INR year"),
        ("₹ 12 Lakhs PA", "1200000..1200000 INR year"),
        ("INR 1.2 Cr", "12000000..12000000 INR"),
        ("₹ 6.5 lakh - 9 lakh", "650000..900000 INR"),
        ("₹6L - ₹9L", "600000..900000 INR"),
        ("50,000 - 1 lakh", "50000..100000 INR"),
        ("Rs. 25,000/- per month", "25000..25000 INR month"),
        ("Rs 25,000 - Rs 30,000 p.m.", "25000..30000 INR month"),
        ("₹5,00,00", "?"),
        ("₹12 L per annum", "1200000..1200000 INR year"),
        ("₹15-20L", "1500000..2000000 INR"),
        ("₹15 - 20 L", "1500000..2000000 INR"),
        ("₹12L - ₹14L", "1200000..1400000 INR"),
        ("10-15 lac", "1000000..1500000 INR"),
        ("15-20L", "?"),
        ("15L-20L", "?"),
        ("10 to 15L p.a.", "?"),
        ("15-20 L", "?"),
        ("$15-20L", "?"),
        ("$12L", "?"),
        ("$12 mil", "?"),
        ("$12x", "?"),
    ]);
}

#[test]
fn periods() {
    check(&[
        ("$1,900 pw", "1900..1900 week"),
        ("$3,000 per fortnight", "3000..3000 fortnight"),
        ("£2,000 pcm", "2000..2000 GBP month"),
        ("£450 per day, 6 month contract", "450..450 GBP day"),
        ("$60,000 annually", "60000..60000 year"),
        ("$90,000 plus super per annum", "90000..90000 year"),
        ("Up to $1000 p/d (may be negotiable)", "..1000 day"),
        ("$2,500 semi-monthly", "2500..2500 other"),
        ("$2,500 bi-weekly", "2500..2500 fortnight"),
        ("$2,500 every two weeks", "2500..2500 fortnight"),
        ("$2,500 twice a month", "2500..2500 other"),
        ("$9,000 quarterly", "9000..9000 other"),
        ("$9,000 per quarter", "9000..9000 other"),
        ("$500 per shift", "500..500 other"),
        ("$500 per half day", "500..500 other"),
        ("$500 / half-day", "500..500 other"),
        ("$45 for up to ten hours per week", "45..45"),
        ("38 hours per week at $45", "45..45"),
        ("$60,000 Annual leave: 25 days", "60000..60000"),
        ("$60,000, weekly team lunches", "60000..60000"),
        ("$60,000 / Sydney", "60000..60000"),
        ("$60,000, per year", "60000..60000 year"),
        ("Annual salary $60,000", "60000..60000 year"),
        ("Day rate: £400 - £450", "400..450 GBP day"),
        ("Entre 12€ et 14€ de l'heure", "12..14 EUR hour"),
        ("3.100 € im Monat", "3100..3100 EUR month"),
        ("$52,000 a year ($26 an hour)", "52000..52000 year"),
        ("$26 per hour or $500 a day for weekends", "?"),
        ("$45 (hour)", "45..45 hour"),
        ("$45 [per hour]", "45..45 hour"),
        ("$2,360 fortnight", "2360..2360 fortnight"),
        ("$45 hour rate", "45..45 hour"),
        ("$500 day shift", "500..500"),
        ("Stundenlohn: 17,50 €", "17.5..17.5 EUR hour"),
        ("Monatsgehalt 3.500 €", "3500..3500 EUR month"),
        ("$2,500 semi-monthly - $5,000 monthly", "?"),
    ]);
}

#[test]
fn open_ends() {
    check(&[
        ("Up to $90,000", "..90000"),
        ("Up to $125k base + Super", "..125000"),
        ("From $90,000", "90000.."),
        ("$90,000+", "90000.."),
        ("$90,000 + super", "90000..90000"),
        ("$60,000 - $70,000 +", "60000.."),
        ("$45/hr+", "45.. hour"),
        ("$90k+ p.a.", "90000.. year"),
        ("$90,000 and above", "90000.."),
        ("$90,000 or more", "90000.."),
        ("$90,000 (max)", "..90000"),
        ("Minimum $90,000", "90000.."),
        ("not more than $90,000", "..90000"),
        ("no less than $90,000", "90000.."),
        ("in excess of $90,000", "90000.."),
        ("Starting at $60,000 annually", "60000.. year"),
        ("Level 3, $86,439 - $", "86439.."),
        ("$86,439 -", "86439.."),
        ("$86,439 - $95,00", "?"),
        ("$38,000-$45.000", "?"),
        ("£60k++", "60000.. GBP"),
        ("Min: $80,000 Max: $90,000", "80000..90000"),
        ("ab 3.500 € brutto", "3500.. EUR"),
        ("bis zu 3.500 €", "..3500 EUR"),
        ("< $60,000", "..60000"),
        ("<$60,000", "..60000"),
        ("≤ $60,000", "..60000"),
        ("<= $60,000", "..60000"),
        ("> $60,000 p.a.", "60000.. year"),
        ("≥ $60,000", "60000.."),
        (">= $60,000", "60000.."),
        ("AUD > 60,000", "60000.. AUD"),
        ("APS 5 -> $60,000", "60000..60000"),
        ("$60,000 at least", "60000.."),
        ("at most $60,000", "..60000"),
        ("not exceeding $60,000", "..60000"),
        ("höchstens 4.000 €", "..4000 EUR"),
        ("maximal 4.000 €", "..4000 EUR"),
        ("nicht mehr als 4.000 €", "..4000 EUR"),
        ("mindestens 2.800 €", "2800.. EUR"),
        ("mind. 2.800 € brutto", "2800.. EUR"),
        ("2.800 € und mehr", "2800.. EUR"),
        ("über 2.800 €", "2800.. EUR"),
        ("moins de 40 000 €", "..40000 EUR"),
        ("plus de 40 000 €", "40000.. EUR"),
        ("pas plus de 40 000 €", "..40000 EUR"),
        ("au moins 40 000 €", "40000.. EUR"),
        ("fino a 30.000 €", "..30000 EUR"),
        ("a partire da 30.000 €", "30000.. EUR"),
        ("almeno 30.000 €", "30000.. EUR"),
        ("más de 30.000 €", "30000.. EUR"),
        ("menos de 30.000 €", "..30000 EUR"),
        ("máximo 30.000 €", "..30000 EUR"),
        ("até R$ 5.000", "..5000 BRL"),
        ("minimaal € 2.900", "2900.. EUR"),
        ("niet meer dan € 2.900", "..2900 EUR"),
        ("från 30 000 kr", "30000.."),
        ("à partir de 2 100 €", "2100.. EUR"),
        ("jusqu'à 2 600 €", "..2600 EUR"),
        ("$80k +/- 10%", "?"),
        (
            "From $60,000. Up to $70,000 for the right person.",
            "60000..70000",
        ),
        ("Minimum $60,000, maximum $70,000", "60000..70000"),
    ]);
}

#[test]
fn two_amounts() {
    check(&[
        ("$61,000 and $72,000", "61000..72000"),
        ("between $60,000 and $70,000 a year", "60000..70000 year"),
        ("between 60,000 and 70,000", "60000..70000"),
        ("zwischen 3.100 und 3.600 Euro", "3100..3600 EUR"),
        ("de 2 100 € à 2 600 € par mois", "2100..2600 EUR month"),
        ("entre 2 100 et 2 600 € par mois", "2100..2600 EUR month"),
        (
            "tussen € 2.900 en € 3.300 per maand",
            "2900..3300 EUR month",
        ),
        ("3.100 bis 3.600 €", "3100..3600 EUR"),
        ("R$ 2.500,00 a R$ 3.000,00", "2500..3000 BRL"),
        ("$61,000/$72,000", "61000..72000"),
        ("£28,000 rising to £33,000", "28000..33000 GBP"),
        (
            "£28,000, rising to £33,000 after a year",
            "28000..33000 GBP",
        ),
        ("$50 up to $60 an hour", "50..60 hour"),
        ("$51,000 (min) - $62,000 (max)", "51000..62000"),
        ("$51,000\n-\n$62,000", "51000..62000"),
        ("19,50$ à 23,50$", "19.5..23.5"),
        ("$80,000 going up to $90,000", "80000..90000"),
        ("2.000,-- €", "2000..2000 EUR"),
        ("$91K?$99K per annum", "?"),
        ("$61,000, $72,000", "?"),
        ("$61,000. $72,000", "?"),
        ("£28-32,000", "28000..32000 GBP"),
        ("£28 to 32,000", "28000..32000 GBP"),
        ("between £28 and £32,000", "28000..32000 GBP"),
        ("£20-£25,000", "20000..25000 GBP"),
        ("€50-60.000", "50000..60000 EUR"),
        ("$90-100,000", "90000..100000"),
        ("25 - 30,000 per annum", "25000..30000 year"),
        ("28 bis 32.000 €", "28000..32000 EUR"),
        ("$3-4,000 per month", "3000..4000 month"),
        ("30,000-35 pa", "30000..35000 year"),
        ("28-32,000 GBP", "28000..32000 GBP"),
        ("€45-55 000", "45000..55000 EUR"),
        ("28-32000 GBP", "?"),
        ("$2.5-3,000", "?"),
        ("$1-1.2m", "?"),
        ("$500 - $60,000", "?"),
        ("$20 - $30,000 per hour", "?"),
        ("od 3000 do 8000 zł", "3000..8000 PLN"),
        ("Pago 3000 o bien 8000 €", "?"),
        ("$45/50 per hour", "?"),
        ("$45·50", "45.5..45.5"),
        ("$ 45. 50", "?"),
        ("$45. 50 per hour", "?"),
        ("45. 50 € per hour", "?"),
        ("$90, 500 pa", "?"),
        ("$45, 50 positions", "45..45"),
        ("85¢ per hour", "?"),
        ("$50 - $60 - $70", "?"),
        ("€50k - $60k", "?"),
        ("€50k - £60k", "?"),
        ("$25 per hour to $52,000 per year", "?"),
        ("$60,000 maybe 70,000", "?"),
        (
            "Level 2 $60,000 - $65,000, Level 3 $66,000 - $70,000",
            "60000..70000",
        ),
        ("$60,000 - $65,000 here, $66,000 - $70,000 there", "?"),
    ]);
}

#[test]
fn grades_beside_the_pay() {
    check(&[
        ("Band 5 - $81,230 p.a. plus super", "81230..81230 year"),
        ("APS 4 - $78,110 to $84,600", "78110..84600"),
        ("APS4 – $78,110 – $84,600", "78110..84600"),
        ("APS Level 4 – $78,110 – $84,600", "78110..84600"),
        ("Level 3 – $66,400", "66400..66400"),
        ("Levels 3 - 4: $66,400", "66400..66400"),
        ("Zone 2 - £31,050 per annum", "31050..31050 GBP year"),
        ("EG 8 - 3.410 €", "3410..3410 EUR"),
        ("Classification 6 - $41.20 per hour", "41.2..41.2 hour"),
        ("Grade 7 to $92,000", "..92000"),
        ("Year 2 - $71,500 - $74,000", "71500..74000"),
        ("$61,000 - $72,000 (Level 2)", "61000..72000"),
        ("Band 4 to 5 $61,000 - $72,000", "61000..72000"),
        ("Grade 3/4, $61,000 - $72,000", "61000..72000"),
        ("2 positions - $61,000", "61000..61000"),
        ("HSO Level G3 $80,812", "80812..80812"),
        ("Step 4 100 000", "?"),
        ("VN/12345 - $60,000", "60000..60000"),
        ("REQ/12345 - $60,000", "60000..60000"),
        ("Ref. 12345 - $60,000", "60000..60000"),
        ("Job 12345 - $60,000", "60000..60000"),
        ("JOB-12345 - $60,000", "60000..60000"),
        ("Vacancy no. 12345 – $60,000", "60000..60000"),
        ("Job 12345 to $60,000", "..60000"),
        ("Clerk 12345 - $60,000", "?"),
        ("12345 - $60,000", "?"),
        ("55000 - $60,000", "55000..60000"),
        ("Job: 55000 - 60000 EUR", "55000..60000 EUR"),
        ("Assistant 28,000 - 32,000 GBP", "28000..32000 GBP"),
        ("Nurse 2 - $61,000", "61000..61000"),
        ("$61,000 - 25 High Street", "61000..61000"),
        ("$61,000 - 65 High Street", "61000..61000"),
    ]);
}

#[test]
fn other_money() {
    check(&[
        ("$50,000 - $60,000 plus $5,000 bonus", "50000..60000"),
        ("$50,000 + $5,000", "50000..50000"),
        (
            "Salary packaging up to $15,900, plus $83,000 - $92,000 a year",
            "83000..92000 year",
        ),
        ("Packaging cap $9,010; base $71,000", "71000..71000"),
        (
            "Responsible for a $2,400,000 budget. Pay: $98,000 - $107,000 a year",
            "98000..107000 year",
        ),
        ("$6,000 relocation, then $88,000 pa", "88000..88000 year"),
        ("$83,000 plus up to $15,900 packaging", "83000..83000"),
        ("$83,000 - $15,900 salary packaging", "83000..83000"),
        (
            "Sign-on bonus of $10,000. $90,000 - $100,000",
            "90000..100000",
        ),
        ("$5,000 sign-on bonus, $45/hour", "45..45 hour"),
        ("$90,000 and a $5,000 bonus", "90000..90000"),
        ("$90,000 and bonus", "90000..90000"),
        (
            "$65,000 - $75,000 + 11% super + bonus up to $10,000",
            "65000..75000",
        ),
        (
            "₹20,000 - ₹25,000 /month + incentives upto ₹10,000",
            "20000..25000 INR month",
        ),
        (
            "$30.50 to $35.20 per hour casual loading included",
            "30.5..35.2 hour",
        ),
        (
            "$2,000 signing bonus! Starting pay $18.50/hr",
            "18.5.. hour",
        ),
        (
            "Pay: $18.50 - $22.00 per hour. Expected hours: 30 – 40 per week",
            "18.5..22 hour",
        ),
        ("Manage a budget of $900,000", "-"),
        (
            "NFP salary packaging - up to $15,950 + $2,650 - plus $80,000 base",
            "80000..80000",
        ),
        (
            "Salary packaging of up to $15,900 and $2,650 for meals",
            "-",
        ),
        ("$15,900 tax-free", "?"),
        ("$90,000 tax free", "?"),
        ("AED 10,000 tax free", "?"),
        ("$15,900 tax-free packaging", "-"),
        ("$250,000 - $1.2m", "?"),
        ("$1.5 million", "?"),
        ("1.5 million per year", "?"),
        ("12000000 per year", "?"),
        ("$5,000 remote area allowance & $90,000", "90000..90000"),
        ("$5,000 relocation allowance / $90,000", "90000..90000"),
        ("Save tax on up to $18,549", "-"),
        ("SMIC + 200 €", "?"),
        ("inc super $120,000", "120000..120000"),
        ("Relocation assistance, up to $6,000", "-"),
        ("$500 per referral", "-"),
        ("$1,000 once", "-"),
        ("a $5 million project", "-"),
        ("$1.2m turnover", "-"),
        ("Project Manager - $120,000", "120000..120000"),
        ("Budget analyst - $120,000", "120000..120000"),
        (
            "Total remuneration package: $120,000. Package includes salary ($105,000 - $110,000)",
            "105000..110000",
        ),
        ("$120,000 package", "120000..120000"),
        ("€75–90k OTE, uncapped", "75000..90000 EUR"),
        ("$60,000 base, $90,000 OTE", "60000..60000"),
        ("401k employer match", "-"),
        (
            "The salary range for this role is estimated to be $60,000 - $97,000/year. It may include sign-on bonus.",
            "60000..97000 year",
        ),
    ]);
}

#[test]
fn what_is_no_pay() {
    for text in [
        "Competitive",
        "",
        "2026",
        "2025 - 2026",
        "2025/26",
        "VPSG5",
        "Level 3",
        "9.5% super",
        "38 hours per week",
        "0400 123 456",
        "+61 2 9999 9999",
        "(02) 9876 5432",
        "1300 123 456",
        "call 1800 555 111 per annum",
        "2 years",
        "5 - 8 years",
        "0.8 FTE",
        "9:30 to 17:30",
        "a $5 million project",
        "ref 12345678",
        "Grade 5 per annum",
        "2 x 12 months",
        "10 per cent",
        "2026 annual review",
        "$",
        "- $",
        "k",
        "01/09/2026",
        "3rd",
        "12-month contract",
    ] {
        assert!(
            ["-", "?"].contains(&said(text).as_str()),
            "{text}: {}",
            said(text)
        );
    }
    for text in [
        "Competitive",
        "",
        "VPSG5",
        "Level 3",
        "9.5% super",
        "38 hours per week",
        "5 - 8 years",
        "2 years",
        "Level 3 - 5",
    ] {
        assert_eq!(said(text), "-", "{text}");
    }
    for text in [
        "$65,7",
        "$90, 000",
        "$140  000",
        "$100_000",
        "Band 3 65000",
        "$86.439",
        "$78.110 to $84.600",
        "3",
        "٥٠٠٠ $",
        "$50000000000",
    ] {
        assert_eq!(said(text), "?", "{text}");
    }
}

#[test]
fn amounts_are_numbers_of_any_writing() {
    for (text, meant) in [
        ("$86,439.50", Some(86_439.5)),
        ("120k", Some(120_000.0)),
        ("5,00,000", Some(500_000.0)),
        ("12 LPA", Some(1_200_000.0)),
        ("1.2m", Some(1_200_000.0)),
        ("bonus 5000", None),
        ("from 50000", Some(50_000.0)),
        ("2000", Some(2000.0)),
        ("none", None),
        ("50,000 - 60,000", None),
        ("-5", None),
        ("10%", None),
        ("65,7", None),
    ] {
        assert_eq!(amount(text).map(|end| end.value), meant, "{text}");
    }
}

/// A number as some country writes it.
fn written(amount: u32, style: u8) -> String {
    let digits = amount.to_string();
    let grouped = |sign: &str| {
        let mut out = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                out.push_str(sign);
            }
            out.push(digit);
        }
        out
    };
    match style % 7 {
        0 => grouped(","),
        1 => digits,
        2 => grouped("\u{a0}"),
        3 => grouped("'"),
        4 if amount.is_multiple_of(1000) => format!("{}k", amount / 1000),
        5 => format!("{}.00", grouped(",")),
        _ => grouped(" "),
    }
}

/// A range in words, and what it means.
fn rendered(low: u32, high: u32, style: [u8; 4]) -> String {
    let [number, link, sign, around] = style;
    let link = [
        "-",
        " - ",
        " – ",
        " to ",
        " up to ",
        " rising to ",
        " bis ",
        " à ",
        "/",
        " and ",
        ", ",
        " or ",
        "?",
        " ; ",
        " = ",
    ][usize::from(link) % 15];
    let money = |amount: u32| match sign % 5 {
        0 => format!("${}", written(amount, number)),
        1 => format!("{} €", written(amount, number)),
        2 => format!("AUD {}", written(amount, number)),
        3 => format!("£ {}", written(amount, number)),
        _ => written(amount, number),
    };
    let range = format!("{}{link}{}", money(low), money(high));
    match around % 10 {
        0 => range,
        1 => format!("Level 3 - {range} per annum"),
        2 => format!("{range} plus super"),
        3 => format!("Salary: {range}"),
        4 => format!("between {range}"),
        5 => format!("{range} + $500 allowance"),
        6 => format!("Sign-on bonus of $7,500, {range}"),
        7 => format!("5 positions, {range} (Grade 4)"),
        8 => format!("Band 4/5: {range}\n38 hours per week"),
        _ => format!("{range} pa, 12 month contract, 17% loading"),
    }
}

proptest! {
    #[test]
    fn a_range_is_itself_or_nothing(low in 20_000_u32..120_000, more in 1_u32..90_000, style: [u8; 4]) {
        let (low, high) = (low, low + more);
        let text = rendered(low, high, style);
        if let PayReading::Pay(told) = read(&text) {
            let first_only = told.min == Some(f64::from(low)) && told.max.is_none();
            let both = told.min == Some(f64::from(low)) && told.max == Some(f64::from(high));
            prop_assert!(both || first_only, "{}: {:?}", text, told);
        }
    }

    #[test]
    fn an_amount_is_itself_or_nothing(amount in 12_u32..300_000, style: [u8; 4]) {
        let number = written(amount, style[0]);
        let texts = [
            format!("${number}"), format!("Grade 4 - ${number} pa"), format!("{number} EUR per month"), format!("APS 5: AUD {number} + super"),
            format!("${number}+"), format!("up to £{number}"), number.clone(), format!("from {number} per annum"),
        ];
        let text = &texts[usize::from(style[1]) % texts.len()];
        if let PayReading::Pay(told) = read(text) {
            for end in [told.min, told.max].into_iter().flatten() {
                prop_assert!((end - f64::from(amount)).abs() < 0.001, "{}: {:?}", text, told);
            }
        }
    }

    #[test]
    fn no_text_panics(text in "[$£€₹AUDkKL0-9., '+/%()a-z–;-]{0,60}", any in ".{0,60}") {
        for text in [&text, &any] {
            read(text);
            amount(text);
            super::periods::period(text);
        }
    }
}
