//! `weir users`: who may see the pages of `weir serve`, and decide there. A password never stands
//! in an argument: it is asked for, or read from the environment or the standard input.

use super::database::with_store;
use super::{CommandContext, CommandFailure, DONE, are_institutions};
use crate::actions::access::{self, PASSWORD_LEAST};
use crate::model::AccessRole;
use crate::report::columns::{columns, line};
use crate::store::users::{self, KnownUser};
use crate::store::{Connection, DatabaseDemand, PgConnection, StoreError};
use clap::Subcommand;
use serde_json::json;

/// People who may see the pages of `weir serve`.
#[derive(clap::Args)]
#[command(
    after_help = "Roles: look sees; operate decides, too; edit changes the files of the project, \
                  too.\nThe password is asked for at a terminal; elsewhere it is WEIR_PASSWORD, or \
                  the first line of the standard input."
)]
pub struct UsersArgs {
    #[command(subcommand)]
    command: UsersCommand,
}

#[derive(Subcommand)]
enum UsersCommand {
    /// Add a person
    Add(UserAdd),
    /// List them
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Give a person another role, and other institutions
    Change {
        /// The name
        name: String,
        #[command(flatten)]
        right: UserRight,
        #[command(flatten)]
        who: AdministratorArgs,
    },
    /// Give a person another password; it logs them out
    Password {
        /// The name
        name: String,
        #[command(flatten)]
        who: AdministratorArgs,
    },
    /// Remove a person; it logs them out
    Remove {
        /// The name
        name: String,
        #[command(flatten)]
        who: AdministratorArgs,
    },
}

#[derive(clap::Args)]
struct UserAdd {
    /// The name: the author of what they decide
    name: String,
    #[command(flatten)]
    right: UserRight,
    /// Without a password: a proxy says who they are (`weir serve --identity-header`)
    #[arg(long)]
    no_password: bool,
    #[command(flatten)]
    who: AdministratorArgs,
}

/// What a person may do.
#[derive(clap::Args)]
struct UserRight {
    /// What they may do: look, operate, edit
    #[arg(long, value_name = "ROLE", value_parser = parse_role)]
    role: AccessRole,
    /// Only this institution; may be repeated
    #[arg(long = "institution", value_name = "INSTITUTION")]
    institutions: Vec<String>,
}

/// Who gives or takes a right.
#[derive(clap::Args)]
pub(super) struct AdministratorArgs {
    /// Who, for the record; by default `USER`
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

impl AdministratorArgs {
    pub(super) fn name(&self, edge: &CommandContext) -> Result<String, CommandFailure> {
        edge.person(self.by.as_deref())
    }
}

fn parse_role(text: &str) -> Result<AccessRole, String> {
    AccessRole::try_from(text.to_owned()).map_err(|_| "known roles: look, operate, edit".to_owned())
}

/// The institutions that a right is limited to, which must be there; none for all.
pub(super) fn limits(
    edge: &CommandContext,
    named: &[String],
) -> Result<Option<Vec<String>>, CommandFailure> {
    if named.is_empty() {
        return Ok(None);
    }
    are_institutions(named, &edge.checked())?;
    Ok(Some(named.to_vec()))
}

/// Work in one transaction.
pub(super) fn at_once<T>(
    edge: &CommandContext,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, CommandFailure>,
) -> Result<T, CommandFailure> {
    with_store(edge, DatabaseDemand::writing(2), async |store| {
        let mut connection = store.connection().await?;
        let mut tx = connection.begin().await.map_err(StoreError::from)?;
        let done = work(&mut tx).await?;
        tx.commit().await.map_err(StoreError::from)?;
        Ok(done)
    })
}

impl UsersArgs {
    pub(super) fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        match &self.command {
            UsersCommand::Add(add) => add.run(edge),
            UsersCommand::List { json } => list(edge, *json),
            UsersCommand::Change { name, right, who } => change(edge, name, right, who),
            UsersCommand::Password { name, who } => password(edge, name, who),
            UsersCommand::Remove { name, who } => remove(edge, name, who),
        }
    }
}

impl UserAdd {
    fn run(&self, edge: &CommandContext) -> Result<u8, CommandFailure> {
        let name = self.name.trim();
        let is_plain = !name.is_empty() && !name.contains(char::is_control);
        if !is_plain || name.chars().count() > 100 {
            return Err(CommandFailure::nothing(
                "a name has 1 to 100 characters, and none that controls",
            ));
        }
        let institutions = limits(edge, &self.right.institutions)?;
        let by = self.who.name(edge)?;
        let password_hash = if self.no_password {
            None
        } else {
            Some(new_password(edge, name)?)
        };
        let user = KnownUser {
            name: name.to_owned(),
            role: self.right.role,
            institutions,
            password_hash,
            created_at: (edge.now)(),
            created_by: by,
            seen_at: None,
        };
        let added = at_once(edge, async |tx| Ok(access::add_user(tx, &user).await?))?;
        if !added {
            return Err(CommandFailure::nothing(format!("there is a user `{name}` already"))
                .help("`weir users change` gives another role, `weir users password` another password"));
        }
        say!(
            "user {name}: {}",
            right(user.role, user.institutions.as_deref())
        );
        Ok(DONE)
    }
}

fn right(role: AccessRole, institutions: Option<&[String]>) -> String {
    institutions.map_or_else(
        || role.name().to_owned(),
        |only| format!("{role}, only {}", only.join(", ")),
    )
}

fn unknown(name: &str) -> CommandFailure {
    CommandFailure::nothing(format!("there is no user `{}`", line(name, 60)))
        .help("`weir users list` shows them")
}

fn change(
    edge: &CommandContext,
    name: &str,
    wanted: &UserRight,
    who: &AdministratorArgs,
) -> Result<u8, CommandFailure> {
    let (by, institutions) = (who.name(edge)?, limits(edge, &wanted.institutions)?);
    let new = (wanted.role, institutions.as_deref());
    let changed = at_once(edge, async |tx| {
        Ok(access::change_user(tx, name, new, &by, (edge.now)()).await?)
    })?;
    if !changed {
        return Err(unknown(name));
    }
    say!("user {name}: {}", right(new.0, new.1));
    Ok(DONE)
}

fn password(
    edge: &CommandContext,
    name: &str,
    who: &AdministratorArgs,
) -> Result<u8, CommandFailure> {
    let (by, hash) = (who.name(edge)?, new_password(edge, name)?);
    let set = at_once(edge, async |tx| {
        Ok(access::set_password(tx, name, &hash, &by, (edge.now)()).await?)
    })?;
    if !set {
        return Err(unknown(name));
    }
    say!("user {name}: has a new password, and is logged out everywhere");
    Ok(DONE)
}

fn remove(
    edge: &CommandContext,
    name: &str,
    who: &AdministratorArgs,
) -> Result<u8, CommandFailure> {
    let by = who.name(edge)?;
    let removed = at_once(edge, async |tx| {
        Ok(access::remove_user(tx, name, &by, (edge.now)()).await?)
    })?;
    if !removed {
        return Err(unknown(name));
    }
    say!("user {name}: removed, and logged out everywhere");
    Ok(DONE)
}

fn list(edge: &CommandContext, json: bool) -> Result<u8, CommandFailure> {
    let all = super::database::with_connection(edge, async |connection| {
        Ok(users::all(connection).await?)
    })?;
    if json {
        say!("{:#}", json!({ "format": 1, "users": all }));
        return Ok(DONE);
    }
    if all.is_empty() {
        say!(
            "there are no users: `weir serve` listens on this machine alone, and lets everybody on it in"
        );
        return Ok(DONE);
    }
    let head = ["user", "role", "institutions", "password", "seen"].map(str::to_owned);
    let rows = all.iter().map(|user| {
        let only = user.institutions.as_ref();
        let seen = user
            .seen_at
            .map(|at| at.format("%Y-%m-%d %H:%MZ").to_string());
        vec![
            line(&user.name, 60),
            user.role.name().to_owned(),
            only.map_or_else(|| "all".to_owned(), |only| line(&only.join(", "), 80)),
            if user.password_hash.is_some() {
                "yes"
            } else {
                "by proxy"
            }
            .to_owned(),
            seen.unwrap_or_else(|| "-".to_owned()),
        ]
    });
    let rows: Vec<Vec<String>> = std::iter::once(head.to_vec()).chain(rows).collect();
    put!("{}", columns(&rows, 5));
    Ok(DONE)
}

/// The hash of a password that is asked for.
fn new_password(edge: &CommandContext, name: &str) -> Result<String, CommandFailure> {
    let password = match edge.text("WEIR_PASSWORD") {
        Some(password) => password,
        None => super::password::ask(&format!("password of {}", line(name, 60)))?,
    };
    if password.chars().count() < PASSWORD_LEAST {
        return Err(CommandFailure::nothing(format!(
            "the password is too short: it needs {PASSWORD_LEAST} characters"
        )));
    }
    access::hash_password(&password)
        .ok_or_else(|| CommandFailure::failed("the system draws no random numbers".to_owned()))
}
