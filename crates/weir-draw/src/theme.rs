//! The style sheet of the SVG: light by default, dark where the reader prefers it.
//!
//! Every selector begins with `.weir-picture`: a page may hold the drawing inline without being
//! restyled by it. It must name no font, image or sheet that would have to be fetched. Colour says
//! one thing only, how it went: amber where ads were lost, and the colours of marks where two plans
//! are compared. What a stage is, its symbol says.
//!
//! To style a new shape, add a line to `SHAPES`, and to both schemes if it needs a new colour.

use std::fmt::Write as _;

use super::{PictureMark, palette};

/// Colours as properties, on a light page and on a dark one.
const LIGHT: &str = "--page:#fff;--box:#fff;--ink:#18202e;--soft:#56617a;--edge:#cdd4df;--tile:#eef1f6;--mark:#43506a;--line:#8a96aa;\
--segment:#5d6b86;--loss:#8f5200;--loss-edge:#c27a12;--loss-tile:#fdf1dc";
const DARK: &str = "--page:#151b25;--box:#1b2330;--ink:#eceff5;--soft:#a6b1c3;--edge:#3a4659;--tile:#283345;--mark:#c3cddd;--line:#75839a;\
--segment:#8b9ab5;--loss:#f5bd55;--loss-edge:#c9922e;--loss-tile:#3a2d15";

const SHAPES: &str = r#"
.weir-picture{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums;max-width:100%;height:auto}
.weir-picture .page{fill:var(--page)}
.weir-picture .title{font-size:16px;font-weight:600;fill:var(--ink)}
.weir-picture .frame rect{fill:var(--segment);fill-opacity:.08;stroke:var(--segment);stroke-opacity:.22}
.weir-picture .frame text{font-size:12px;font-weight:500;fill:var(--soft)}
.weir-picture .line{fill:none;stroke:var(--line);stroke-width:1.5;stroke-linejoin:round}
.weir-picture .line.waits{stroke-dasharray:2 4}
.weir-picture .line.mark-added{stroke:var(--added);stroke-width:2.2}
.weir-picture .line.mark-removed{stroke:var(--removed);stroke-dasharray:5 4}
.weir-picture .head{fill:var(--line);stroke:var(--line);stroke-width:1;stroke-linejoin:round}
.weir-picture .dot{fill:var(--page);stroke:var(--line);stroke-width:2}
.weir-picture .label rect{fill:var(--page);stroke:none}
.weir-picture .label text{font-size:12px;fill:var(--soft);text-anchor:middle}
.weir-picture .label .flow{font-weight:600;fill:var(--ink)}
.weir-picture .label .loss{font-weight:600;fill:var(--loss)}
.weir-picture .box{fill:var(--box);stroke:var(--edge);stroke-width:1.2}
.weir-picture .tile{fill:var(--tile)}
.weir-picture .symbol{fill:none;stroke:var(--mark);stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round}
.weir-picture .name{font-size:14px;font-weight:600;fill:var(--ink)}
.weir-picture .detail{font-size:12px;fill:var(--soft)}
.weir-picture .figures{font-size:12px;font-weight:500;fill:var(--ink)}
.weir-picture .rule{stroke:var(--edge);stroke-opacity:.7;fill:none}
.weir-picture .loses .box{stroke:var(--loss-edge);stroke-width:1.6}
.weir-picture .loses .tile{fill:var(--loss-tile)}
.weir-picture .loses .symbol{stroke:var(--loss)}
"#;

/// Writes the style sheet.
pub(super) fn style(out: &mut String) {
    let scheme = |colours: &str, of: fn(&palette::MarkColours) -> (&str, &str)| {
        let marks = palette::MARKS
            .iter()
            .map(|mark| (mark.mark.name(), of(mark)));
        let marks: String = marks
            .map(|(name, (fill, line))| format!(";--{name}:{line};--{name}-box:{fill}"))
            .collect();
        format!(".weir-picture{{{colours}{marks}}}")
    };
    let (light, dark) = (
        scheme(LIGHT, |mark| mark.light),
        scheme(DARK, |mark| mark.dark),
    );
    let _ = write!(
        out,
        "<style>\n{light}\n@media (prefers-color-scheme:dark){{{dark}}}{SHAPES}"
    );
    palette::MARKS
        .iter()
        .for_each(|mark| mark_style(mark.mark, out));
    out.push_str("</style>\n");
}

/// Marked stages: the border tells, and what is gone is dashed.
fn mark_style(mark: PictureMark, out: &mut String) {
    let name = mark.name();
    let dashed = if mark == PictureMark::Removed {
        ";stroke-dasharray:6 4"
    } else {
        ""
    };
    let class = format!(".weir-picture .mark-{name}");
    let _ = writeln!(
        out,
        "{class} .box{{fill:var(--{name}-box);stroke:var(--{name});stroke-width:2{dashed}}}{class} .name{{fill:var(--{name})}}{class} .symbol{{stroke:var(--{name})}}"
    );
}
