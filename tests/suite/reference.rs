//! Pages that are generated stay in step with what they are generated from.

use crate::bench::Bench;
use sqlx::{Connection, PgConnection};

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_of_tables_is_what_the_comments_say() {
    let bench = Bench::new().await;
    let mut connection = PgConnection::connect(&bench.url()).await.unwrap();
    let page = weir::store::tables::reference(&mut connection)
        .await
        .unwrap();
    let bare: Vec<&str> = page.lines().filter(|line| line.ends_with("|  |")).collect();
    assert!(bare.is_empty(), "columns without a comment: {bare:?}");
    crate::promises::expect(std::path::Path::new("docs/reference/tables.md"), &page);
    connection.close().await.unwrap();
    bench.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_columns_of_versions_are_those_of_the_table() {
    let bench = Bench::new().await;
    let mut connection = PgConnection::connect(&bench.url()).await.unwrap();
    let table: Vec<String> = sqlx::query_scalar(
        "SELECT column_name::text FROM information_schema.columns
         WHERE table_schema = current_schema() AND table_name = 'jobs_history' ORDER BY column_name COLLATE \"C\"",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let mut spelled: Vec<&str> = [weir::store::columns::VERSION, weir::store::columns::CHANGE]
        .iter()
        .flat_map(|list| list.split(", "))
        .collect();
    spelled.sort_unstable();
    assert_eq!(table, spelled);
    connection.close().await.unwrap();
    bench.drop().await;
}

/// The code in the last column of the tables below a heading of docs/reference/rules.md.
fn examples(page: &str) -> Vec<String> {
    let code = regex::Regex::new("``(.+?)``|`(.+?)`").unwrap();
    let from = page.find("## Functions").unwrap();
    let until = page.find("## Tests").unwrap();
    let mut found = Vec::new();
    for row in page[from..until]
        .lines()
        .filter(|line| line.starts_with('|') && !line.starts_with("|---"))
    {
        let row = row.replace("\\|", "\u{1}");
        let last = row
            .trim_end_matches('|')
            .rsplit('|')
            .next()
            .unwrap()
            .replace('\u{1}', "|");
        found.extend(
            code.captures_iter(&last)
                .map(|one| one.get(1).or(one.get(2)).unwrap().as_str().to_owned()),
        );
    }
    found
}

#[test]
fn every_example_of_the_rules_page_can_be_evaluated() {
    use weir::model::{Field, FieldValue, Job};
    use weir::rule::{
        AdView, CompiledScript, NamedList, RuleFacts, ScriptBindings, ScriptSandbox, ad_input,
    };
    let page = std::fs::read_to_string("docs/reference/rules.md").unwrap();
    let examples = examples(&page);
    assert!(
        examples.len() > 35,
        "the search for examples is broken: {examples:?}"
    );
    let mut job = Job::default();
    let texts = [
        (Field::Title, "Senior Nurse"),
        (Field::Description, "Duties, and how to apply"),
        (Field::Department, "NSW Health"),
        (Field::JobType, "Full-Time"),
        (Field::SourceUrl, "https://www.seek.com.au/job/1"),
        (Field::Remuneration, "$86,439 pa"),
    ];
    texts
        .into_iter()
        .for_each(|(field, text)| job.set(field, FieldValue::text(text)));
    job.set(
        Field::OpenDate,
        FieldValue::Date("2026-01-10".parse().unwrap()),
    );
    job.set(
        Field::CloseDate,
        FieldValue::Date("2026-02-10".parse().unwrap()),
    );
    job.set(Field::Locations, FieldValue::List(vec!["Dubbo".into()]));
    let custom = [
        ("grade", FieldValue::text("VPSG5")),
        ("positions", FieldValue::Number(3.into())),
        ("remote", FieldValue::Bool(false)),
        ("pay_min", FieldValue::Number(86_439.into())),
        ("pay_max", FieldValue::Number(95_000.into())),
        ("pay_currency", FieldValue::text("AUD")),
        ("pay_period", FieldValue::text("year")),
    ];
    job.extra = custom.map(|(name, value)| (name.to_owned(), value)).into();
    let lists = ["agencies", "grades", "pools"].map(|name| {
        (
            name.to_owned(),
            std::sync::Arc::new(NamedList::new([("NSW Health".to_owned(), None)])),
        )
    });
    let given = ScriptBindings {
        lists: lists.into(),
        ..ScriptBindings::default()
    };
    let sandbox = ScriptSandbox::new();
    for text in &examples {
        let script = CompiledScript::compile(&sandbox, text, &ad_input::VARIABLES)
            .unwrap_or_else(|error| panic!("{text}: {error:?}"))
            .with(&given);
        let value = script.interpret(
            &sandbox,
            &AdView {
                job: &job,
                facts: &RuleFacts::default(),
            },
        );
        assert!(value.is_ok(), "{text}: {value:?}");
    }
    let is_called = |name: &str| {
        regex::Regex::new(&format!(r"\b{name}\("))
            .is_ok_and(|called| examples.iter().any(|text| called.is_match(text)))
    };
    let silent: Vec<&str> = weir::rule::library::FUNCTIONS
        .into_iter()
        .filter(|name| !is_called(name))
        .collect();
    assert!(silent.is_empty(), "no example of {silent:?}");
}
