//! Names of advertisers to companies.
//!
//! A name is cut down step by step: numbers and marks, who advertises for whom, the trading name,
//! legal forms, places. After each step it is looked up; what is found first holds. Only equal
//! names are decided; what is near by its letters is proposed, for two companies are often a
//! letter apart. Agencies are declared, so that an employer is never mistaken for its agency.
//!
//! Where no list knows a name, [`CompanyName`] says which of its spellings are one.
//!
//! A new legal form or way of naming an agency's client is one line in `forms.rs`.

mod forms;
mod keys;
mod matcher;
mod name;
mod registry;
#[cfg(test)]
mod tests;

pub use matcher::{CompanyCandidate, CompanyDecision, CompanyMatcher, CompanyMethod};
pub use name::CompanyName;
pub use registry::{
    AcceptedName, AcceptedNames, CompanyFault, CompanyHead, CompanyRegistry, CompanyRegistryHead,
    KnownCompany,
};

/// The position of a company in its registry.
pub type CompanyIndex = usize;
