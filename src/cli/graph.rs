//! `weir graph`.

use super::{DONE, Edge, Failure, show};
use crate::draw;
use crate::plan::picture::{Flowing, picture};
use clap::ValueEnum;

/// Draw the DAG of an institution.
#[derive(clap::Args)]
pub struct Graph {
    /// The institution; the first if none is named
    institution: Option<String>,
    /// The form of the drawing
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Leave out the counts of the newest run or dry run
    #[arg(long)]
    plain: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Mermaid,
    Dot,
    Svg,
}

impl Graph {
    pub(super) fn run(&self, edge: &Edge) -> Result<u8, Failure> {
        let checked = edge.checked();
        show(&checked, edge);
        let wanted = checked.institutions.iter().find(|one| self.institution.as_ref().is_none_or(|wanted| *wanted == one.slug));
        let Some(wanted) = wanted else {
            let names = checked.institutions.iter().map(|one| one.slug.as_str());
            return Err(Failure::nothing(format!("unknown institution\nhelp: the institutions are {}", crate::diagnostic::one_of(names))));
        };
        let Some(plan) = wanted.plan() else {
            return Err(Failure::nothing(format!("`{}` cannot be drawn while its files have errors", wanted.slug)));
        };
        let picture = picture(plan, &if self.plain { Flowing::new() } else { flowing(edge, &wanted.slug) });
        match self.format {
            Format::Text => put!("{}", draw::text(&picture, edge.width, edge.colour)),
            Format::Mermaid => put!("{}", draw::mermaid(&picture)),
            Format::Dot => put!("{}", draw::dot(&picture)),
            Format::Svg => put!("{}", draw::svg(&picture)),
        }
        Ok(DONE)
    }
}

/// The counts that the newest run or dry run has left, if any.
fn flowing(edge: &Edge, slug: &str) -> Flowing {
    let text = std::fs::read_to_string(edge.home().join("flow").join(format!("{slug}.json"))).unwrap_or_default();
    let page: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    serde_json::from_value(page["flowing"].clone()).unwrap_or_default()
}
