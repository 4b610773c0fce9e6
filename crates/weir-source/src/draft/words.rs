//! The names by which boards call the fields of an ad. A draft knows no board; it knows these
//! words. To add one, put it where it is as likely as its neighbours: the first that is found is
//! used.

/// Canonical fields, and words in the names of likely members, most likely first.
pub(super) const FIELDS: [(&str, &[&str]); 9] = [
    (
        "title",
        &[
            "title",
            "jobtitle",
            "positiontitle",
            "vacancytitle",
            "roletitle",
            "name",
            "heading",
            "headline",
            "position",
            "role",
            "vacancy",
            "text",
        ],
    ),
    (
        "description",
        &[
            "description",
            "content",
            "body",
            "details",
            "overview",
            "about",
            "summary",
            "intro",
            "introduction",
            "shortdescription",
            "teaser",
            "text",
        ],
    ),
    (
        "open_date",
        &[
            "posteddate",
            "dateposted",
            "opendate",
            "openingdate",
            "publishedat",
            "publishedon",
            "published",
            "publishdate",
            "publicationdate",
            "listingdate",
            "listeddate",
            "releaseddate",
            "advertised",
            "posted",
            "listed",
            "createdat",
            "pubdate",
            "date",
        ],
    ),
    (
        "close_date",
        &[
            "closingdate",
            "closedate",
            "closesat",
            "closeson",
            "closingon",
            "applicationsclose",
            "applyby",
            "expiresat",
            "validthrough",
            "deadline",
            "expirationdate",
            "expirydate",
            "closing",
            "closes",
            "expires",
            "expiry",
        ],
    ),
    (
        "department",
        &[
            "department",
            "agency",
            "organisation",
            "organization",
            "company",
            "companyname",
            "faculty",
            "division",
            "directorate",
            "branch",
            "team",
            "businessunit",
            "category",
        ],
    ),
    (
        "locations",
        &[
            "locations",
            "location",
            "workplaces",
            "workplace",
            "cities",
            "city",
            "town",
            "suburb",
            "offices",
            "office",
            "campus",
            "places",
            "place",
            "sites",
            "site",
            "venue",
            "region",
        ],
    ),
    (
        "job_type",
        &[
            "employmenttype",
            "worktype",
            "jobtype",
            "commitment",
            "contracttype",
        ],
    ),
    (
        "remuneration",
        &[
            "salary",
            "remuneration",
            "pay",
            "compensation",
            "salaryrange",
            "wage",
        ],
    ),
    (
        "source_url",
        &[
            "url",
            "absoluteurl",
            "hostedurl",
            "joburl",
            "link",
            "permalink",
            "href",
            "applyurl",
            "applicationurl",
            "path",
        ],
    ),
];

/// Names of members that may be the id.
pub(super) const IDS: [&str; 9] = [
    "id",
    "jobid",
    "guid",
    "reference",
    "referencenumber",
    "shortcode",
    "requisitionid",
    "uuid",
    "slug",
];

/// Ends of such names: `advertNumber`, `Vacancy No`.
const ID_ENDS: [&str; 6] = ["id", "reference", "ref", "number", "no", "code"];
/// What else has a number or code.
const NUMBERED: [&str; 14] = [
    "phone",
    "mobile",
    "fax",
    "postcode",
    "postal",
    "zip",
    "country",
    "currency",
    "state",
    "company",
    "department",
    "team",
    "category",
    "location",
];
/// Ends of names that say how a value is written.
const FORMS: [&str; 6] = ["html", "text", "str", "string", "label", "display"];
/// Members that continue the description, in the order in which an ad says them.
pub(super) const PARTS: [&str; 14] = [
    "abouttherole",
    "duties",
    "responsibilities",
    "keyresponsibilities",
    "requirements",
    "qualifications",
    "selectioncriteria",
    "criteria",
    "skills",
    "benefits",
    "aboutus",
    "additionalinformation",
    "howtoapply",
    "closingstatement",
];

/// A name in lowercase letters and digits.
pub(super) fn bare(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}

/// A bare name without what says how the value is written: `closing` of `closinghtml`.
pub(super) fn stem(key: &str) -> &str {
    FORMS
        .iter()
        .find_map(|form| key.strip_suffix(form).filter(|stem| stem.len() > 2))
        .unwrap_or(key)
}

/// Whether a name ends as those of ids do.
pub(super) fn ends_as_id(key: &str) -> bool {
    ID_ENDS.iter().any(|end| key.ends_with(end)) && !NUMBERED.iter().any(|word| key.contains(word))
}

/// A name as the heading of a part: `Selection criteria` of `selection_criteria` or
/// `selectionCriteria`.
pub(super) fn heading(name: &str) -> String {
    let mut out = String::new();
    for letter in name.chars() {
        match letter {
            'A'..='Z' if out.ends_with(|last: char| last.is_ascii_lowercase()) => {
                out.extend([' ', letter.to_ascii_lowercase()]);
            }
            letter if letter.is_ascii_alphanumeric() => out.push(letter),
            _ if !out.is_empty() && !out.ends_with(' ') => out.push(' '),
            _ => {}
        }
    }
    let text = out.trim_end();
    let text = FORMS
        .iter()
        .find_map(|form| text.strip_suffix(form)?.strip_suffix(' '))
        .unwrap_or(text);
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_their_form_and_written_as_words() {
        assert_eq!(
            (stem("closinghtml"), stem("text"), stem("salarylabel")),
            ("closing", "text", "salary")
        );
        assert!(
            ends_as_id("advertnumber")
                && ends_as_id("vacancyno")
                && !ends_as_id("postcode")
                && !ends_as_id("title")
        );
        assert_eq!(heading("selection_criteria"), "Selection criteria");
        assert_eq!(
            (heading("howToApply"), heading("duties_html")),
            ("How to apply".into(), "Duties".into())
        );
    }
}
