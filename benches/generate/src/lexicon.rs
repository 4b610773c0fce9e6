//! The words of ads: some thousand of them, as frequent as words are, with the names of employers
//! and places, and what each employer says in all its ads.

use crate::draw::Draw;

const NOUNS: &str = "access account action advice agency agreement analysis animal archive area \
    asset audit benefit boat bridge budget building business campaign capacity care case change \
    child client clinic coast code committee community compliance concept concrete consent \
    contract council court craft crew culture customer data deadline decision delivery design \
    detail device discipline document dock drain drawing duty education energy engine equipment \
    estate event evidence facility family farm fault field finance fleet floor forecast forest \
    framework freight funding garden governance grant ground group growth harbour hazard health \
    heritage highway hospital housing improvement incident industry initiative inspection \
    insight interview inventory invoice issue kitchen laboratory land language law lead leader \
    learning lesson library licence logistics machine maintenance management market material \
    measure medicine meeting method mine model museum network nurse office officer operation \
    order outcome park partner patient payment people performance permit pipeline plan plant \
    policy portfolio practice priority procedure process procurement product program project \
    property protocol purchase quality query railway record region register regulation report \
    request research resource response result review risk river road roster route safety sale \
    sample schedule school science sector security service shift ship signal site skill \
    software staff stakeholder standard station statistics stock store strategy student survey \
    system target task teacher team technology tender test theatre tool track trade traffic \
    train transport treatment tunnel union vehicle vendor vessel ward warehouse waste water \
    welfare wharf wildlife workflow workplace workshop yard";
const VERBS: &str = "achieve adapt advise allocate analyse answer apply approve arrange assess \
    assist attend build calibrate check clean coach collect communicate compare compile conduct \
    consult contribute coordinate create define deliver design develop document draft drive \
    educate encourage engage ensure establish evaluate examine explain facilitate find follow \
    foster guide handle identify implement improve influence inform inspect install integrate \
    interpret investigate lead liaise listen maintain manage measure mentor monitor negotiate \
    operate order organise oversee participate perform plan prepare present prevent prioritise \
    process procure promote protect provide publish record recommend reconcile reduce repair \
    report represent research resolve respond review roster schedule secure serve solve support \
    supervise teach test track train translate undertake update verify welcome write";
const ADJECTIVES: &str = "accurate active agile annual broad calm careful central clear clinical \
    collaborative commercial complex confident critical current daily demanding detailed diverse \
    early effective efficient ethical excellent experienced external fair fast flexible friendly \
    global hands-on high honest inclusive independent innovative internal key large lasting \
    leading legal local major medium modern monthly multiple national new operational ongoing \
    open original outstanding personal positive practical proactive professional prompt public \
    quarterly rapid regional regular relevant reliable remote resilient rural safe senior \
    sensitive shared significant simple skilled small social sound specific strategic strong \
    sustainable technical thorough timely urban useful varied vibrant weekly young";
const PREFIXES: [&str; 12] = [
    "", "co-", "cross-", "inter", "micro", "multi-", "non-", "over", "pre-", "re", "sub", "under",
];
const PLACES: [&str; 28] = [
    "Sydney",
    "Parramatta",
    "Newcastle",
    "Wollongong",
    "Dubbo",
    "Orange",
    "Albury",
    "Tamworth",
    "Wagga Wagga",
    "Bathurst",
    "Lismore",
    "Broken Hill",
    "Port Macquarie",
    "Coffs Harbour",
    "Goulburn",
    "Queanbeyan",
    "Nowra",
    "Armidale",
    "Griffith",
    "Penrith",
    "Liverpool",
    "Gosford",
    "Melbourne",
    "Geelong",
    "Brisbane",
    "Cairns",
    "Adelaide",
    "Perth",
];
const TRADES: [&str; 16] = [
    "Health",
    "Transport",
    "Water",
    "Energy",
    "Education",
    "Foods",
    "Logistics",
    "Software",
    "Constructions",
    "Parks",
    "Legal",
    "Marine",
    "Analytics",
    "Housing",
    "Rail",
    "Mining",
];
const ROLES: [&str; 40] = [
    "Policy Officer",
    "Project Officer",
    "Registered Nurse",
    "Data Engineer",
    "Business Analyst",
    "Team Leader",
    "Legal Officer",
    "Park Ranger",
    "Teacher",
    "Customer Service Officer",
    "Software Engineer",
    "Electrician",
    "Train Driver",
    "Social Worker",
    "Accountant",
    "Civil Engineer",
    "Communications Adviser",
    "Payroll Officer",
    "Chef",
    "Carpenter",
    "Marine Biologist",
    "Librarian",
    "Procurement Specialist",
    "Physiotherapist",
    "Warehouse Hand",
    "Network Administrator",
    "Environmental Scientist",
    "Paralegal",
    "Midwife",
    "Plumber",
    "Grants Officer",
    "Site Supervisor",
    "Product Manager",
    "Research Fellow",
    "Diesel Mechanic",
    "Receptionist",
    "Security Analyst",
    "Town Planner",
    "Youth Worker",
    "Laboratory Technician",
];

/// All words, ready to draw from.
pub struct Lexicon {
    nouns: Vec<String>,
    verbs: Vec<&'static str>,
    adjectives: Vec<&'static str>,
}

impl Lexicon {
    pub fn new() -> Lexicon {
        let simple: Vec<&str> = NOUNS.split_whitespace().collect();
        let with = |prefix: &'static str| simple.iter().map(move |noun| format!("{prefix}{noun}"));
        Lexicon {
            nouns: PREFIXES.into_iter().flat_map(with).collect(),
            verbs: VERBS.split_whitespace().collect(),
            adjectives: ADJECTIVES.split_whitespace().collect(),
        }
    }

    fn noun(&self, draw: &mut Draw) -> &str {
        &self.nouns[draw.rank(self.nouns.len())]
    }

    fn verb(&self, draw: &mut Draw) -> &str {
        self.verbs[draw.below(self.verbs.len())]
    }

    fn adjective(&self, draw: &mut Draw) -> &str {
        self.adjectives[draw.below(self.adjectives.len())]
    }

    /// A sentence, without its end.
    pub fn clause(&self, draw: &mut Draw) -> String {
        let form = draw.below(4);
        let (verb, other) = (self.verb(draw).to_owned(), self.verb(draw).to_owned());
        let (adjective, noun) = (self.adjective(draw).to_owned(), self.noun(draw).to_owned());
        let (with, place) = (self.noun(draw).to_owned(), draw.one(&PLACES).to_owned());
        match form {
            0 => format!("{verb} {adjective} {noun} and {other} the {with} in {place}"),
            1 => format!("{verb} and {other} {noun} across the {adjective} {with}"),
            2 => format!("work with the {with} team to {verb} {adjective} {noun}"),
            _ => format!("{verb} the {noun}, {other} its {with} and keep it {adjective}"),
        }
    }

    /// A paragraph of so many sentences.
    pub fn paragraph(&self, draw: &mut Draw, sentences: usize) -> String {
        let one = |_| {
            let clause = self.clause(draw);
            let lead = draw.one(&["You will", "We", "Our people", "The successful person will"]);
            format!("{lead} {clause}.")
        };
        (0..sentences).map(one).collect::<Vec<_>>().join(" ")
    }
}

/// An employer of an institution.
pub struct Employer {
    pub name: String,
    /// What it says of itself in all its ads.
    pub about: String,
    pub how_to_apply: String,
}

/// Employers of each institution.
const EMPLOYERS: usize = 40;

impl Employer {
    /// The employer that this stream draws, of an institution.
    pub fn of(lexicon: &Lexicon, seed: u64, institution: u64, draw: &mut Draw) -> Employer {
        let number = draw.below(EMPLOYERS) as u64;
        let mut own = Draw::of("employer", &[seed, institution, number]);
        let name = format!("{} {}", own.one(&PLACES), own.one(&TRADES));
        let about = format!("About {name}. {}", lexicon.paragraph(&mut own, 5));
        let how = format!("How to apply. {}", lexicon.paragraph(&mut own, 3));
        Employer {
            name,
            about,
            how_to_apply: how,
        }
    }
}

/// A role.
pub fn role(draw: &mut Draw) -> &'static str {
    ROLES[draw.below(ROLES.len())]
}

/// A place.
pub fn place(draw: &mut Draw) -> &'static str {
    PLACES[draw.below(PLACES.len())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn texts_hold_thousands_of_words() {
        let (lexicon, mut draw) = (Lexicon::new(), Draw::of("test", &[]));
        let text = lexicon.paragraph(&mut draw, 20_000);
        let words: HashSet<&str> = text.split_whitespace().collect();
        assert!(words.len() > 3_000, "{}", words.len());
    }
}
