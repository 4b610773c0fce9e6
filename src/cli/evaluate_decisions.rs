//! `weir evaluate roles|companies|capabilities`: how often roles, companies and capabilities are
//! decided right. Reads a framework and a labelled file, prints the score; no database, no network,
//! no institution needed.

use super::{CommandContext, CommandFailure, out};
use crate::diagnostic::{Diagnostics, FileTexts, render};
use crate::yaml;
use serde::de::DeserializeOwned;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use weir_framework::capability::CapabilityIndex;
use weir_framework::company::{CompanyMatcher, CompanyRegistry, CompanyRegistryHead};
use weir_framework::evaluate::{
    CapabilityScore, CompanyScore, DecisionMistake, LabelFault, LabelledText, LabelledTexts,
    LabelledTitle, RoleScore, read_names, read_texts, read_titles,
};
use weir_framework::framework::{Framework, FrameworkHead};
use weir_framework::role::{
    AcceptedTitle, AcceptedTitles, ClassificationMatcher, FrameworkIndex, IndexParts, LearntTitles,
    RoleMatcher, RoleThresholds, ScoreTuning,
};

/// Score decisions against a labelled file.
#[derive(clap::Args)]
#[command(
    after_help = "Labelled files are CSV (`title,role_id`, `name,company`, `text,capability_id,level,kind`) or, for\n\
    capabilities, YAML: a list of `text` with `capabilities` or `asks`. An empty label says that nothing fits.\n\
    Exit codes: 0 scored, 2 nothing scored (bad YAML, labels or arguments)."
)]
pub struct EvaluateDecisions {
    /// The labelled file
    file: PathBuf,
    /// The framework: a name in frameworks/, or a YAML file. For companies, the YAML file of the
    /// companies
    #[arg(long, value_name = "NAME")]
    framework: String,
    /// Roles by classification instead of title
    #[arg(long)]
    classification: bool,
    /// A CSV of titles (`title`) that teach how frequent words and roles are; labels are not read
    #[arg(long, value_name = "CSV")]
    learn: Option<PathBuf>,
    /// A CSV of titles that people accepted (`title,role_id`)
    #[arg(long, value_name = "CSV")]
    accepted: Option<PathBuf>,
    /// A CSV of labelled titles that teach how sure decisions are (`title,role_id`)
    #[arg(long, value_name = "CSV")]
    calibrate: Option<PathBuf>,
    /// From this confidence on a role is decided
    #[arg(long, default_value = "0.9", value_parser = ratio)]
    accept: f32,
    /// How many mistakes are listed
    #[arg(long, value_name = "N", default_value = "20")]
    mistakes: usize,
}

fn ratio(text: &str) -> Result<f32, String> {
    let number: f32 = text
        .parse()
        .map_err(|_| "a number between 0 and 1".to_owned())?;
    if (0.0..=1.0).contains(&number) {
        Ok(number)
    } else {
        Err("a number between 0 and 1".to_owned())
    }
}

impl EvaluateDecisions {
    pub(super) fn roles(&self, edge: &CommandContext) -> Result<(), CommandFailure> {
        let framework = self.framework(edge)?;
        let titles = labelled(read_titles(&read(&self.file)?), &self.file)?;
        let score = if self.classification {
            let matcher = ClassificationMatcher::new(framework.clone(), &self.accepted()?);
            RoleScore::of_classifications(&matcher, &framework, &titles)
        } else {
            RoleScore::of_titles(&self.matcher(edge, framework)?, &titles)
        };
        let score = labelled(score, &self.file)?;
        self.show(&score, &score.mistakes);
        Ok(())
    }

    /// What the file of accepted titles says.
    fn accepted(&self) -> Result<AcceptedTitles, CommandFailure> {
        let one = |title: LabelledTitle| {
            let role = title.role.filter(|role| !role.is_empty())?;
            Some(AcceptedTitle {
                title: title.title,
                role,
            })
        };
        let titles = self.titles(&self.accepted)?;
        Ok(AcceptedTitles {
            accepted: titles.into_iter().filter_map(one).collect(),
        })
    }

    /// A matcher over the framework, its bridge, and what the files of the command teach.
    fn matcher(
        &self,
        edge: &CommandContext,
        framework: Arc<Framework>,
    ) -> Result<RoleMatcher, CommandFailure> {
        let bridge = match &framework.bridge {
            Some(name) => Some(framework_of(edge, &folder_of(edge, &self.framework), name)?),
            None => None,
        };
        let accepted = self.accepted()?;
        let index = |learnt: Option<&LearntTitles>| {
            FrameworkIndex::build(IndexParts {
                framework: framework.clone(),
                bridge: bridge.as_deref(),
                learnt,
                accepted: &accepted,
                places: Vec::new(),
                tuning: ScoreTuning::default(),
            })
        };
        let teaching = self.titles(&self.learn)?;
        let teaching: Vec<&str> = teaching.iter().map(|title| title.title.as_str()).collect();
        let learnt = (!teaching.is_empty()).then(|| {
            let words = LearntTitles::words(&framework.name, &framework.version, &teaching);
            let index = index(Some(&words));
            words.with_roles(&index, &teaching)
        });
        let thresholds = RoleThresholds {
            accept: self.accept,
            ..RoleThresholds::default()
        };
        let matcher = RoleMatcher::new(Arc::new(index(learnt.as_ref())), thresholds);
        let labels = self.titles(&self.calibrate)?;
        if labels.is_empty() {
            return Ok(matcher);
        }
        let entry = |title: &LabelledTitle| framework.position(title.role.as_deref()?);
        let labels: Vec<_> = labels
            .iter()
            .map(|title| (title.title.as_str(), entry(title)))
            .collect();
        let calibration = matcher.learn_calibration(&labels);
        Ok(matcher.calibrated(calibration))
    }

    pub(super) fn companies(&self, edge: &CommandContext) -> Result<(), CommandFailure> {
        let file = edge.project.join(&self.framework);
        let head: CompanyRegistryHead = read_yaml(edge, &file)?;
        let faulty = |faults: Vec<_>| wrong(&file, &faults);
        let registry = CompanyRegistry::build(&head).map_err(faulty)?;
        let names = labelled(read_names(&read(&self.file)?), &self.file)?;
        let matcher = CompanyMatcher::new(Arc::new(registry));
        let score = labelled(CompanyScore::of_names(&matcher, &names), &self.file)?;
        self.show(&score, &score.mistakes);
        Ok(())
    }

    pub(super) fn capabilities(&self, edge: &CommandContext) -> Result<(), CommandFailure> {
        let index =
            CapabilityIndex::build(vec![self.framework(edge)?]).map_err(CommandFailure::nothing)?;
        let is_csv = self.file.extension().is_some_and(|ending| ending == "csv");
        let texts: Vec<LabelledText> = if is_csv {
            labelled(read_texts(&read(&self.file)?), &self.file)?
        } else {
            read_yaml::<LabelledTexts>(edge, &self.file)?.texts
        };
        let score = labelled(CapabilityScore::of_texts(&index, &texts), &self.file)?;
        self.show(&score, &score.mistakes);
        Ok(())
    }

    fn show(&self, score: &impl Display, mistakes: &[DecisionMistake]) {
        put!("{score}");
        if mistakes.is_empty() {
            return;
        }
        say!("mistakes     {}", mistakes.len());
        for mistake in mistakes.iter().take(self.mistakes) {
            say!("             {mistake}");
        }
    }

    fn framework(&self, edge: &CommandContext) -> Result<Arc<Framework>, CommandFailure> {
        let folder = folder_of(edge, &self.framework);
        let name = Path::new(&self.framework)
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned());
        framework_of(edge, &folder, &name.unwrap_or_default())
    }

    fn titles(&self, file: &Option<PathBuf>) -> Result<Vec<LabelledTitle>, CommandFailure> {
        match file {
            Some(file) => labelled(read_titles(&read(file)?), file),
            None => Ok(Vec::new()),
        }
    }
}

/// The folder of a framework: that of its file, else frameworks/ of the project.
fn folder_of(edge: &CommandContext, name: &str) -> PathBuf {
    let path = Path::new(name);
    match path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        Some(folder) => edge.project.join(folder),
        None => edge.project.join("frameworks"),
    }
}

fn framework_of(
    edge: &CommandContext,
    folder: &Path,
    name: &str,
) -> Result<Arc<Framework>, CommandFailure> {
    let file = folder.join(format!("{name}.yaml"));
    let head: FrameworkHead = read_yaml(edge, &file)?;
    let tables = |table: &str| std::fs::read(folder.join(table)).map_err(|error| error.to_string());
    Framework::build(&head, &tables)
        .map(Arc::new)
        .map_err(|faults| wrong(&file, &faults))
}

fn wrong(file: &Path, faults: &[impl Display]) -> CommandFailure {
    let lines: Vec<String> = faults
        .iter()
        .take(20)
        .map(|fault| format!("  {fault}"))
        .collect();
    CommandFailure::nothing(format!(
        "`{}` cannot be used:\n{}",
        file.display(),
        lines.join("\n")
    ))
}

fn read(file: &Path) -> Result<Vec<u8>, CommandFailure> {
    std::fs::read(file).map_err(|error| {
        CommandFailure::nothing(format!("`{}` cannot be read: {error}", file.display()))
    })
}

fn labelled<T>(result: Result<T, LabelFault>, file: &Path) -> Result<T, CommandFailure> {
    result.map_err(|fault| CommandFailure::nothing(format!("`{}`: {fault}", file.display())))
}

/// A YAML file as a type; what is wrong in it is shown where it is.
fn read_yaml<T: DeserializeOwned>(edge: &CommandContext, file: &Path) -> Result<T, CommandFailure> {
    let bytes = read(file)?;
    let name = file
        .strip_prefix(&edge.project)
        .unwrap_or(file)
        .display()
        .to_string();
    let mut texts = FileTexts::new();
    texts.insert(name.as_str(), &String::from_utf8_lossy(&bytes));
    let mut problems = Diagnostics::new();
    let value = yaml::read(&name, &bytes, &mut problems);
    if !problems.is_empty() {
        out::report_rendered(&render(&problems, &texts, edge.colour));
    }
    match value.filter(|_| !problems.has_errors()) {
        Some(value) => Ok(value),
        None => Err(CommandFailure::nothing(format!(
            "`{name}` cannot be used as it is"
        ))),
    }
}
