//! The engine of cosell: everything that is true of a flow without a network.
//!
//! A flow goes through stages, each a type that the next one is made of:
//!
//! - [`source`]: a file's text becomes a value with the place of each of its parts; problems point there.
//! - [`document`]: the file as written, held against its schema, which is also the editor's.
//! - [`check`]: every problem of a file at once, or a [`flow::Flow`], in which names resolve and values
//!   ([`expression`]) are parsed. [`mapping`] does the same for field mappings, [`pack`] for a whole folder.
//! - [`schedule`]: when a flow starts by the clock.
//! - [`plan`]: the flow as a DAG.
//! - [`run`]: one execution, a pure state machine whose events are its record. [`run::driver`] acts for it,
//!   through the operations of a [`connector`], as far as the [`traffic`] to its service allows.
//! - [`engine`]: takes events in by way of the [`store`], lines them up in the lanes of the [`inbox`], and
//!   drives their runs.
//!
//! Start with [`flow`], then [`run`]. Only the driver, the traffic, the store, the engine and the [`clock`] wait or
//! touch disk and time; the engine has no HTTP: that is the connectors'.

pub mod check;
pub mod clock;
pub mod connector;
pub mod difference;
pub mod document;
pub mod engine;
pub mod expression;
pub mod flow;
pub mod inbox;
pub mod mapping;
pub mod outcome;
pub mod pack;
pub mod plan;
pub mod run;
pub mod schedule;
mod shared;
pub mod source;
pub mod store;
pub mod traffic;
