//! The style sheet of the SVG: light by default, dark where the reader prefers it.
//!
//! Every selector begins with `.weir-picture`: a page may hold the drawing inline without being restyled by it. It must
//! name no font, image or sheet that would have to be fetched.
//!
//! To style a new shape, add a line to both `LIGHT` and `DARK`.

use std::fmt::Write as _;

use super::{Mark, palette};

const LIGHT: &str = r#"
.weir-picture{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;max-width:100%;height:auto}
.weir-picture .page{fill:#ffffff}
.weir-picture .title{font-size:17px;font-weight:650;fill:#111827}
.weir-picture .name{font-size:14px;font-weight:600;fill:#111827}
.weir-picture .detail{font-size:12px;fill:#4b5563}
.weir-picture .line{fill:none;stroke:#94a0b2;stroke-width:1.6}
.weir-picture .head{fill:#7c899c;stroke:#7c899c;stroke-width:1;stroke-linejoin:round}
.weir-picture .label rect{fill:#ffffff;stroke:#dbe1e9}
.weir-picture .label text{font-size:11px;font-weight:500;fill:#374151;text-anchor:middle}
.weir-picture .frame rect{fill:#64748b;fill-opacity:.07;stroke:#64748b;stroke-opacity:.28}
.weir-picture .frame text{font-size:11px;font-weight:600;letter-spacing:.03em;fill:#5b6779}
.weir-picture .stage .box{stroke-width:1.4}
.weir-picture .figures{font-size:12px;font-weight:600;fill:#374151;font-variant-numeric:tabular-nums}
.weir-picture .rule{stroke:#64748b;stroke-opacity:.25;fill:none}
.weir-picture .label .loss{fill:#b54708;font-weight:700}
.weir-picture .line.mark-added{stroke:#178a43;stroke-width:2.2}
.weir-picture .line.mark-removed{stroke:#c0262d;stroke-dasharray:5 4}
"#;

const DARK: &str = r#"
.weir-picture .page{fill:#0d1420}
.weir-picture .title,.weir-picture .name{fill:#f3f5f8}
.weir-picture .detail{fill:#b3bccb}
.weir-picture .line{stroke:#5f6f86}
.weir-picture .head{fill:#7f90a8;stroke:#7f90a8}
.weir-picture .label rect{fill:#0d1420;stroke:#2c394b}
.weir-picture .label text{fill:#d3dae4}
.weir-picture .frame rect{fill:#94a3b8;fill-opacity:.07;stroke:#94a3b8;stroke-opacity:.26}
.weir-picture .frame text{fill:#a2afc1}
.weir-picture .figures{fill:#d3dae4}
.weir-picture .rule{stroke:#94a3b8}
.weir-picture .label .loss{fill:#fdb022}
.weir-picture .line.mark-added{stroke:#52d584}
.weir-picture .line.mark-removed{stroke:#ff8a80}
"#;

/// Writes the style sheet.
pub(super) fn style(out: &mut String) {
    let kinds = || std::iter::once(&palette::NEUTRAL).chain(&palette::KINDS);
    let _ = write!(out, "<style>{LIGHT}");
    kinds().for_each(|colours| kind_style(colours.kind, colours.light, out));
    palette::MARKS.iter().for_each(|(mark, light, _)| mark_style(*mark, *light, out));
    let _ = write!(out, "@media (prefers-color-scheme:dark){{{DARK}");
    kinds().for_each(|colours| kind_style(colours.kind, colours.dark, out));
    palette::MARKS.iter().for_each(|(mark, _, dark)| mark_style(*mark, *dark, out));
    out.push_str("}\n</style>\n");
}

fn kind_style(kind: &str, (fill, stroke): (&str, &str), out: &mut String) {
    let class = if kind.is_empty() { ".stage".to_owned() } else { format!(".kind-{kind}") };
    let _ = writeln!(out, ".weir-picture {class} .box{{fill:{fill};stroke:{stroke}}}.weir-picture {class} .bar{{fill:{stroke}}}");
}

/// Marked stages look alike whatever their kind: the border tells, and what is gone is dashed.
fn mark_style(mark: Mark, (fill, stroke): (&str, &str), out: &mut String) {
    let dashed = if mark == Mark::Removed { ";stroke-dasharray:6 4" } else { "" };
    let class = format!(".weir-picture .stage.mark-{}", mark.name());
    let _ = writeln!(out, "{class} .box{{fill:{fill};stroke:{stroke};stroke-width:2.2{dashed}}}{class} .bar,{class} .name{{fill:{stroke}}}");
}
