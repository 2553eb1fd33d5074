//! A mapping in one direction, at work on records.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::document::mapping::Occasion;
use crate::expression::{ExpressionError, Scope, Transform};

use super::carry::{Carry, Work};
use super::change::{Change, shown};
use super::end::End;
use super::error::{MappingError, Unmappable};
use super::path::FieldPath;
use super::{Field, Mapping, SideIndex};

/// A mapping towards one of its sides.
#[derive(Debug, Clone)]
pub struct Directed {
    mapping: Arc<Mapping>,
    to: SideIndex,
}

impl Directed {
    pub(crate) fn new(mapping: Arc<Mapping>, to: SideIndex) -> Directed {
        Directed { mapping, to }
    }

    /// The mapping itself.
    pub fn mapping(&self) -> &Arc<Mapping> {
        &self.mapping
    }

    /// The side whose records are written.
    pub fn to(&self) -> SideIndex {
        self.to
    }

    /// A new record of the target, nested as the service has it. What the source doesn't have, or has empty,
    /// is left out. `scope` holds `parameters`.
    pub fn create(&self, from: &Value, scope: &dyn Scope) -> Result<Value, MappingError> {
        let mut record = Cow::Owned(Value::Object(Map::new()));
        self.change(Occasion::Create, from, &mut record, scope)?;
        Ok(record.into_owned())
    }

    /// Whether a record of the target has all that [`Directed::compare`] looks at.
    pub fn is_told_by(&self, to: &Value) -> bool {
        self.mapping.is_told_by(to, self.to)
    }

    /// The fields in which a record of the target differs from what the source says.
    pub fn compare(&self, from: &Value, to: &Value, scope: &dyn Scope) -> Result<Vec<Change>, MappingError> {
        self.change(Occasion::Update, from, &mut Cow::Borrowed(to), scope)
    }

    /// Writes into a record what differs, field by field, and says what that was.
    pub(crate) fn change(
        &self,
        occasion: Occasion,
        from: &Value,
        record: &mut Cow<'_, Value>,
        scope: &dyn Scope,
    ) -> Result<Vec<Change>, MappingError> {
        let work = Work { mapping: &self.mapping, to: self.to, occasion, from, scope };
        let mut changes = Vec::new();
        for field in &self.mapping.fields {
            let change = self.change_field(field, record, &work);
            changes.extend(change.map_err(|error| error.in_field(&self.mapping.name, &field.name))?);
        }
        Ok(changes)
    }

    fn change_field(
        &self,
        field: &Field,
        record: &mut Cow<'_, Value>,
        work: &Work<'_>,
    ) -> Result<Option<Change>, Unmappable> {
        if !work.from.is_object() {
            let side = self.mapping.side(self.to.other()).name();
            return Err(Unmappable::new(format!("the {side} is not a record"), "give the mapping an object to read"));
        }
        let wanted_now = match work.occasion {
            Occasion::Create => field.towards(self.to).create,
            Occasion::Update => field.towards(self.to).update,
        };
        let Some(target) = field.end(self.to).filter(|_| wanted_now) else { return Ok(None) };
        let wanted = Carry { work, field, target, record }.wanted()?;
        Ok(wanted.map(|values| written(field, target, record.to_mut(), values)))
    }
}

impl Transform for Directed {
    fn apply(&self, from: &Value, scope: &dyn Scope) -> Result<Value, ExpressionError> {
        Ok(self.create(from, scope)?)
    }

    fn fields(&self) -> Value {
        self.mapping.fields_of(self.to).into_iter().map(Value::from).collect()
    }
}

fn written(field: &Field, target: &End, record: &mut Value, values: Vec<Value>) -> Change {
    let columns: Vec<FieldPath> = target.written().into_iter().map(FieldPath::head).collect();
    let before = match target {
        End::Lookup(reference) => reference.shown(record),
        _ => shown(&columns, record),
    };
    target.write(record, values);
    Change {
        field: field.name.clone(),
        title: field.title.clone().unwrap_or_else(|| field.name.clone()),
        target: columns.iter().map(ToString::to_string).collect(),
        before,
        after: shown(&columns, record),
    }
}
