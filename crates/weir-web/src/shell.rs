//! The frame of every page: navigation, the one question that the page answers, its answer in
//! words, and what follows. The same sheet as the pages that the commands write.
//!
//! Must never load anything from elsewhere or hold a script in its text: the policy forbids both.

use super::access::visitor::{EntryMethod, Visitor};
use axum::response::Html;
use maud::{DOCTYPE, Markup, html};
use weir_reporting::report::columns::line;

/// The pages, in groups: address and name.
const PAGES: [&[(&str, &str)]; 4] = [
    &[
        ("/", "Today"),
        ("/runs", "Runs"),
        ("/schedule", "Schedule"),
        ("/sources", "Sources"),
    ],
    &[
        ("/failures", "Failures"),
        ("/holds", "Holds"),
        ("/duplicates", "Duplicates"),
        ("/alerts", "Alerts"),
    ],
    &[
        ("/jobs", "Jobs"),
        ("/rules", "Rules"),
        ("/frameworks", "Frameworks"),
        ("/trends", "Trends"),
        ("/reports", "Reports"),
    ],
    &[("/audit", "Audit"), ("/system", "System")],
];

/// Keys of `keys.js`.
const KEYS: [(&str, &str); 5] = [
    ("/", "search"),
    ("j k", "next and previous row"),
    ("Enter", "open the row"),
    ("x", "select the row"),
    ("?", "these keys"),
];

/// A page to be.
pub(super) struct PageShell<'p> {
    title: &'p str,
    answer: &'p str,
    at: &'p str,
    over: Option<Markup>,
    script: Option<&'p str>,
    live: Option<(&'p str, &'p str)>,
}

impl<'p> PageShell<'p> {
    /// A page: its name, and its answer.
    pub(super) fn new(title: &'p str, answer: &'p str) -> PageShell<'p> {
        PageShell {
            title,
            answer,
            at: "",
            over: None,
            script: None,
            live: None,
        }
    }

    /// Which page of the navigation it is, or belongs to.
    pub(super) fn at(self, address: &'p str) -> PageShell<'p> {
        PageShell {
            at: address,
            ..self
        }
    }

    /// Where it belongs, above its answer.
    pub(super) fn over(self, over: Markup) -> PageShell<'p> {
        PageShell {
            over: Some(over),
            ..self
        }
    }

    /// With a further script.
    pub(super) fn script(self, address: &'p str) -> PageShell<'p> {
        PageShell {
            script: Some(address),
            ..self
        }
    }

    /// Following a stream: its address, and the stamp that is shown.
    pub(super) fn live(self, live: Option<(&'p str, &'p str)>) -> PageShell<'p> {
        PageShell { live, ..self }
    }

    /// The whole page, for somebody.
    pub(super) fn show(&self, visitor: &Visitor, body: &Markup) -> Html<String> {
        let navigation = self.navigation(Some(visitor));
        Html(self.markup(Some(&navigation), body).into_string())
    }

    /// The whole page, for somebody who was let in, whoever it may be.
    pub(super) fn alone(&self, body: &Markup) -> Html<String> {
        let navigation = self.navigation(None);
        Html(self.markup(Some(&navigation), body).into_string())
    }

    /// The whole page, for somebody who was not let in: it leads nowhere.
    pub(super) fn outside(&self, body: &Markup) -> Html<String> {
        Html(self.markup(None, body).into_string())
    }

    fn markup(&self, navigation: Option<&Markup>, body: &Markup) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) " · Weir" }
                    link rel="icon" href="/favicon.ico" type="image/svg+xml";
                    link rel="stylesheet" href="/assets/page.css";
                    script src="/assets/keys.js" defer {}
                    @if self.live.is_some() { script src="/assets/live.js" defer {} }
                    @if let Some(script) = self.script { script src=(script) defer {} }
                }
                body.served.outside[navigation.is_none()] {
                    a.skip href="#answer" { "To the answer" }
                    @if let Some(navigation) = navigation { (navigation) }
                    main data-live=[self.live.map(|live| live.0)] data-stamp=[self.live.map(|live| live.1)] {
                        header {
                            p.over { @match &self.over { Some(over) => (over), None => (self.title) } }
                            h1 #answer tabindex="-1" { (self.answer) }
                        }
                        (body)
                    }
                    (keys())
                }
            }
        }
    }

    fn navigation(&self, visitor: Option<&Visitor>) -> Markup {
        html! {
            nav.site aria-label="pages" {
                a.brand href="/" { "Weir" }
                details { summary { "Pages" } (self.groups()) @if let Some(visitor) = visitor { (person(visitor)) } }
                div.groups { (self.groups()) @if let Some(visitor) = visitor { (person(visitor)) } }
            }
        }
    }

    fn groups(&self) -> Markup {
        html! {
            @for group in PAGES {
                ul { @for (address, name) in group {
                    li { a href=(address) aria-current=[(self.at == *address).then_some("page")] { (name) } }
                } }
            }
        }
    }
}

/// Who is logged in, and the way out; nothing where everybody is let in.
fn person(visitor: &Visitor) -> Markup {
    let who = visitor.who();
    let only = who.institutions.as_ref();
    html! {
        @if who.door != EntryMethod::Open {
            div.person {
                p { bdi { (line(&who.name, 40)) } " " span.soft { (who.role) } }
                @if let Some(only) = only { p.soft { "only " (line(&only.join(", "), 80)) } }
                @if let EntryMethod::Login(_) = who.door {
                    form method="post" action="/logout" { input type="hidden" name="token" value=(visitor.form_token()); button.quiet { "Log out" } }
                }
            }
        }
    }
}

fn keys() -> Markup {
    html! {
        dialog #keys aria-labelledby="keys-title" {
            h2 #keys-title { "Keys" }
            dl { @for (key, does) in KEYS { dt { kbd { (key) } } dd { (does) } } }
            form method="dialog" { button { "Close" } }
        }
    }
}

/// Text with commands and names in backticks.
pub(super) fn prose(text: &str) -> Markup {
    let parts = text.split('`').enumerate();
    html! {
        @for (place, part) in parts {
            @if place % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}
