//! Which job ads advertise one opening. Ads of many boards are compared by exact keys first, then
//! by title, employer, place, dates, pay and text; a contradiction decides against a pair, whatever
//! else agrees. A wrong merge hides an opening and nobody notices, a missed one costs a spare row:
//! when in doubt, two ads are two openings.
//!
//! Everything here is pure: no database, no clock, no network. The result is a function of the ads,
//! the policy and the decisions of operators, never of the order in which ads arrived. Modules are
//! declared in reading order; each uses only those above it.

pub mod ad;

pub mod hash;

pub mod fold;

pub mod place_tables;

pub mod place_parts;

pub mod place;

pub mod place_relation;

pub mod title_words;

pub mod title;

pub mod employer;

pub mod links;

pub mod shingles;

pub mod blocking;

pub mod signature;

pub mod employer_links;

pub mod boilerplate;

pub mod policy;

pub mod features;

pub mod veto;

pub mod score;

pub mod corpus;

pub mod buckets;

pub mod pair_graph;

pub mod decision;

pub mod partition;

pub mod opening_id;

pub mod sibling;

pub mod neighbourhood;

pub mod pair_label;

pub mod opening_set;

pub mod ad_rows;

pub mod evaluation;
