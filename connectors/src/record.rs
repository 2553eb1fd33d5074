//! Records as the services gave them.
//!
//! A service may add a property or a value at any time, and what it says must come through unharmed
//! (unknown enum values included). So a record stays JSON, and its type says only what is known of it.

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// JSON with the schema of `T`: nothing is dropped that `T` does not know.
#[derive(Debug, Clone)]
pub struct Record<T> {
    value: Value,
    shape: PhantomData<fn() -> T>,
}

/// A row of a table whose columns only the service knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Row(pub Map<String, Value>);

impl From<Row> for Value {
    fn from(row: Row) -> Value {
        Value::Object(row.0)
    }
}

impl<T> Record<T> {
    /// The record as JSON.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The record as JSON, without a copy.
    pub fn into_value(self) -> Value {
        self.value
    }
}

impl<T> From<Value> for Record<T> {
    fn from(value: Value) -> Record<T> {
        Record { value, shape: PhantomData }
    }
}

impl<T> Serialize for Record<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl<'de, T> Deserialize<'de> for Record<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Record<T>, D::Error> {
        Value::deserialize(deserializer).map(Record::from)
    }
}

impl<T: JsonSchema> JsonSchema for Record<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}
