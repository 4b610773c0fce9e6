//! Heads and tables to frameworks, right and wrong.

use super::*;

fn head(yaml: &str) -> FrameworkHead {
    serde_saphyr::from_str(yaml).unwrap()
}

fn no_tables(file: &str) -> Result<Vec<u8>, String> {
    Err(format!("no `{file}` here"))
}

const OCCUPATIONS: &str = "
framework: occupations
kind: roles
version: '1'
tables:
  - file: groups.csv
    id: code
    name: label
    are_groups: true
    parent_by: prefix
  - file: jobs.csv
    id: uri
    name: label
    titles: [alt, hidden]
    separator: \"\\n\"
    about: text
    parent: group
";

fn tables(file: &str) -> Result<Vec<u8>, String> {
    match file {
        "groups.csv" => Ok(b"code,label\n2,Professionals\n25,ICT\n251,Developers\n".to_vec()),
        "jobs.csv" => Ok("\u{feff}uri,label,alt,hidden,group,text\n\
            a,Web Developer,\"web dev\n\nsite builder\",,251,builds sites\n\
            b,Tester,,qa,25,\n"
            .as_bytes()
            .to_vec()),
        _ => no_tables(file),
    }
}

#[test]
fn tables_become_entries_with_parents() {
    let framework = Framework::build(&head(OCCUPATIONS), &tables).unwrap();
    let web = framework.position("a").unwrap();
    assert_eq!(framework.entries[web].aliases, ["web dev", "site builder"]);
    let lineage: Vec<&str> =
        framework.lineage(web).map(|at| framework.entries[at].id.as_str()).collect();
    assert_eq!(lineage, ["a", "251", "25", "2"]);
    let tester = framework.position("b").unwrap();
    let common = framework.common(web, tester).unwrap();
    assert_eq!(framework.entries[common].name, "ICT");
    assert!(framework.entries[common].group && !framework.entries[web].group);
}

#[test]
fn rows_repeat_ids_and_groups() {
    let yaml = "
framework: flat
kind: roles
version: '1'
tables:
  - { file: t.tsv, id: code, titles: [title, short], unquoted: true, drop_brackets: true,
      empty: [n/a], groups: [{ id: major, name: majorname }] }
";
    let rows = "code\ttitle\tshort\tmajor\tmajorname\n\
        1\tActuary (FSA)\tn/a\tM\tMath\n1\tRisk \"Quant\tRQ\tM\tMath\n";
    let read = move |_: &str| Ok(rows.as_bytes().to_vec());
    let framework = Framework::build(&head(yaml), &read).unwrap();
    let entry = &framework.entries[framework.position("1").unwrap()];
    assert_eq!(entry.name, "Actuary");
    assert_eq!(entry.aliases, ["Risk \"Quant", "RQ"]);
    assert_eq!(framework.entries.len(), 2);
}

#[test]
fn compressed_tables_are_read() {
    use std::io::Write;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(b"code,label\n1,Nurse\n").unwrap();
    let bytes = packed.finish().unwrap();
    let read = move |_: &str| Ok(bytes.clone());
    let yaml = "{ framework: f, kind: roles, version: '1',
        tables: [{ file: t.csv.gz, id: code, name: label }] }";
    assert_eq!(Framework::build(&head(yaml), &read).unwrap().entries[0].name, "Nurse");
}

#[test]
fn everything_wrong_is_reported() {
    let entries = |list: &str| format!("{{ framework: f, kind: roles, version: '1', {list} }}");
    let cases = [
        (entries(""), "framework: the framework has no entries"),
        (
            entries("entries: [{ id: a, name: A }, { id: a, name: B }]"),
            "`a`: the id `a` appears twice",
        ),
        (entries("entries: [{ id: a, name: A, parent: x }]"), "`a`: no group has the id `x`"),
        (
            entries(
                "groups: [{ id: g, name: G, parent: h }, { id: h, name: H, parent: g }],
                entries: [{ id: a, name: A, parent: g }]",
            ),
            "`g`: `g` is its own ancestor",
        ),
        (entries("entries: [{ id: a, name: '' }]"), "`a`: the entry `a` has no name"),
        (
            entries("tables: [{ file: groups.csv, id: kode, name: label }]"),
            "groups.csv: no column is named `kode`; the columns are code, label",
        ),
        (
            entries("tables: [{ file: none.csv, id: code }]"),
            "none.csv: the file cannot be read: no `none.csv` here",
        ),
        (
            entries("tables: [{ file: groups.csv, id: code }]"),
            "groups.csv:2: the entry `2` has no name",
        ),
    ];
    for (yaml, message) in cases {
        let faults = Framework::build(&head(&yaml), &tables).unwrap_err();
        assert_eq!(faults[0].to_string(), message, "{yaml}");
    }
}

#[test]
fn shipped_frameworks_are_whole() {
    let shipped = [
        (include_str!("../../../../frameworks/nsw-core-capabilities.yaml"), 20, 5),
        (include_str!("../../../../frameworks/nsw-role-types.yaml"), 35, 7),
        (include_str!("../../../../frameworks/private-sector-roles.yaml"), 88, 17),
    ];
    for (yaml, entries, groups) in shipped {
        let framework = Framework::build(&head(yaml), &no_tables).unwrap();
        let count = framework.entries.iter().filter(|entry| entry.group).count();
        assert_eq!((framework.entries.len() - count, count), (entries, groups));
        assert!(framework.entries.iter().all(|entry| entry.group || entry.parent.is_some()));
    }
}
