//! Paths of a mapping. Text that is not a path may be meant as a fixed value, so the help mentions
//! both.

use weir_source::jsonpath::{JsonPath, path_of};
use weir_source::written_path::{json_path, not_a_path};
use weir_yaml::diagnostic::Diagnostics;
use weir_yaml::yaml::Text;

/// The path that a mapping names; problems go to `out`.
pub(super) fn mapped_path(path: &Text, out: &mut Diagnostics) -> Option<JsonPath> {
    if path.starts_with('$') {
        return json_path(path, out);
    }
    not_a_path(path, out).help(format!(
        "a path starts with `$`, such as `{}`; for fixed text write `{{ constant: {path} }}`",
        path_of(path)
    ));
    None
}
