//! Names of advertisers and what they mean.

use super::*;
use proptest::prelude::*;
use std::sync::Arc;

fn registry(yaml: &str) -> Result<CompanyRegistry, Vec<CompanyFault>> {
    let head: CompanyRegistryHead = serde_saphyr::from_str(yaml).unwrap();
    CompanyRegistry::build(&head)
}

const COMPANIES: &str = "
companies:
  - { id: rail, name: Kestrel Rail, ids: { abn: '51 824 753 556' } }
  - { id: mill, name: Müller & Söhne }
  - { id: staff, name: Apex Staffing, agency: true }
  - { id: hotels, name: Quayside Hotels, parent: rail }
unnamed: [Top Employer]
";

fn matcher() -> CompanyMatcher {
    CompanyMatcher::new(Arc::new(registry(COMPANIES).unwrap()))
}

#[test]
fn names_are_decided() {
    let matcher = matcher();
    let cases = [
        ("Kestrel Rail", "rail", "", "name"),
        ("KESTREL RAIL PTY. LTD. (ABN 51 824 753 556)", "rail", "", "number"),
        ("Some Name ABN 51824753556", "rail", "", "number"),
        ("Kestrel Rail Pty Ltd", "rail", "", "cleaned"),
        ("Mueller and Soehne GmbH", "mill", "", "cleaned"),
        ("Holder Pty Ltd t/as Kestrel Rail", "rail", "", "trading-name"),
        ("Kestrel Rail via Apex Staffing", "rail", "staff", "client"),
        ("Apex Staffing on behalf of Kestrel Rail", "rail", "staff", "client"),
        ("Apex Staffing", "staff", "", "name"),
        ("Chef at Quayside Hotels, Inc.", "hotels", "", "employer"),
        ("Kestral Rail", "", "", "none"),
        ("Confidential", "", "", "none"),
        ("Top Employer", "", "", "none"),
        ("Pty Ltd", "", "", "none"),
        ("", "", "", "none"),
    ];
    let id = |at: Option<usize>| at.map_or("", |at| matcher.registry().companies[at].id.as_str());
    for (name, company, agency, method) in cases {
        let decision = matcher.decide(name);
        let found = (id(decision.company), id(decision.agency), decision.method.name());
        assert_eq!(found, (company, agency, method), "{name}");
    }
}

#[test]
fn near_names_are_proposed() {
    let matcher = matcher();
    assert_eq!(matcher.nearest("Kestral Rail Pty Ltd")[0].company, 0);
    assert!(matcher.nearest("Zebra Crossing").is_empty() && matcher.nearest("").is_empty());
    assert!(!matcher.decide("Kestral Rail").unnamed && matcher.decide("Confidential").unnamed);
}

#[test]
fn typos_are_proposed_and_other_names_are_not() {
    let matcher = matcher();
    for typo in ["Kestral Rail", "Kestrel Rial Pty Ltd", "Qayside Hotels", "APEX STAFING"] {
        let near = matcher.typos(typo);
        assert!(near.len() == 1 && near[0].nearness > 0.8 && near[0].nearness < 1.0, "{typo}");
    }
    for other in ["Kestrel Road", "Apex Plumbing", "Rail", "", "Quayside Dental", "Zebra Crossing"]
    {
        assert!(matcher.typos(other).is_empty(), "{other}");
    }
}

#[test]
fn a_number_beside_the_name_decides() {
    let matcher = matcher();
    let decided = matcher.decide_with("Someone Else", Some("51824753556"));
    assert_eq!((decided.company, decided.method), (Some(0), CompanyMethod::Number));
    assert_eq!(matcher.decide_with("Someone Else", Some("1")).company, None);
    assert_eq!(matcher.decide_with("Kestrel Rail", Some("")).company, Some(0));
}

#[test]
fn mistakes_in_lists_are_reported() {
    let yaml = "companies: [{ id: a, name: A, parent: b }, { id: b, name: B, parent: a },
        { id: a, name: '' }, { id: c, name: C, parent: x }]";
    let faults: Vec<String> = registry(yaml).unwrap_err().iter().map(ToString::to_string).collect();
    assert!(faults.contains(&"the id `a` appears twice".to_owned()), "{faults:?}");
    assert!(faults.contains(&"`c` belongs to `x`, which no company has as id".to_owned()));
    assert!(faults.contains(&"the company `a` has no name".to_owned()));
}

#[test]
fn long_names_are_read() {
    let matcher = matcher();
    for piece in ["at ", "t/as x ", "abn 1 ", "a - ", "client: "] {
        let name = piece.repeat(100_000);
        assert_eq!(matcher.decide(&name).company, None);
        let _ = matcher.nearest(&name);
    }
}

proptest! {
    /// Any name is read without panic, and legal forms change no decision.
    #[test]
    fn any_name_is_read(name in "\\PC{0,30}") {
        let matcher = matcher();
        let _ = matcher.decide(&name);
        let _ = matcher.decide(&format!("x via {name} t/as {name} abn {name} at {name}"));
    }

    /// Case and a legal form at the end never change the company.
    #[test]
    fn legal_forms_change_nothing(at in 0_usize..4, form in 0_usize..4) {
        let matcher = matcher();
        let name = matcher.registry().companies[at].name.clone();
        let form = ["Pty Ltd", "LIMITED", "Inc.", "GmbH"][form];
        let decided = matcher.decide(&format!("{} {form}", name.to_uppercase())).company;
        prop_assert_eq!(decided, Some(at));
    }
}
