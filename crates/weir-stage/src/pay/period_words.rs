//! Words that name a period of pay on their own. They do not depend on texts, so any parser can use
//! them. To add a word: here, and a case in the tests of `periods`.

/// The period that a word always means: `hourly`, `pa`.
pub(super) fn strong(word: &str) -> Option<&'static str> {
    Some(match word {
        "hourly" | "ph" | "phr" | "stündlich" | "horaire" | "stundenlohn" | "stundensatz"
        | "時給" => "hour",
        "daily" | "pd" | "täglich" | "tagessatz" | "日給" => "day",
        "weekly" | "pw" | "wöchentlich" | "hebdomadaire" => "week",
        "fortnightly" | "pf" | "biweekly" => "fortnight",
        "monthly" | "pcm" | "pm" | "monatlich" | "mensuel" | "maandelijks" | "mensual"
        | "mensuales" | "mensuels" | "monatsgehalt" | "monatslohn" | "月給" => "month",
        "yearly" | "annual" | "annually" | "annum" | "pa" | "jährlich" | "annuel" | "jaarlijks"
        | "anual" | "jahresgehalt" | "年収" => "year",
        _ => return None,
    })
}

/// The period that a word means after `per` or `/`: `hour`, `yr`.
pub(super) fn weak(word: &str) -> Option<&'static str> {
    Some(match word {
        "hour" | "hours" | "hr" | "hrs" | "h" | "stunde" | "std" | "heure" | "uur" | "hora" => {
            "hour"
        }
        "day" | "days" | "d" | "tag" | "jour" | "dag" | "día" | "dia" => "day",
        "week" | "weeks" | "wk" | "w" | "woche" | "semaine" | "semana" => "week",
        "fortnight" | "fn" => "fortnight",
        "month" | "months" | "mth" | "mo" | "monat" | "mois" | "maand" | "mes" => "month",
        "year" | "years" | "yr" | "yrs" | "y" | "annum" | "jahr" | "an" | "année" | "jaar"
        | "año" | "ano" => "year",
        _ => return None,
    })
}
