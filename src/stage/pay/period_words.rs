//! Words that name a period of pay by themselves. They know nothing of texts, so that whoever takes a
//! text apart can ask them. To add a word: here, and a case in the tests of `periods`.

/// The period that a word names wherever it stands: `hourly`, `pa`.
pub(super) fn strong(word: &str) -> Option<&'static str> {
    Some(match word {
        "hourly" | "ph" | "phr" | "stündlich" | "horaire" => "hour",
        "daily" | "pd" | "täglich" => "day",
        "weekly" | "pw" | "wöchentlich" | "hebdomadaire" => "week",
        "fortnightly" | "pf" | "biweekly" => "fortnight",
        "monthly" | "pcm" | "pm" | "monatlich" | "mensuel" | "maandelijks" | "mensual" | "mensuales" | "mensuels" => "month",
        "yearly" | "annual" | "annually" | "annum" | "pa" | "jährlich" | "annuel" | "jaarlijks" | "anual" => "year",
        _ => return None,
    })
}

/// The period that a word names after `per` or `/`: `hour`, `yr`.
pub(super) fn weak(word: &str) -> Option<&'static str> {
    Some(match word {
        "hour" | "hours" | "hr" | "hrs" | "h" | "stunde" | "std" | "heure" | "uur" | "hora" => "hour",
        "day" | "days" | "d" | "tag" | "jour" | "dag" | "día" | "dia" => "day",
        "week" | "weeks" | "wk" | "w" | "woche" | "semaine" | "semana" => "week",
        "fortnight" | "fn" => "fortnight",
        "month" | "months" | "mth" | "mo" | "monat" | "mois" | "maand" | "mes" => "month",
        "year" | "years" | "yr" | "yrs" | "y" | "annum" | "jahr" | "an" | "année" | "jaar" | "año" | "ano" => "year",
        _ => return None,
    })
}
