//! `weir roles`: titles without a role, and what people teach: accepted titles and learnt words.
//! Both are files of the project, which people commit; runs never read them from the database.

use super::database::{with_connection, with_store};
use super::{CommandContext, CommandFailure, DONE, named, unknown_name};
use crate::config::Project;
use crate::config::frameworks::{ACCEPTED, LEARNT};
use crate::diagnostic::{did_you_mean, one_of};
use crate::report::classes;
use crate::report::columns::{columns, line};
use crate::stage::Stage;
use crate::stage::classify::{FrameworkUse, KnownFramework};
use crate::store::views::decided::{self, UnmatchedTitle};
use crate::store::{DatabaseDemand, PgConnection};
use clap::Subcommand;
use serde_json::json;
use std::fmt::Write;
use std::sync::Arc;
use weir_framework::framework::FrameworkKind;
use weir_framework::role::{AcceptedTitle, AcceptedTitles, LearntTitles};
use weir_framework::words::name_key;

/// Titles without a role, and what people teach.
#[derive(clap::Args)]
#[command(
    after_help = "`accept`, `undo` and `learn` write files in frameworks/accepted/ and frameworks/learnt/. Commit them: runs decide by them. \
    `weir rehearse` shows what they change before a run does."
)]
pub struct RolesArgs {
    #[command(subcommand)]
    command: RolesCommand,
}

#[derive(Subcommand)]
enum RolesCommand {
    /// List titles without a role by frequency, with the nearest roles
    Unmatched {
        /// The institution; by default all
        institution: Option<String>,
        /// Only of this framework
        #[arg(long, value_name = "NAME")]
        framework: Option<String>,
        /// Maximum number of titles
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: u32,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Accept a title for a role
    Accept {
        /// The title, as ads write it
        title: String,
        /// The id of the role or group
        role: String,
        /// The framework; by default the one that has the role
        #[arg(long, value_name = "NAME")]
        framework: Option<String>,
    },
    /// Take an accepted title back
    Undo {
        /// The title
        title: String,
        /// The framework; by default every one that has the title
        #[arg(long, value_name = "NAME")]
        framework: Option<String>,
    },
    /// Explain the role and the capabilities of a job
    Explain {
        /// The job, or its ad
        #[arg(value_name = "JOB")]
        job: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Learn from the stored titles how frequent words and roles are
    Learn {
        /// The framework; by default every one that decides titles
        #[arg(long, value_name = "NAME")]
        framework: Option<String>,
    },
}

impl RolesArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        match &self.command {
            RolesCommand::Unmatched {
                institution,
                framework,
                limit,
                json,
            } => with_connection(edge, async |connection| {
                let slugs: Vec<String> = institution.iter().cloned().collect();
                named::refuse_unknown(edge, connection, &slugs).await?;
                let (slug, framework) = (institution.as_deref(), framework.as_deref());
                let titles =
                    decided::unmatched(connection, slug, framework, i64::from(*limit)).await?;
                show_unmatched(&titles, *json);
                Ok(())
            })?,
            RolesCommand::Accept {
                title,
                role,
                framework,
            } => accept(edge, title, role, framework.as_deref())?,
            RolesCommand::Undo { title, framework } => undo(edge, title, framework.as_deref())?,
            RolesCommand::Explain { job, json } => with_connection(edge, async |connection| {
                explain(connection, job, *json).await
            })?,
            RolesCommand::Learn { framework } => learn(edge, framework.as_deref())?,
        }
        Ok(DONE)
    }
}

fn show_unmatched(titles: &[UnmatchedTitle], json: bool) {
    if json {
        say!("{:#}", json!({ "format": 1, "unmatched": titles }));
        return;
    }
    if titles.is_empty() {
        say!("no title of an institution with `roles:` is without a role or group");
        return;
    }
    let headings = ["title", "framework", "level", "jobs", "nearest roles"];
    let rows = titles.iter().flat_map(unmatched_rows);
    let rows = std::iter::once(headings.map(str::to_owned).to_vec()).chain(rows);
    put!("{}", columns(&rows.collect::<Vec<_>>(), 5));
}

/// A title, with its nearest roles below each other.
fn unmatched_rows(title: &UnmatchedTitle) -> Vec<Vec<String>> {
    let nearest = json!({ "candidates": title.candidates });
    let mut nearest = classes::nearest(&nearest);
    let first = vec![
        line(&title.title, 60),
        title.framework.clone(),
        title.level.clone(),
        title.jobs.to_string(),
        nearest.next().unwrap_or_else(|| "-".to_owned()),
    ];
    let more = nearest.map(|near| [[""; 4].map(str::to_owned).as_slice(), &[near]].concat());
    std::iter::once(first).chain(more).collect()
}

async fn explain(
    connection: &mut PgConnection,
    job: &str,
    json: bool,
) -> Result<(), CommandFailure> {
    let found = named::find(connection, job).await?;
    let stored = match found.job_id {
        Some(id) => decided::of_job(connection, found.institution_id, id).await?,
        None => None,
    };
    let Some((roles, capabilities)) = stored else {
        let name = line(job, 80);
        return Err(
            CommandFailure::nothing(format!("`{name}` is not a job yet"))
                .help(format!("`weir why {name}` tells why")),
        );
    };
    if json {
        say!(
            "{:#}",
            json!({ "format": 1, "roles": roles, "capabilities": capabilities })
        );
        return Ok(());
    }
    if roles.is_null() && capabilities.is_null() {
        say!(
            "nothing is decided of it: no `roles` or `capabilities` were asked for when it was derived"
        );
    }
    for (framework, words) in classes::roles(&roles) {
        say!("role in {framework}: {words}");
    }
    let found = classes::capability_rows(&capabilities);
    if !found.is_empty() {
        let headings = [
            "capability",
            "level",
            "kind",
            "confidence",
            "words",
            "where",
        ];
        let rows = std::iter::once(headings.map(str::to_owned).to_vec()).chain(found);
        say!("");
        put!("{}", columns(&rows.collect::<Vec<_>>(), 6));
    }
    Ok(())
}

/// The frameworks of roles of the project.
fn frameworks(edge: &CommandContext) -> Vec<Arc<KnownFramework>> {
    let project = Project::load(&edge.project);
    let all = project.frameworks.iter().filter(|known| {
        let newest = project.frameworks.find(&known.framework.name, None);
        let is_newest = matches!(newest, FrameworkUse::Known(newest) if Arc::ptr_eq(newest, known));
        is_newest && known.framework.kind == FrameworkKind::Roles
    });
    all.cloned().collect()
}

/// The framework of a name.
fn chosen<'k>(
    known: &'k [Arc<KnownFramework>],
    name: &str,
) -> Result<&'k Arc<KnownFramework>, CommandFailure> {
    let names = || known.iter().map(|one| one.framework.name.as_str());
    let found = known.iter().find(|one| one.framework.name == name);
    found.ok_or_else(|| {
        unknown_name("framework", name, names(), || {
            format!("frameworks of roles: {}", one_of(names()))
        })
    })
}

fn accept(
    edge: &CommandContext,
    title: &str,
    role: &str,
    framework: Option<&str>,
) -> Result<(), CommandFailure> {
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    if title.is_empty() {
        return Err(CommandFailure::nothing("the title is empty").help("give it as ads write it"));
    }
    let known = frameworks(edge);
    let has = |one: &&Arc<KnownFramework>| one.framework.position(role).is_some();
    let framework = match framework {
        Some(name) => chosen(&known, name)?,
        None => match known.iter().filter(has).collect::<Vec<_>>().as_slice() {
            [only] => only,
            [] => return Err(no_role(role, &known)),
            several => {
                let names = several.iter().map(|one| one.framework.name.as_str());
                let names = one_of(names);
                return Err(CommandFailure::nothing(format!(
                    "several frameworks have the role `{role}`"
                ))
                .help(format!("choose one with `--framework`: {names}")));
            }
        },
    };
    if framework.framework.position(role).is_none() {
        return Err(no_role(role, std::slice::from_ref(framework)));
    }
    let name = &framework.framework.name;
    let mut accepted = framework.accepted.clone();
    let key = name_key(&title);
    let before = accepted
        .accepted
        .iter()
        .find(|one| name_key(&one.title) == key);
    let before = before.map(|one| one.role.clone());
    accepted.accepted.retain(|one| name_key(&one.title) != key);
    accepted.accepted.push(AcceptedTitle {
        title: title.clone(),
        role: role.to_owned(),
    });
    let file = write_accepted(edge, name, &accepted)?;
    match before.filter(|before| before != role) {
        Some(before) => say!("`{title}` is `{role}` in {name} now, no longer `{before}`: {file}"),
        None => say!("`{title}` is `{role}` in {name}: {file}"),
    }
    say!("commit the file; the next run decides by it, and `weir rehearse` shows what changes");
    Ok(())
}

fn no_role(role: &str, known: &[Arc<KnownFramework>]) -> CommandFailure {
    let ids = known.iter().flat_map(|one| &one.framework.entries);
    let help = match did_you_mean(role, ids.map(|entry| entry.id.as_str())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`weir roles unmatched` shows the ids of near roles".to_owned(),
    };
    CommandFailure::nothing(format!("no framework has a role `{role}`")).help(help)
}

fn undo(edge: &CommandContext, title: &str, framework: Option<&str>) -> Result<(), CommandFailure> {
    let known = frameworks(edge);
    let key = name_key(title);
    let of: Vec<&Arc<KnownFramework>> = match framework {
        Some(name) => vec![chosen(&known, name)?],
        None => known.iter().collect(),
    };
    let mut undone = false;
    for one in of {
        let mut accepted = one.accepted.clone();
        let before = accepted.accepted.len();
        accepted
            .accepted
            .retain(|title| name_key(&title.title) != key);
        if accepted.accepted.len() < before {
            let name = &one.framework.name;
            let file = write_accepted(edge, name, &accepted)?;
            say!("`{title}` is no longer accepted in {name}: {file}");
            undone = true;
        }
    }
    if undone {
        return Ok(());
    }
    Err(
        CommandFailure::nothing(format!("`{title}` is not an accepted title"))
            .help(format!("the files in `{ACCEPTED}/` list them")),
    )
}

/// Writes accepted titles, a line each; comments at the top of the file stay. Gives its name.
fn write_accepted(
    edge: &CommandContext,
    name: &str,
    accepted: &AcceptedTitles,
) -> Result<String, CommandFailure> {
    let file = format!("{ACCEPTED}/{name}.yaml");
    let path = edge.project.join(&file);
    let old = std::fs::read_to_string(&path).unwrap_or_default();
    let mut text: String = old
        .lines()
        .take_while(|line| line.starts_with('#'))
        .map(|line| format!("{line}\n"))
        .collect();
    if accepted.accepted.is_empty() {
        text.push_str("accepted: []\n");
    } else {
        text.push_str("accepted:\n");
    }
    for one in &accepted.accepted {
        // Text in JSON is text in YAML.
        let _ = writeln!(
            text,
            "  - {{ title: {}, role: {} }}",
            json!(one.title),
            json!(one.role)
        );
    }
    write(edge, &file, &text)?;
    Ok(file)
}

/// Writes a file of the project. A broken one is not replaced: what people taught is still in it.
fn write(edge: &CommandContext, file: &str, text: &str) -> Result<(), CommandFailure> {
    if edge.checked().diagnostics.has_errors_in(file) {
        return Err(
            CommandFailure::nothing(format!("`{file}` has errors, and was not changed"))
                .help("`weir check` shows them; mend the file, then run this again"),
        );
    }
    let path = edge.project.join(file);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    Ok(std::fs::write(path, text)?)
}

fn learn(edge: &CommandContext, framework: Option<&str>) -> Result<(), CommandFailure> {
    let checked = edge.checked();
    let mut wanted: Vec<(Arc<KnownFramework>, Vec<(uuid::Uuid, String)>)> = Vec::new();
    for plan in checked.institutions.iter().filter_map(|one| one.plan()) {
        for flow in &plan.flows {
            let stages = flow.record_stages().filter_map(|stage| match stage {
                Stage::Classify(classify) => Some(classify),
                _ => None,
            });
            for known in stages.flat_map(|classify| classify.by_title()) {
                let source = (plan.institution.id, flow.source.clone());
                match wanted.iter_mut().find(|(one, _)| Arc::ptr_eq(one, known)) {
                    Some((_, sources)) => sources.push(source),
                    None => wanted.push((Arc::clone(known), vec![source])),
                }
            }
        }
    }
    wanted.retain(|(one, _)| framework.is_none_or(|name| one.framework.name == name));
    if wanted.is_empty() {
        return Err(
            CommandFailure::nothing("no source decides titles by such a framework")
                .help("`roles: { framework: NAME, standardise: { from: title } }` does"),
        );
    }
    with_store(edge, DatabaseDemand::READ, async |store| {
        for (known, sources) in &wanted {
            let titles = decided::titles(&mut *store.connection().await?, sources).await?;
            let file = learn_one(edge, known, &titles)?;
            say!(
                "learnt from {} titles for {}: {}",
                titles.len(),
                known.framework.name,
                file
            );
        }
        say!(
            "commit the files; the next run decides by them, and `weir rehearse` shows what changes"
        );
        Ok(())
    })
}

/// Writes what titles teach; calibration stays. Gives the file.
fn learn_one(
    edge: &CommandContext,
    known: &KnownFramework,
    titles: &[String],
) -> Result<String, CommandFailure> {
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let framework = &known.framework;
    let words = LearntTitles {
        calibration: known
            .learnt
            .as_ref()
            .and_then(|learnt| learnt.calibration.clone()),
        ..LearntTitles::words(&framework.name, &framework.version, &titles)
    };
    let index = known.index_with(&words);
    let learnt = words.with_roles(&index, &titles);
    let file = format!("{LEARNT}/{}.yaml", framework.name);
    // JSON is YAML.
    let text = serde_json::to_string_pretty(&learnt)
        .map_err(|error| CommandFailure::nothing(error.to_string()))?;
    write(edge, &file, &format!("{text}\n"))?;
    Ok(file)
}
