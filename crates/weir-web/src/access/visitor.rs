//! Whoever looks at a page: a name for what they decide, and a connection that shows what they may
//! see. Pages read through [`Visitor::connection`] and no other way.

use crate::Site;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use weir_model::{AccessRole, TokenScope};
use weir_store::users::KnownUser;
use weir_store::{PgConnection, Result};

/// How somebody was let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EntryMethod {
    /// There are no users, and it is this machine.
    Open,
    /// With a password; the secret of the login.
    Login(String),
    /// A proxy has said who it is.
    Proxy,
    /// A token of a program, and what that may do.
    Token(Vec<TokenScope>),
}

/// Who somebody is.
#[derive(Debug, Clone)]
pub(crate) struct VisitorIdentity {
    pub(crate) name: String,
    pub(crate) role: AccessRole,
    /// The only institutions that they see.
    pub(crate) institutions: Option<Vec<String>>,
    pub(crate) door: EntryMethod,
}

impl VisitorIdentity {
    /// Whoever is at this machine.
    pub(super) fn operator(name: &str) -> VisitorIdentity {
        VisitorIdentity {
            name: name.to_owned(),
            role: AccessRole::Edit,
            institutions: None,
            door: EntryMethod::Open,
        }
    }

    pub(super) fn of_user(user: KnownUser, door: EntryMethod) -> VisitorIdentity {
        VisitorIdentity {
            name: user.name,
            role: user.role,
            institutions: user.institutions,
            door,
        }
    }
}

/// Whether somebody may edit rule files, which all institutions share.
pub(super) fn edits(who: &VisitorIdentity) -> bool {
    who.role >= AccessRole::Edit && who.institutions.is_none()
}

/// Somebody who was let in. It is the site, as they see it.
#[derive(Clone)]
pub(crate) struct Visitor {
    site: Arc<Site>,
    who: Arc<VisitorIdentity>,
}

impl Deref for Visitor {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

impl Visitor {
    pub(crate) fn new(site: Arc<Site>, who: VisitorIdentity) -> Visitor {
        Visitor {
            site,
            who: Arc::new(who),
        }
    }

    pub(crate) fn who(&self) -> &VisitorIdentity {
        &self.who
    }

    /// A connection for reading, which shows what they may see.
    ///
    /// # Errors
    /// No connection.
    pub(crate) async fn connection(
        &self,
    ) -> Result<impl DerefMut<Target = PgConnection> + Send + use<>> {
        match &self.who.institutions {
            None => self.site.store.connection().await,
            Some(slugs) => self.site.narrow.connection(slugs).await,
        }
    }

    /// Whether they may see an institution.
    pub(crate) fn sees(&self, slug: &str) -> bool {
        let only = self.who.institutions.as_ref();
        only.is_none_or(|only| only.iter().any(|one| one == slug))
    }

    /// Whether they may see contacts of recruiters through the API.
    pub(crate) fn sees_contacts(&self) -> bool {
        matches!(&self.who.door, EntryMethod::Token(scopes) if scopes.contains(&TokenScope::Contacts))
    }

    /// Whether they may decide.
    pub(crate) fn decides(&self) -> bool {
        self.who.role >= AccessRole::Operate
    }

    /// Whether they may edit rule files, which all institutions share.
    pub(crate) fn edits(&self) -> bool {
        edits(&self.who)
    }

    /// What their forms carry, which no other site and no other person knows.
    pub(crate) fn form_token(&self) -> String {
        let known = match &self.who.door {
            EntryMethod::Login(secret) => format!("login {secret}"),
            _ => format!("process {} {}", self.site.seal, self.who.name),
        };
        weir_runtime::actions::access::form_token(&known)
    }
}
