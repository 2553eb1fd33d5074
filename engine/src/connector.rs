//! What a service can do, as the engine sees it.
//!
//! Authors of connectors write [`Operation`] and [`Trigger`] with types of their own; a wrapper
//! erases the types for the engine, which moves JSON. The types give the schemas, so the
//! checker, the editor and the documentation know every input and output. A [`Connector`] is a list of
//! operations, triggers and record types; [`Connectors`] is the list of connectors that a pack may name.

mod error;
mod limits;
mod operation;
mod trigger;

use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;
use serde::de::{DeserializeOwned, Error};
use serde_json::Value;

pub use error::{CallError, CallErrorKind};
pub use limits::{Limits, Rate};
pub use operation::{Answer, AnyOperation, CallKey, Effect, Envelope, Operation, Repeat};
pub use trigger::{AnyTrigger, Incoming, Mode, Polled, Refusal, Trigger, TriggerEvent};

/// A module for one service: its operations, triggers and record types, by name.
#[derive(Clone)]
pub struct Connector {
    name: &'static str,
    operations: IndexMap<&'static str, Arc<dyn AnyOperation>>,
    triggers: IndexMap<&'static str, Arc<dyn AnyTrigger>>,
    records: IndexMap<&'static str, Value>,
    open_records: bool,
    limits: Limits,
    recall: Option<Recall>,
}

/// Learns again what an operation gave.
type Recall = Arc<dyn Fn(&Value) + Send + Sync>;

impl Connector {
    /// A connector without operations; `name` is the part before the dot in `dataverse.get_row`.
    pub fn new(name: &'static str) -> Connector {
        Connector {
            name,
            operations: IndexMap::new(),
            triggers: IndexMap::new(),
            records: IndexMap::new(),
            open_records: false,
            limits: Limits::default(),
            recall: None,
        }
    }

    /// Adds an operation under its own name.
    #[must_use]
    pub fn with(mut self, operation: impl Operation) -> Connector {
        let operation: Arc<dyn AnyOperation> = Arc::new(operation::Typed::new(operation));
        self.operations.insert(operation.name(), operation);
        self
    }

    /// Adds a trigger under its own name.
    #[must_use]
    pub fn with_trigger(mut self, trigger: impl Trigger) -> Connector {
        let trigger: Arc<dyn AnyTrigger> = Arc::new(trigger::Typed::new(trigger));
        self.triggers.insert(trigger.name(), trigger);
        self
    }

    /// Declares a record type that mappings may name (`partner_center.referral`), by its Rust type.
    #[must_use]
    pub fn with_record<T: schemars::JsonSchema>(mut self, name: &'static str) -> Connector {
        self.records.insert(name, schema_of::<T>());
        self
    }

    /// Says that any table of the service is a record type, with columns that only the service knows.
    #[must_use]
    pub fn with_open_records(mut self) -> Connector {
        self.open_records = true;
        self
    }

    /// Says how much the service may be asked for, where that is not the usual.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Connector {
        self.limits = limits;
        self
    }

    /// Says how the connector learns again what it knew before the process ended: before anything is begun, it is told
    /// what its operations gave in runs that are under way, or began a short while ago.
    #[must_use]
    pub fn with_recall(mut self, recall: impl Fn(&Value) + Send + Sync + 'static) -> Connector {
        self.recall = Some(Arc::new(recall));
        self
    }

    /// Tells the connector what one of its operations gave.
    pub(crate) fn recall(&self, output: &Value) {
        if let Some(recall) = &self.recall {
            recall(output);
        }
    }

    /// How much the service may be asked for.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// The name that flows use.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The operation of that name, without the connector's.
    pub fn operation(&self, name: &str) -> Option<&Arc<dyn AnyOperation>> {
        self.operations.get(name)
    }

    /// The trigger of that name, without the connector's.
    pub fn trigger(&self, name: &str) -> Option<&Arc<dyn AnyTrigger>> {
        self.triggers.get(name)
    }

    /// All operations, in the order in which they were added.
    pub fn operations(&self) -> impl Iterator<Item = &Arc<dyn AnyOperation>> {
        self.operations.values()
    }

    /// All triggers, in the order in which they were added.
    pub fn triggers(&self) -> impl Iterator<Item = &Arc<dyn AnyTrigger>> {
        self.triggers.values()
    }

    /// The names of the closed record types.
    pub fn records(&self) -> impl Iterator<Item = &'static str> {
        self.records.keys().copied()
    }

    /// What is known of a record type: its schema, nothing but that it may exist, or that it does not.
    pub fn record(&self, name: &str) -> RecordType<'_> {
        match self.records.get(name) {
            Some(schema) => RecordType::Closed(schema),
            None if self.open_records => RecordType::Open,
            None => RecordType::Unknown,
        }
    }
}

/// What a connector knows of a record type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RecordType<'a> {
    /// Every field is known: a JSON Schema.
    Closed(&'a Value),
    /// The service decides at run time which fields there are.
    Open,
    /// The connector has no such record type.
    Unknown,
}

/// The connectors that a pack may name.
#[derive(Clone, Default)]
pub struct Connectors(IndexMap<&'static str, Connector>);

impl Connectors {
    /// The list in plain sight: one line a connector.
    pub fn new(connectors: impl IntoIterator<Item = Connector>) -> Connectors {
        Connectors(connectors.into_iter().map(|connector| (connector.name(), connector)).collect())
    }

    /// The connector of that name.
    pub fn get(&self, name: &str) -> Option<&Connector> {
        self.0.get(name)
    }

    /// The operation with that full name, such as `dataverse.get_row`.
    pub fn operation(&self, full_name: &str) -> Option<&Arc<dyn AnyOperation>> {
        let (connector, operation) = full_name.split_once('.')?;
        self.get(connector)?.operation(operation)
    }

    /// The trigger with that full name, such as `events.referral`.
    pub fn trigger(&self, full_name: &str) -> Option<&Arc<dyn AnyTrigger>> {
        let (connector, trigger) = full_name.split_once('.')?;
        self.get(connector)?.trigger(trigger)
    }

    /// How much each service may be asked for, by the connector's name.
    pub fn limits(&self) -> IndexMap<String, Limits> {
        self.iter().map(|connector| (connector.name().to_owned(), connector.limits())).collect()
    }

    /// All connectors, in the order of the list.
    pub fn iter(&self) -> impl Iterator<Item = &Connector> {
        self.0.values()
    }
}

/// The schemas of an operation or a trigger, once they have been asked for.
#[derive(Default)]
struct Schemas {
    input: OnceLock<Value>,
    output: OnceLock<Value>,
}

/// The typed input of an operation or a trigger. A list is refused first: the reader of a type would take one for its
/// members in order, and an empty one where none is required.
fn read_input<T: DeserializeOwned>(name: &str, input: &Value) -> Result<T, CallError> {
    let list = || serde_json::Error::custom("a list, where an object is expected");
    let read = if input.is_array() { Err(list()) } else { T::deserialize(input) };
    read.map_err(|error| {
        CallError::new(CallErrorKind::Input, format!("the input of `{name}` is not as it should be: {error}"))
    })
}

/// The JSON Schema of a type, as the checker and the documentation read it: references resolved in place.
fn schema_of<T: schemars::JsonSchema>() -> Value {
    schemars::generate::SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}
