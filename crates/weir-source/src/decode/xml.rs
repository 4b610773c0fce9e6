//! XML: finds the records, the count and other wanted values. [`walk`] turns elements into JSON.

use super::super::json::{DecodeSummary, DecodedItem, uncounted};
use super::xml_walk::{WalkEvent, XmlShape, walk};
use super::{BodyFacts, UnreadCause, ValueSpot, XmlSpec, names_of};
use serde_json::Value as Json;
use std::io::BufRead;
use weir_yaml::diagnostic::{Diagnostics, Place};
use weir_yaml::yaml::Text;

/// Where records are, and how they are read.
#[derive(Debug, Clone)]
pub(super) struct XmlDecoder {
    records: RecordPath,
    count: Option<Vec<String>>,
    shape: XmlShape,
}

/// Where records are.
#[derive(Debug, Clone)]
enum RecordPath {
    /// At these names from the root.
    At(Vec<String>),
    /// Wherever an element has this name.
    Anywhere(String),
}

impl XmlDecoder {
    /// Compiles it; problems go to `out`.
    pub(super) fn compile(
        spec: &XmlSpec,
        place: &Place,
        records: Option<&Text>,
        count: Option<&Text>,
        out: &mut Diagnostics,
    ) -> Option<XmlDecoder> {
        let Some(records) = records else {
            out.error(
                place,
                "bad-decode",
                "`records` is required: XML does not say which element is an ad",
            )
            .help("name it from the root: `records: $.source.job[*]`, or `$..job`");
            return None;
        };
        let anywhere = records
            .strip_prefix("$..")
            .map(|name| name.trim_end_matches("[*]"))
            .filter(|name| !name.is_empty() && !name.contains(['.', '[', '*']));
        let records = match anywhere {
            Some(name) => RecordPath::Anywhere(name.to_owned()),
            None => RecordPath::At(names_of(records, out)?),
        };
        let count = match count {
            Some(count) => Some(names_of(count, out)?),
            None => None,
        };
        Some(XmlDecoder {
            records,
            count,
            shape: XmlShape::new(spec),
        })
    }

    #[cfg(test)]
    pub(super) fn of(spec: &XmlSpec, anywhere: &[&str]) -> XmlDecoder {
        XmlDecoder {
            records: RecordPath::Anywhere(anywhere.concat()),
            count: None,
            shape: XmlShape::new(spec),
        }
    }

    pub(super) fn read(
        &self,
        text: &mut dyn BufRead,
        body: &BodyFacts,
        spots: &[ValueSpot],
        put: &mut dyn FnMut(DecodedItem) -> bool,
    ) -> Result<DecodeSummary, UnreadCause> {
        let wanted: Vec<Vec<String>> = spots.iter().map(names_of_spot).collect();
        let mut found = DecodeSummary {
            taken: vec![None; spots.len()],
            ..DecodeSummary::default()
        };
        let (mut seen_root, mut odd_count) = (None, None);
        let mut watch = |event: WalkEvent| match event {
            WalkEvent::Open(path) => {
                seen_root.get_or_insert_with(|| path[0].clone());
                match &self.records {
                    RecordPath::At(names) => {
                        found.place_found |= names
                            .split_last()
                            .is_some_and(|(_, parents)| parents == path);
                    }
                    RecordPath::Anywhere(_) => {}
                }
                self.is_record(path)
            }
            WalkEvent::Text(path, text) => {
                if self.count.as_deref() == Some(path) {
                    found.stated = super::first_number(text);
                    odd_count = Some(text.to_owned());
                }
                for (value, _) in found
                    .taken
                    .iter_mut()
                    .zip(&wanted)
                    .filter(|(_, names)| names.as_slice() == path)
                {
                    *value = Some(Json::from(text.trim()));
                }
                false
            }
            WalkEvent::Record(item) => {
                found.place_found = true;
                put(item)
            }
        };
        let odd = walk(text, &self.shape, body, &mut watch)?;
        found.notes.extend(odd);
        if let (Some(names), None) = (&self.count, found.stated) {
            found.uncounted = Some(uncounted(
                &format!("$.{}", names.join(".")),
                odd_count.as_deref(),
            ));
        }
        // An error page is not an empty board.
        let is_page = seen_root.is_none_or(|root| root.eq_ignore_ascii_case("html"));
        found.place_found |= matches!(self.records, RecordPath::Anywhere(_)) && !is_page;
        found.place_found |=
            matches!(&self.records, RecordPath::At(names) if names.len() == 1 && found.place_found);
        Ok(found)
    }

    fn is_record(&self, path: &[String]) -> bool {
        match &self.records {
            RecordPath::At(names) => names == path,
            RecordPath::Anywhere(name) => path.last() == Some(name),
        }
    }
}

fn names_of_spot(spot: &ValueSpot) -> Vec<String> {
    let ValueSpot::Path(path) = spot else {
        return Vec::new();
    };
    let name = |step: &crate::jsonpath::PathStep| {
        if let crate::jsonpath::PathStep::Name(name) = step {
            Some(name.clone())
        } else {
            None
        }
    };
    path.steps()
        .unwrap_or_default()
        .iter()
        .filter_map(name)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jsonpath::JsonPath;
    use serde_json::json;

    fn read(xml: &XmlDecoder, text: &str) -> (Vec<Json>, Result<DecodeSummary, UnreadCause>) {
        let mut items = Vec::new();
        let spots = [ValueSpot::Path(JsonPath::parse("$.source.next").unwrap())];
        let found = xml.read(
            &mut text.as_bytes(),
            &BodyFacts::default(),
            &spots,
            &mut |item| {
                items.push(match item {
                    DecodedItem::Record(text) => serde_json::from_str(&text).unwrap(),
                    DecodedItem::Unreadable(_, why) => json!(why),
                });
                true
            },
        );
        (items, found)
    }

    fn at(names: &[&str], spec: &XmlSpec) -> XmlDecoder {
        let count = Some(vec!["source".to_owned(), "total".to_owned()]);
        XmlDecoder {
            records: RecordPath::At(names.iter().map(ToString::to_string).collect()),
            count,
            shape: XmlShape::new(spec),
        }
    }

    const FEED: &str = r#"<?xml version="1.0"?><!DOCTYPE source><source xmlns:j="urn:jobs"><total>1,002</total>
      <job id="7"><title><![CDATA[ A & B ]]></title><city>Bonn</city><city>K&ouml;ln</city><pay unit="h">5 &lt; 6</pay><j:ref>x</j:ref><empty/></job>
      <next>p2</next></source>"#;

    #[test]
    fn elements_become_json() {
        let spec = XmlSpec {
            lists: vec!["title".into()],
            namespaces: indexmap::IndexMap::from([("own".to_owned(), "urn:jobs".to_owned())]),
        };
        let (items, found) = read(&at(&["source", "job"], &spec), FEED);
        assert_eq!(
            items,
            [
                json!({ "@id": "7", "title": ["A & B"], "city": ["Bonn", "Köln"], "pay": { "@unit": "h", "#text": "5 < 6" }, "own:ref": "x", "empty": "" })
            ]
        );
        let found = found.unwrap();
        assert_eq!(
            (found.stated, found.taken, found.place_found),
            (Some(1002), vec![Some(json!("p2"))], true)
        );
        assert_eq!(found.uncounted, None);
        let uncounted = |total: &str| {
            read(
                &at(&["source", "job"], &spec),
                &FEED.replace("<total>1,002</total>", total),
            )
            .1
            .unwrap()
            .uncounted
            .unwrap()
        };
        assert_eq!(
            uncounted("<total>many</total>"),
            "the count at `$.source.total` is `many`, not an integer"
        );
        assert_eq!(uncounted(""), "there is no count at `$.source.total`");
    }

    #[test]
    fn what_is_not_well_formed_costs_its_record_only() {
        let text = "<source><job><a>1</a></job><job><a>2</b></job><job><Visa>3</visa></job><job><a><b>4</a></job></source>";
        let (items, found) = read(&at(&["source", "job"], &XmlSpec::default()), text);
        assert_eq!(items[0], json!({ "a": "1" }));
        assert!(
            items[1]
                .as_str()
                .unwrap()
                .contains("`<a>` is closed by `</b>`"),
            "{items:?}"
        );
        assert_eq!(items[2], json!({ "Visa": "3" }));
        assert!(
            items[3]
                .as_str()
                .unwrap()
                .contains("`<b>` is closed by `</a>`")
        );
        assert_eq!((items.len(), found.is_ok()), (4, true));
    }

    #[test]
    fn markup_as_elements_keeps_its_order() {
        let text = "<source><job><t>Senior <em>Nurse</em></t><d><p>Hello <b>World</b> &amp; &lt;you&gt;</p><ul><li>A</li><li>B</li></ul>\
            <h:br xmlns:h='urn:h'/>end</d><x>Before <![CDATA[<b>mid</b>]]> after</x><y>a ]]<![CDATA[]]]]><![CDATA[>]]></y>\
            <z><p>1</p><![CDATA[<i>2</i> < 3]]></z><o><id>7</id><name>Acme</name></o></job></source>";
        let job = read(&at(&["source", "job"], &XmlSpec::default()), text)
            .0
            .remove(0);
        assert_eq!(job["t"]["#markup"], json!("Senior <em>Nurse</em>"));
        let markup =
            "<p>Hello <b>World</b> &amp; &lt;you&gt;</p><ul><li>A</li><li>B</li></ul><br>end";
        assert_eq!(
            (
                &job["d"]["#markup"],
                &job["d"]["ul"]["li"],
                &job["d"]["p"]["b"]
            ),
            (&json!(markup), &json!(["A", "B"]), &json!("World"))
        );
        assert!(
            job["d"]["p"].get("#markup").is_none() && job["o"].get("#markup").is_none(),
            "{job}"
        );
        assert_eq!(
            (&job["x"], &job["y"]),
            (&json!("Before <b>mid</b> after"), &json!("a ]]]]>"))
        );
        assert_eq!(job["z"]["#markup"], json!("<p>1</p><i>2</i> < 3"));
    }

    #[test]
    fn what_was_meant_is_plain_and_told() {
        let read = |text: &str| {
            let (items, found) = read(&at(&["source", "job"], &XmlSpec::default()), text);
            (items, found.unwrap().notes)
        };
        let (items, notes) = read(
            "<source><job><t>R&D; &oelig; &co; &x;</t><u a='?a=1&b=2&lt;' c=3>A & B</u></job></source>",
        );
        assert_eq!(
            items,
            [
                json!({ "t": "R&D; œ &co; &x;", "u": { "@a": "?a=1&b=2<", "@c": "3", "#text": "A & B" } })
            ]
        );
        assert_eq!(notes.len(), 1);
        assert!(
            notes[0].starts_with("the XML is not well-formed: `&D;` is not declared (byte "),
            "{notes:?}"
        );
        let (items, notes) = read(
            "<!DOCTYPE source [<!ENTITY co 'Acme &amp; Sons'><!ENTITY b '<b>x</b>'>]><source><job><t n='&co;'>&co;</t><d>&b;</d></job></source>",
        );
        assert_eq!(
            items,
            [json!({ "t": { "@n": "Acme & Sons", "#text": "Acme & Sons" }, "d": "<b>x</b>" })]
        );
        assert!(notes.is_empty());
        assert_eq!(read("<source><job><t>1</t></job></x></source>").1.len(), 1);
        assert!(read(FEED).1.is_empty());
    }

    #[test]
    fn a_record_knows_where_its_links_lead_from() {
        let xml = at(&["s", "job"], &XmlSpec::default());
        let base = |text: &str, page: Option<&str>| {
            let mut bases = Vec::new();
            let put = &mut |item: DecodedItem| {
                let DecodedItem::Record(text) = item else {
                    panic!()
                };
                bases.push(
                    serde_json::from_str::<Json>(&text)
                        .unwrap()
                        .get("@xml:base")
                        .cloned(),
                );
                true
            };
            xml.read(
                &mut text.as_bytes(),
                &BodyFacts {
                    url: page,
                    ..BodyFacts::default()
                },
                &[],
                put,
            )
            .unwrap();
            bases
        };
        let page = Some("https://b.example/feed/x.xml");
        assert_eq!(
            base(
                "<s xml:base='/jobs/'><job xml:base='it/'><t/></job><job><t/></job></s>",
                page
            ),
            [
                Some(json!("https://b.example/jobs/it/")),
                Some(json!("https://b.example/jobs/"))
            ]
        );
        assert_eq!(base("<s><job><t/></job></s>", page), [None]);
        assert_eq!(
            base("<s xml:base='/jobs/'><job><t/></job></s>", None),
            [None]
        );
    }

    #[test]
    fn a_text_that_breaks_off_is_an_error_and_an_error_page_no_empty_board() {
        let xml = at(&["source", "job"], &XmlSpec::default());
        assert!(
            read(&xml, &FEED[..FEED.len() - 9])
                .1
                .unwrap_err()
                .to_string()
                .contains("breaks off")
        );
        assert!(read(&xml, "<source></source>").1.unwrap().place_found);
        assert!(
            !read(&xml, "<html><body>Down</body></html>")
                .1
                .unwrap()
                .place_found
        );
        assert!(read(&xml, "").1.is_err());
        assert!(read(&xml, &"<a>".repeat(1000)).1.is_err());
        let anywhere = XmlDecoder::of(&XmlSpec::default(), &["job"]);
        assert!(read(&anywhere, "<source/>").1.unwrap().place_found);
        assert!(!read(&anywhere, "<html></html>").1.unwrap().place_found);
    }
}
