//! How an ad of a vacancy reads: at home as a public board writes it, elsewhere as an aggregator
//! copies it, with the mess that copies have.

use crate::draw::Draw;
use crate::json::{JsonObject, list, quoted};
use crate::lexicon::{Employer, Lexicon, place, role};
use crate::options::Options;
use crate::vacancy::{Listing, Vacancy};
use std::fmt::Write;

/// Where and as which of its ids a vacancy is listed.
#[derive(Debug, Clone, Copy)]
pub struct Spot {
    /// The source that lists it.
    pub source: u64,
    /// Which of its parallel listings.
    pub place: u64,
}

impl Spot {
    fn is_home(self, vacancy: &Vacancy) -> bool {
        self.source == vacancy.source
    }
}

/// The id of a listing in its source.
pub fn id(options: &Options, vacancy: &Vacancy, listing: Listing, spot: Spot) -> String {
    if !spot.is_home(vacancy) {
        let mut own = vacancy.copies(options, spot.source);
        return format!("{:016x}{}", own.next(), listing.generation);
    }
    let mut id = format!("R{:08}", vacancy.number);
    if spot.place > 0 {
        let _ = write!(id, "-{}", spot.place);
    }
    if listing.generation > 0 {
        let _ = write!(id, "-r{}", listing.generation);
    }
    id
}

/// What a vacancy says, before a board puts it into its form.
struct Content {
    title: String,
    employer: Employer,
    places: Vec<&'static str>,
    duties: Vec<String>,
    texts: [String; 3],
    opens: u64,
    closes: u64,
    pay: (usize, usize),
    grade: usize,
    job_type: &'static str,
    requisition: u64,
}

fn content(lexicon: &Lexicon, options: &Options, vacancy: &Vacancy, listing: Listing) -> Content {
    let mut draw = vacancy.draw(options, "content");
    let employer = Employer::of(lexicon, options.seed, vacancy.institution, &mut draw);
    let (role, grade) = (role(&mut draw), draw.below(12) + 1);
    let specialty = draw.below(90) + 10;
    let low = 55_000 + draw.below(120) * 500;
    let mut edited = Draw::of("revision", &[vacancy.number, listing.revision]);
    let edit = if listing.revision > 0 {
        edited.below(3)
    } else {
        3
    };
    let texts = [
        lexicon.paragraph(&mut draw, 6),
        lexicon.paragraph(&mut draw, 5),
        if edit == 0 {
            lexicon.paragraph(&mut edited, 2)
        } else {
            String::new()
        },
    ];
    let opens = listing.since.saturating_sub(draw.below(20) as u64 + 1);
    Content {
        title: format!("{role} {specialty}"),
        employer,
        places: (0..draw.below(3) + 1).map(|_| place(&mut draw)).collect(),
        duties: (0..draw.below(6) + 4)
            .map(|_| lexicon.clause(&mut draw))
            .collect(),
        texts,
        opens,
        closes: opens + 45 + draw.below(90) as u64 + if edit == 1 { 7 } else { 0 },
        pay: (
            low,
            low + 4_000 + draw.below(20) * 500 + if edit == 2 { 1_000 } else { 0 },
        ),
        grade,
        job_type: draw.one(&["Full-Time", "Part-Time", "Casual", "Temporary"]),
        requisition: draw.next() % 1_000_000,
    }
}

/// The ad as one line of JSON.
pub fn line(
    lexicon: &Lexicon,
    options: &Options,
    vacancy: &Vacancy,
    listing: Listing,
    spot: Spot,
) -> String {
    let mut content = content(lexicon, options, vacancy, listing);
    let id = id(options, vacancy, listing, spot);
    if spot.is_home(vacancy) {
        let mut draw = Draw::of("place", &[vacancy.number, spot.place]);
        if vacancy.places(options) > 1 {
            content.places = vec![place(&mut draw)];
        }
        at_home(&content, vacancy, &id, vacancy.fault(options))
    } else {
        elsewhere(&content, &id, vacancy.copies(options, spot.source))
    }
}

fn at_home(content: &Content, vacancy: &Vacancy, id: &str, fault: Option<usize>) -> String {
    let closes = if fault == Some(1) {
        content.opens.saturating_sub(3)
    } else {
        content.closes
    };
    let places: &[&str] = if fault == Some(3) {
        &[]
    } else {
        &content.places
    };
    let place = |city: &&str| format!("{{\"city\":{},\"state\":\"NSW\"}}", quoted(city));
    let agency = format!(
        "{{\"name\":{},\"id\":\"{}\"}}",
        quoted(&content.employer.name),
        id.len()
    );
    let (low, high) = content.pay;
    let html = html(content);
    let mut ad = JsonObject::new();
    ad.text("id", id)
        .text(
            "title",
            if fault == Some(0) {
                "ab"
            } else {
                &content.title
            },
        )
        .maybe(
            "descriptionHtml",
            Some(html.as_str()).filter(|_| fault != Some(2)),
        )
        .text("openDate", &day(content.opens))
        .text("closeDate", &day(closes))
        .raw("agency", &agency)
        .raw("locations", &list(places.iter().map(place)))
        .text("jobType", content.job_type)
        .text(
            "grade",
            &format!("Clerk Grade {}/{}", content.grade, content.grade + 1),
        )
        .raw(
            "salary",
            &format!("{{\"min\":{low},\"max\":{high},\"currency\":\"AUD\"}}"),
        )
        .text("requisition", &format!("REQ{:06}", content.requisition))
        .text(
            "url",
            &format!("https://board{}.example.org/job/{id}", vacancy.source),
        )
        .raw(
            "recruiter",
            &format!("{{\"name\":\"Recruiter {}\"}}", content.requisition % 500),
        );
    ad.end()
}

/// A copy: another title, another name of the employer, plain text that may be cut, other links.
fn elsewhere(content: &Content, id: &str, mut draw: Draw) -> String {
    let _ = (draw.next(), draw.next());
    let tail = draw.one(&["", "", " - Apply now", " | Immediate start", " (m/f/d)"]);
    let suffix = draw.one(&["", "", " Pty Ltd", " Limited", " (Australia)", " Group"]);
    let mut text = plain(content);
    if draw.happens(0.3) {
        let cut: String = text.chars().take(600 + draw.below(800)).collect();
        text = format!("{cut}...");
    }
    let city = content.places.first().copied().unwrap_or("Sydney");
    let where_ = match draw.below(3) {
        0 => city.to_owned(),
        1 => format!("{city} NSW"),
        _ => format!("{city}, New South Wales, Australia"),
    };
    let employer = format!(
        "{{\"name\":{}}}",
        quoted(&format!("{}{suffix}", content.employer.name))
    );
    let opens = content.opens + draw.below(3) as u64;
    let (low, high) = content.pay;
    let mut ad = JsonObject::new();
    ad.text("id", id)
        .text("title", &format!("{}{tail}", content.title))
        .text("descriptionHtml", &text)
        .text("openDate", &day(opens))
        .text("closeDate", &day(opens + 30))
        .raw("agency", &employer)
        .raw(
            "locations",
            &list([format!("{{\"city\":{}}}", quoted(&where_))]),
        )
        .text("jobType", content.job_type)
        .text(
            "url",
            &format!("https://jobs.example.net/view/{id}?utm_source=feed"),
        );
    if draw.happens(0.5) {
        ad.raw(
            "salary",
            &format!("{{\"min\":{low},\"max\":{high},\"currency\":\"AUD\"}}"),
        );
    }
    ad.end()
}

fn html(content: &Content) -> String {
    let [role, team, edit] = &content.texts;
    let duties: String = content
        .duties
        .iter()
        .map(|duty| format!("<li>{duty}</li>"))
        .collect();
    let Employer {
        about,
        how_to_apply,
        ..
    } = &content.employer;
    let edit = if edit.is_empty() {
        String::new()
    } else {
        format!("<p>{edit}</p>")
    };
    format!(
        "<p>{role}</p><h3>Your duties</h3><ul>{duties}</ul><p>{team}</p>{edit}\
         <h3>About us</h3><p>{about}</p><p>{how_to_apply}</p>"
    )
}

fn plain(content: &Content) -> String {
    let [role, team, edit] = &content.texts;
    let duties: String = content
        .duties
        .iter()
        .map(|duty| format!("* {duty}\n"))
        .collect();
    let Employer {
        about,
        how_to_apply,
        ..
    } = &content.employer;
    format!("{role}\n\nYour duties\n{duties}\n{team}\n{edit}\n{about}\n\n{how_to_apply}")
}

/// Day 0 is 1 September 2026.
pub fn day(number: u64) -> String {
    // Twenty days before day 0 are the earliest that an ad opens: days count from 12 August.
    civil(20_677 + number)
}

/// The date of so many days after 1 January 1970 (Howard Hinnant's `civil_from_days`).
fn civil(days: u64) -> String {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    format!("{:04}-{month:02}-{day:02}", era * 400 + year + next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        assert_eq!(
            [civil(0), civil(11_016), civil(20_697)],
            ["1970-01-01", "2000-02-29", "2026-09-01"]
        );
    }
}
