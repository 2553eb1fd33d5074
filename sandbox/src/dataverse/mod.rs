//! Dataverse: tables, rows and the Web API over them.
//!
//! A request goes `routes` → `address` (what its path names) → `list`/`read` or `write`, which
//! work on [`Dataverse`] (`rows`) and find rows by `keys`. Tables are data: the standard ones in `standard`, custom ones
//! built by `tables`. `states` holds what may happen to a row's state, `definitions` describes
//! the tables to clients.

mod address;
mod definitions;
mod draft;
mod index;
mod keys;
mod list;
mod read;
mod refusal;
mod routes;
mod rows;
mod snapshot;
mod standard;
mod states;
mod tables;
mod value;
mod write;

pub(crate) use routes::router;
pub(crate) use rows::Dataverse;
pub(crate) use snapshot::DataverseSnapshot;
