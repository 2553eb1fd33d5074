//! Files as written: serde shapes only, with the doc comments that the editor shows.
//!
//! The schema made from a type is at once what the editor uses and what `shape` holds a file against, so
//! that both say the same. Nothing here knows what a flow means.

mod flow;
pub mod mapping;
mod pack;
mod schedule;
mod shape;
mod step;
mod test;

pub use flow::{
    FlowDocument, InputDocument, InputKind, InputsDocument, MergeDocument, TriggerDocument, VariableDocument,
    VariableKind,
};
pub use pack::{
    ColumnDocument, ColumnKind, ConnectionDocument, PackDocument, ParameterDocument, ReconcileDocument, TableDocument,
};
pub use schedule::{DayDocument, MissedDocument, ScheduleDocument};
pub use shape::{Shaped, read_shape, schema};
pub use step::{
    AfterDocument, AtLimitDocument, CallDocument, CaseDocument, FilterDocument, JoinDocument, NoRetryDocument,
    ParseDocument, RetryDocument, RetryKind, RetryPolicyDocument, SecureDocument, SelectDocument, StepDocument,
    StepsDocument, TableColumnDocument, TableFormat, TerminateDocument, TerminateErrorDocument, TextTableDocument,
    UnknownDocument, UpdateDocument, WaitDocument,
};
pub use test::{RecordsDocument, TestDocument, ThenDocument, WhenDocument, WriteDocument};
