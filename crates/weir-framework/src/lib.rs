//! Roles, capabilities and companies of job ads, decided against declared frameworks.
//!
//! An institution declares what it knows: roles with alternative titles and groups, capabilities
//! with levels and phrases, companies with aliases. This crate reads such frameworks, builds an
//! index once, and decides ad by ad: which role, which capabilities at which level, which company,
//! how sure, and because of which words. Nothing about any framework is compiled in.
//!
//! It must never read a clock, a database or a file while it decides: the same ad and the same
//! frameworks give the same answer. Where nothing is sure it answers with a group, with proposals,
//! or not at all; it never guesses.
//!
//! How a caller uses it: read heads ([`framework::FrameworkHead`]) and build frameworks, once;
//! build a [`role::FrameworkIndex`], a [`capability::CapabilityIndex`] and a
//! [`company::CompanyMatcher`] from them, once; then, for each ad and from any thread,
//! [`role::RoleMatcher::decide`], [`capability::CapabilityIndex::decide`] with
//! [`capability::CapabilityIndex::add_by_role`], and [`company::CompanyMatcher::decide`]. What
//! titles teach ([`role::LearntTitles`]) and what people accepted ([`role::AcceptedTitles`]) are
//! serde types for files that people commit.
//!
//! Modules in reading order: each uses only those above it.

pub mod words;

pub mod framework;

pub mod title;

pub mod role;

pub mod capability;

pub mod company;

pub mod evaluate;
