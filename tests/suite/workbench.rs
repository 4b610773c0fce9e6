//! The workbench: an edited rule file is checked, rehearsed, downloaded and saved as what was opened,
//! by whoever may, and nothing else is ever written.

use super::browser::Browser;
use super::lab::Lab;
use super::served::{HOUSE, Response, Served, assert_guarded, assert_harmless, field, harbour};
use std::fs;
use url::form_urlencoded::Serializer;

/// A page of the workbench, as somebody has it open.
struct Opened<'s> {
    served: &'s Served,
    token: String,
    revision: String,
}

impl<'s> Opened<'s> {
    fn of(served: &'s Served, set: &str) -> Opened<'s> {
        let page = served.get(&format!("/workbench?set={set}"));
        assert_eq!(page.status, 200, "{}", page.body);
        Opened {
            served,
            token: field(&page.body, "token"),
            revision: field(&page.body, "opened"),
        }
    }

    /// Sends its form with an edited text.
    fn send(&self, step: &str, text: &str, more: &[(&str, &str)]) -> Response {
        let mut form = Serializer::new(String::new());
        // As browsers send line breaks.
        form.append_pair("token", &self.token)
            .append_pair("set", "house")
            .append_pair("opened", &self.revision)
            .append_pair("text", &text.replace('\n', "\r\n"));
        form.extend_pairs(more);
        let path = format!("/workbench/{step}");
        let answer = self.served.post(&path, &form.finish());
        assert_guarded(&path, &answer);
        assert_harmless(&path, &answer);
        answer
    }
}

fn file(lab: &Lab) -> String {
    fs::read_to_string(lab.folder.join("rules/house.yaml")).unwrap()
}

const SIGNED: [(&str, &str); 2] = [("by", "grace"), ("reason", "rangers come and go")];

#[tokio::test]
async fn an_edit_is_checked_rehearsed_and_saved_as_what_was_opened() {
    let lab = harbour().await;
    let served = Served::listening(&lab, "127.0.0.1:0", &["--edit"]);
    let (early, late) = (Opened::of(&served, "house"), Opened::of(&served, "house"));
    let checked = early.send("check", HOUSE, &[]);
    assert!(
        checked.body.contains("Nothing is wrong with the file"),
        "{}",
        checked.body
    );
    let hostile = HOUSE.replace("job.title != \"Ranger 5\"", "<script>job.titel</script>");
    let broken = early.send("check", &hostile, &[]);
    assert!(
        broken.body.contains("rules/house.yaml:6") && broken.body.contains("error"),
        "{}",
        broken.body
    );
    // A test that would fail is an error of the file, and stops no rehearsal.
    let stricter = HOUSE.replace("!= \"Ranger 5\"", "!= \"Ranger 7\"");
    let rehearsed = early.send("rehearse", &stricter, &[]);
    for words in [
        "The edit changes the verdict on 4 of",
        "house/no-acting-for-ever",
        "Ranger 7",
        "1 error in the file",
    ] {
        assert!(
            rehearsed.body.contains(words),
            "{words}: {}",
            rehearsed.body
        );
    }
    let fitting = stricter.replace("title: Ranger 5", "title: Ranger 7");
    let download = early.send("download", &fitting, &[]);
    assert_eq!(download.body, fitting);
    assert_eq!(
        download.header("content-disposition"),
        "attachment; filename=\"house.yaml\""
    );
    assert_eq!(early.send("save", &fitting, &[]).status, 400, "no reason");
    assert_eq!(
        early.send("save", &stricter, &SIGNED).status,
        422,
        "its tests fail"
    );
    assert_eq!(file(&lab), HOUSE);
    let saved = early.send("save", &fitting, &SIGNED);
    assert!(
        saved.status == 200 && saved.body.contains("Saved: rules/house.yaml"),
        "{}",
        saved.body
    );
    assert_eq!(file(&lab), fitting);
    let audit = served.get("/audit").body;
    assert!(
        audit.contains("grace") && audit.contains("rangers come and go"),
        "{audit}"
    );
    // Whoever opened it before that sees what saving would undo, and may then save.
    let refused = late.send("save", HOUSE, &SIGNED);
    assert!(
        refused.status == 409
            && refused
                .body
                .contains("The file has changed since you opened it"),
        "{}",
        refused.body
    );
    assert_eq!(file(&lab), fitting);
    let seen = Opened {
        revision: field(&refused.body, "opened"),
        ..late
    };
    assert_eq!(seen.send("save", HOUSE, &SIGNED).status, 200);
    assert_eq!(file(&lab), HOUSE);
}

#[tokio::test]
async fn nothing_is_saved_where_that_is_not_declared_nor_beside_the_rules() {
    let lab = harbour().await;
    let served = Served::start(&lab);
    let opened = Opened::of(&served, "house");
    let edited = HOUSE.replace("five", "5");
    assert_eq!(opened.send("save", &edited, &SIGNED).status, 403);
    assert_eq!(file(&lab), HOUSE);
    for elsewhere in ["..%2Fweir", "rules%2Fhouse", "house.yaml", "%00", "none"] {
        let answer = served.get(&format!("/workbench?set={elsewhere}"));
        assert_eq!(answer.status, 404, "{elsewhere}");
    }
    let list = served.get("/workbench").body;
    assert!(list.contains("/workbench?set=house"), "{list}");
}

#[tokio::test]
async fn what_is_wrong_is_told_while_somebody_types() {
    let Some(browser) = Browser::open() else {
        return;
    };
    let lab = harbour().await;
    let served = Served::start(&lab);
    browser.visit(&format!("http://{}/workbench?set=house", served.address));
    assert!(browser.sees("textarea[name=text]"));
    let type_it = |from: &str, to: &str| {
        browser.script(&format!(
            "const text = document.querySelector('textarea'); text.value = text.value.replace('{from}', '{to}'); text.dispatchEvent(new Event('input', {{ bubbles: true }}));"
        ));
    };
    type_it("job.title", "job.titel");
    browser.wait_for(
        "return document.getElementById('findings').textContent.includes('did you mean');",
    );
    type_it("job.titel", "job.title");
    browser.wait_for(
        "return document.getElementById('findings').textContent.includes('Nothing is wrong');",
    );
}
