//! Finds the connector for an address: boards of one publisher have recognisable addresses, so
//! `weir new` need not guess what a connector knows.
//!
//! Must never use the network: an address is just text. To make a connector recognise its
//! addresses, set the key `address` in its file.

use crate::config::connector::{Connector, ConnectorSpec};
use regex::Regex;
use weir_source::draft::ConnectorBoard;
use weir_source::steps::pattern;
use weir_yaml::diagnostic::{Diagnostics, did_you_mean, one_of};

/// The board of an address, by the first connector that matches. The publisher's own pages are not
/// a board.
pub fn of_address<'a>(connectors: &'a [Connector], address: &'a str) -> Option<ConnectorBoard<'a>> {
    let found = connectors.iter().find_map(|connector| {
        let spec = connector.spec.as_ref()?;
        let given = whole(spec, &mut Diagnostics::new())?.captures(address)?;
        let with = spec
            .parameters
            .keys()
            .filter_map(|name| Some((name.value.as_str(), given.name(name)?.as_str())))
            .collect();
        let left_out = given
            .get(given.len() - 1)
            .and_then(|rest| rest.as_str().split_once('?'))
            .map(|(_, query)| query);
        Some(ConnectorBoard {
            connector: &connector.name,
            about: spec.about.get()?,
            unconfirmed: spec.unconfirmed.as_deref(),
            with,
            left_out,
        })
    });
    let is_of_the_publisher = |value: &str| value == "www" || value.starts_with("www.");
    found.filter(|board| {
        !board
            .with
            .iter()
            .any(|(_, value)| is_of_the_publisher(value))
    })
}

/// Checks the pattern of a connector's addresses.
pub fn check(connector: &Connector, out: &mut Diagnostics) {
    let Some(spec) = &connector.spec else { return };
    let (Some(address), Some(found)) = (&spec.address, whole(spec, out)) else {
        return;
    };
    let names = || spec.parameters.keys().map(|name| name.value.as_str());
    let unknown: Vec<&str> = found
        .capture_names()
        .flatten()
        .filter(|group| !names().any(|name| name == *group))
        .collect();
    for group in &unknown {
        let told = out.error(
            address.place(),
            "unknown-parameter",
            format!(
                "the connector `{}` has no parameter `{group}`",
                connector.name
            ),
        );
        match did_you_mean(group, names()) {
            Some(near) => told.help(format!("did you mean `{near}`?")),
            None if spec.parameters.is_empty() => {
                told.help("it has no parameters: write `(?:...)` for groups")
            }
            None => told.help(format!("its parameters are {}", one_of(names()))),
        };
    }
    // What is written wrong is not missing, too.
    let is_given = |name: &str| {
        !unknown.is_empty() || found.capture_names().flatten().any(|group| group == name)
    };
    for (name, _) in spec
        .parameters
        .iter()
        .filter(|(name, parameter)| parameter.default.is_none() && !is_given(name))
    {
        out.error(
            address.place(),
            "missing-parameter",
            format!("the address does not capture `{name}`, which the connector needs"),
        )
        .help(format!(
            "name the group that captures it: `(?<{name}>[\\w-]+)`"
        ));
    }
}

/// The pattern for addresses, which may continue after it.
fn whole(spec: &ConnectorSpec, out: &mut Diagnostics) -> Option<Regex> {
    let address = spec.address.as_ref()?;
    pattern(address, out)?;
    Regex::new(&format!("^(?:{})([/?#].*)?$", address.as_str())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::connector::load;
    use std::path::Path;
    use weir_yaml::diagnostic::FileTexts;

    /// Addresses as people copy them, with the connector and its parameters.
    const ADDRESSES: [(&str, &str, &str); 38] = [
        (
            "https://boards.greenhouse.io/acme",
            "greenhouse",
            "board=acme",
        ),
        (
            "https://job-boards.greenhouse.io/acme-2/jobs/123?gh_src=x",
            "greenhouse",
            "board=acme-2",
        ),
        (
            "https://boards-api.greenhouse.io/v1/boards/acme/jobs?content=true",
            "greenhouse",
            "board=acme",
        ),
        (
            "https://boards.greenhouse.io/embed/job_board?for=acme",
            "greenhouse",
            "board=acme",
        ),
        (
            "https://boards.greenhouse.io/embed/job_board/js?b=1&for=acme&c=2",
            "greenhouse",
            "board=acme",
        ),
        ("https://jobs.ashbyhq.com/Acme/3f0b", "ashby", "board=Acme"),
        (
            "https://api.ashbyhq.com/posting-api/job-board/acme",
            "ashby",
            "board=acme",
        ),
        (
            "https://acme.bamboohr.com/careers/12",
            "bamboohr",
            "company=acme",
        ),
        (
            "https://acme.bamboohr.com/jobs/",
            "bamboohr",
            "company=acme",
        ),
        ("https://jobs.lever.co/acme", "lever", "site=acme"),
        (
            "https://api.lever.co/v0/postings/acme?mode=json",
            "lever",
            "site=acme",
        ),
        ("https://acme.jobs.personio.de/", "personio", "company=acme"),
        (
            "https://acme.recruitee.com/o/nurse",
            "recruitee",
            "company=acme",
        ),
        (
            "https://jobs.smartrecruiters.com/Acme/74400",
            "smartrecruiters",
            "company=Acme",
        ),
        (
            "https://careers.smartrecruiters.com/Acme",
            "smartrecruiters",
            "company=Acme",
        ),
        (
            "https://api.smartrecruiters.com/v1/companies/Acme/postings",
            "smartrecruiters",
            "company=Acme",
        ),
        (
            "https://acme.teamtailor.com/jobs",
            "teamtailor",
            "host=acme.teamtailor.com",
        ),
        (
            "https://apply.workable.com/acme/j/ABC",
            "workable",
            "account=acme",
        ),
        (
            "https://apply.workable.com/api/v1/widget/accounts/acme?details=true",
            "workable",
            "account=acme",
        ),
        (
            "https://acme.wd5.myworkdayjobs.com/External",
            "workday",
            "host=acme.wd5.myworkdayjobs.com tenant=acme site=External",
        ),
        (
            "https://acme.wd5.myworkdayjobs.com/en-US/External/job/x",
            "workday",
            "host=acme.wd5.myworkdayjobs.com tenant=acme site=External",
        ),
        (
            "https://acme.wd5.myworkdayjobs.com/wday/cxs/acme/External/jobs",
            "workday",
            "host=acme.wd5.myworkdayjobs.com tenant=acme site=External",
        ),
        (
            "https://www.seek.com.au/python-jobs/in-All-Australia?page=2",
            "seek",
            "search=python-jobs/in-All-Australia",
        ),
        (
            "https://iworkfor.nsw.gov.au/jobs/all-keywords",
            "iworkfornsw",
            "url=https://iworkfor.nsw.gov.au/jobs/all-keywords",
        ),
        (
            "https://www.careers.vic.gov.au/jobs",
            "careers-vic",
            "url=https://www.careers.vic.gov.au/jobs",
        ),
        (
            "https://smartjobs.qld.gov.au/jobtools/jncustomsearch.searchResults?in_organid=14904",
            "qld-smartjobs",
            "url=https://smartjobs.qld.gov.au/jobtools/jncustomsearch.searchResults?in_organid=14904",
        ),
        (
            "https://search.jobs.wa.gov.au/page.php?pageID=215",
            "wa-jobs",
            "url=https://search.jobs.wa.gov.au/page.php?pageID=215",
        ),
        ("https://www.apsjobs.gov.au/s/job-search", "apsjobs", ""),
        (
            "https://www.governmentjobs.com/SearchEngine/JobsFeed?agency=acme",
            "neogov",
            "url=https://www.governmentjobs.com/SearchEngine/JobsFeed?agency=acme",
        ),
        (
            "https://www.usajobs.gov/Search/Results?l=Ohio&k=ranger",
            "usajobs",
            "keyword=ranger",
        ),
        (
            "https://boards.greenhouse.io/embed/job_app?for=acme&token=123",
            "greenhouse",
            "board=acme",
        ),
        (
            "https://apply.workable.com/api/v3/accounts/acme/jobs",
            "workable",
            "account=acme",
        ),
        ("https://acme.wd5.myworkdayjobs.com/en-US", "", ""),
        ("https://www.recruitee.com", "", ""),
        ("https://www.teamtailor.com/", "", ""),
        ("https://www.seek.com.au/job/12345", "", ""),
        ("https://acme.example/boards.greenhouse.io/acme", "", ""),
        ("https://boards.greenhouse.io.acme.example/acme", "", ""),
    ];

    #[test]
    fn what_an_address_asks_for_beyond_its_board_is_told() {
        let connectors = load(
            Path::new("nowhere"),
            &mut FileTexts::default(),
            &mut Diagnostics::new(),
        );
        let left_out = |address| {
            of_address(&connectors, address)
                .unwrap()
                .left_out
                .map(str::to_owned)
        };
        assert_eq!(
            left_out("https://jobs.lever.co/acme?location=Sydney").as_deref(),
            Some("location=Sydney")
        );
        assert_eq!(left_out("https://jobs.lever.co/acme/123"), None);
    }

    #[test]
    fn boards_are_known_by_their_addresses() {
        let mut out = Diagnostics::new();
        let connectors = load(Path::new("nowhere"), &mut FileTexts::default(), &mut out);
        connectors
            .iter()
            .for_each(|connector| check(connector, &mut out));
        assert!(out.is_empty(), "{:?}", out.sorted());
        for (address, name, with) in ADDRESSES {
            let found = of_address(&connectors, address);
            let given = |board: ConnectorBoard| {
                board
                    .with
                    .iter()
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect::<Vec<_>>()
                    .join(" ")
            };
            assert_eq!(
                found.map_or_else(Default::default, |board| (board.connector, given(board))),
                (name, with.to_owned()),
                "{address}"
            );
        }
        let is_shown =
            |connector: &&Connector| ADDRESSES.iter().any(|(_, name, _)| *name == connector.name);
        let has_address = |connector: &&Connector| {
            connector
                .spec
                .as_ref()
                .is_some_and(|spec| spec.address.is_some())
        };
        let unshown: Vec<&str> = connectors
            .iter()
            .filter(has_address)
            .filter(|connector| !is_shown(connector))
            .map(|one| one.name.as_str())
            .collect();
        assert!(unshown.is_empty(), "give an address of {unshown:?}");
    }
}
