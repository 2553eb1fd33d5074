//! Dataverse: tables, rows and the Web API over them.
//!
//! A request comes in by `routes`, which make it a `call` with the `address` that its path names; `answer` says what
//! is done for it: `list`, `read`, `changes` and `apply` read, `write`, `associate`, `bulk`, `qualify` and `states`
//! change, `batch` does many of them. They work on [`Dataverse`] (`rows`, kept in a `shelf` for each table and found
//! by `index`, `order` and `keys`). A filter is made ready by `filter` and `functions`, and `fetch` and `sql` are
//! other ways to ask. What is written is checked by `draft`
//! and `value`, completed by `compute`, and told to webhooks by `hooks` and `deliver`.
//!
//! Tables are data: the standard ones in `standard` and `platform`, those of a pack built by `custom`, and described
//! to clients, who may change them, by `metadata` and `csdl`. Behaviours carry their number in comments.

mod address;
mod answer;
mod apply;
mod associate;
mod batch;
mod budget;
mod bulk;
mod call;
mod changes;
mod compute;
mod context;
mod csdl;
mod custom;
mod deliver;
mod draft;
mod duplicates;
mod fetch;
mod filter;
mod format;
mod functions;
mod hooks;
mod index;
mod keys;
mod limits;
mod list;
mod metadata;
mod operations;
mod options;
mod order;
mod page;
mod platform;
mod qualify;
mod read;
mod record;
mod refusal;
mod reply;
mod routes;
mod rows;
mod seed;
mod select;
mod shelf;
mod snapshot;
mod sql;
mod standard;
mod states;
mod sums;
mod tables;
#[cfg(test)]
mod tests;
mod undo;
mod value;
mod write;

pub(crate) use deliver::Hooks;
pub(crate) use limits::Ceilings;
pub(crate) use routes::router;
pub(crate) use rows::Dataverse;
pub(crate) use snapshot::DataverseSnapshot;
