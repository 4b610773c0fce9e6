//! What is known, in words: for a terminal, as a page, as JSON, and as alerts and daily reports that
//! are sent. It reads the database through the views of the store, and decides nothing.
//!
//! The names below are in dependency order. What is told of a run goes into `report`, what somebody
//! is told of without asking into `alerts`.

pub mod report;

pub mod alerts;
