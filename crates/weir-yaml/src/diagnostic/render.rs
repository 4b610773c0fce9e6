//! Diagnostics for people, rendered in the style of the Rust compiler.
//!
//! The output must be readable without colour, and the help is always on its own line. To show more
//! of a diagnostic, extend [`one`]; the texts belong to the code that pushes the diagnostic.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::{Diagnostic, Diagnostics, FileTexts, Place, Severity};

/// Draws all diagnostics in their order, with an empty line after each.
pub fn render(diagnostics: &Diagnostics, sources: &FileTexts, colour: bool) -> String {
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    diagnostics
        .sorted()
        .into_iter()
        .map(|diagnostic| format!("{}\n\n", one(diagnostic, sources, &renderer)))
        .collect()
}

fn one(diagnostic: &Diagnostic, sources: &FileTexts, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(diagnostic.message.as_str())
        .id(diagnostic.code);
    let mut groups = vec![shown(
        title.elements(std::iter::empty::<Snippet<Annotation>>()),
        diagnostic,
        sources,
    )];
    if let Some(help) = &diagnostic.help {
        groups.push(Group::with_title(
            Level::HELP.secondary_title(help.as_str()),
        ));
    }
    renderer.render(&groups)
}

/// The lines of the file, or only its name when its text is not known.
fn shown<'a>(group: Group<'a>, diagnostic: &'a Diagnostic, sources: &'a FileTexts) -> Group<'a> {
    let Some(place) = &diagnostic.place else {
        return group;
    };
    let (near, far): (Vec<_>, Vec<_>) = diagnostic
        .related
        .iter()
        .map(|(other, note)| (other, note.as_str()))
        .partition(|(other, _)| other.file == place.file);
    let Some(snippet) = snippet(Some(place), &near, sources) else {
        return group.element(
            Origin::path(&*place.file)
                .line(place.line)
                .char_column(place.column),
        );
    };
    far.into_iter().fold(
        group.element(snippet),
        |group, (other, note)| match self::snippet(None, &[(other, note)], sources) {
            Some(snippet) => group.element(snippet),
            None => group.element(Level::NOTE.message(format!("{note}: {other}"))),
        },
    )
}

/// The lines of one file from the first place to the last; never the whole file, which may be long.
fn snippet<'a>(
    primary: Option<&'a Place>,
    related: &[(&'a Place, &'a str)],
    sources: &'a FileTexts,
) -> Option<Snippet<'a, Annotation<'a>>> {
    let places = || {
        primary
            .into_iter()
            .chain(related.iter().map(|(place, _)| *place))
    };
    let first = places().min_by_key(|place| place.line)?;
    let last = places().max_by_key(|place| place.line)?;
    let (start, lines) = sources.lines(first, last)?;
    let span = |place: &Place| {
        sources
            .span(place)
            .map(|span| span.start - start..span.end - start)
    };
    let context = related
        .iter()
        .filter_map(|(place, note)| Some(AnnotationKind::Context.span(span(place)?).label(*note)));
    let primary = match primary {
        Some(place) => Some(AnnotationKind::Primary.span(span(place)?)),
        None => None,
    };
    Some(
        Snippet::source(lines)
            .line_start(first.line)
            .path(&*first.file)
            .annotations(primary.into_iter().chain(context)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources() -> FileTexts {
        let mut sources = FileTexts::new();
        sources.insert("institutions/a.yaml", "name: A\ntitel: Größe\nname: B\n");
        sources
    }

    #[test]
    fn three_diagnostics_as_people_see_them() {
        let mut all = Diagnostics::new();
        let place = |line, column, length| Place::new("institutions/a.yaml", line, column, length);
        all.error(&place(2, 1, 5), "unknown-field", "unknown field `titel`")
            .help("did you mean `title`?");
        all.error(&place(3, 1, 4), "duplicate-key", "`name` is given twice")
            .related(&place(1, 1, 4), "first given here");
        all.push(Diagnostic::warning(
            "empty-project",
            "the folder `institutions` is empty",
        ));
        let expected = "\
error[unknown-field]: unknown field `titel`
 --> institutions/a.yaml:2:1
  |
2 | titel: Größe
  | ^^^^^
  |
help: did you mean `title`?

error[duplicate-key]: `name` is given twice
 --> institutions/a.yaml:3:1
  |
1 | name: A
  | ---- first given here
2 | titel: Größe
3 | name: B
  | ^^^^

warning[empty-project]: the folder `institutions` is empty

";
        assert_eq!(render(&all, &sources(), false), expected);
    }

    #[test]
    fn a_place_outside_the_known_text_is_still_named() {
        let mut all = Diagnostics::new();
        all.error(
            &Place::new("gone.yaml", 7, 3, 2),
            "unreadable",
            "cannot read `gone.yaml`",
        );
        assert!(render(&all, &sources(), false).contains("gone.yaml:7:3"));
    }

    #[test]
    fn a_related_place_in_another_file_is_shown_too() {
        let mut sources = sources();
        sources.insert("b.yaml", "x: 1\ny: 2\n");
        let mut all = Diagnostics::new();
        let told = all.error(
            &Place::new("institutions/a.yaml", 1, 7, 1),
            "twice",
            "`A` is used twice",
        );
        told.related(&Place::new("b.yaml", 2, 4, 1), "used here")
            .related(&Place::new("gone.yaml", 1, 1, 1), "and here");
        let expected = "\
error[twice]: `A` is used twice
 --> institutions/a.yaml:1:7
  |
1 | name: A
  |       ^
  |
 ::: b.yaml:2:4
  |
2 | y: 2
  |    - used here
  |
  = note: and here: gone.yaml:1:1

";
        assert_eq!(render(&all, &sources, false), expected);
    }

    #[test]
    fn colour_is_only_there_when_asked_for() {
        let mut all = Diagnostics::new();
        all.error(&Place::new("institutions/a.yaml", 1, 1, 1), "x", "y");
        assert!(render(&all, &sources(), true).contains("\u{1b}["));
        assert!(!render(&all, &sources(), false).contains('\u{1b}'));
    }
}
