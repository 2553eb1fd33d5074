//! One field on its way: what the target should hold for what the source holds.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::Value;

use crate::difference::{is_blank, is_zero};
use crate::document::mapping::Occasion;
use crate::expression::{ExpressionError, Root, Scope};

use super::end::End;
use super::error::Unmappable;
use super::{Constant, Field, Kind, Mapping, SideIndex, lookup};

/// A mapping at work: what stays the same for all fields of a record.
pub(crate) struct Work<'a> {
    pub(crate) mapping: &'a Mapping,
    pub(crate) to: SideIndex,
    pub(crate) occasion: Occasion,
    pub(crate) from: &'a Value,
    pub(crate) scope: &'a dyn Scope,
}

/// One field of a record.
pub(crate) struct Carry<'a> {
    pub(crate) work: &'a Work<'a>,
    pub(crate) field: &'a Field,
    pub(crate) target: &'a End,
    /// The target's record, with what the fields before this one have written.
    pub(crate) record: &'a Value,
}

impl Work<'_> {
    /// What happens to a nested record: one that isn't there is made, also in a record that is changed.
    pub(crate) fn occasion_of(&self, held: Option<&Value>) -> Occasion {
        if held.is_none_or(is_blank) { Occasion::Create } else { self.occasion }
    }
}

impl Carry<'_> {
    /// The values that the target should hold, one a column; `None` where it holds them, or the source has no
    /// opinion.
    pub(crate) fn wanted(&self) -> Result<Option<Vec<Value>>, Unmappable> {
        let held = self.target.read(self.record);
        if self.field.keep_once_set && held.iter().copied().flatten().any(is_set) {
            return Ok(None);
        }
        if let Kind::Constant(constant) = &self.field.kind {
            return Ok(self.plain(&self.constant(constant)?)?.map(|value| vec![value]));
        }
        let Some(source) = self.field.end(self.work.to.other()) else { return Ok(None) };
        let read = source.read(self.work.from);
        if self.field.towards(self.work.to).unless_zero && read.iter().copied().flatten().all(is_zero) {
            return Ok(None);
        }
        if let Kind::Values(table) = &self.field.kind {
            return match table.carried(&read, self.work.to)? {
                Some(values) if values.iter().all(is_blank) => Ok(self.cleared()),
                Some(values) if !table.is_there(&values, &read, &held, self.work.to) => Ok(Some(values)),
                _ => Ok(None),
            };
        }
        match read.first().copied().flatten() {
            None => Ok(None),
            Some(value) if is_blank(value) => Ok(self.cleared()),
            Some(value) => Ok(self.carried(value)?.map(|value| vec![value])),
        }
    }

    /// The one value that the target should hold for what the source holds; `None` where it does.
    fn carried(&self, value: &Value) -> Result<Option<Value>, Unmappable> {
        let current = self.target.read_one(self.record);
        match (&self.field.kind, self.target) {
            (Kind::Decorated(decoration), _) => Ok(decoration.wanted(value, current, self.work.to)),
            (Kind::Lookup(nested), End::Lookup(reference)) => {
                lookup::reference(nested, reference, value, self.record, self.work)
            }
            (Kind::Lookup(nested), _) => lookup::record(nested, value, current, self.work),
            (Kind::List(list), _) => list.carried(value, current, self.work),
            _ => self.plain(value),
        }
    }

    fn plain(&self, value: &Value) -> Result<Option<Value>, Unmappable> {
        let current = self.target.read_one(self.record).unwrap_or(&Value::Null);
        if self.field.rule.equal(value, current)? {
            return Ok(None);
        }
        Ok(Some(self.field.rule.written(value, self.field.instants[self.work.to.place()])?))
    }

    fn constant(&self, constant: &Constant) -> Result<Value, Unmappable> {
        match constant {
            Constant::Literal(value) => Ok(value.clone()),
            Constant::Template(template) => {
                let Work { mapping, to, from, scope, .. } = *self.work;
                let sides = [(mapping.side(to.other()).name(), from), (mapping.side(to).name(), self.record)];
                Ok(Value::from(template.render(&WithSides { sides, around: scope })?))
            }
        }
    }

    /// Null for each column, where the field may be emptied and is not empty yet.
    fn cleared(&self) -> Option<Vec<Value>> {
        let held = self.target.read(self.record);
        let empty = held.iter().all(|value| value.is_none_or(is_blank));
        (self.field.clear && !empty).then(|| vec![Value::Null; held.len()])
    }
}

/// The names that a template of a mapping may read: the two sides, and what is known around them.
struct WithSides<'a> {
    sides: [(&'a str, &'a Value); 2],
    around: &'a dyn Scope,
}

impl Scope for WithSides<'_> {
    fn root(&self, root: &Root) -> Result<Cow<'_, Value>, ExpressionError> {
        let side = self.sides.iter().find(|(name, _)| matches!(root, Root::Named(named) if named == name));
        side.map_or_else(|| self.around.root(root), |(_, record)| Ok(Cow::Borrowed(*record)))
    }

    fn now(&self) -> Result<Timestamp, ExpressionError> {
        self.around.now()
    }

    fn random(&self) -> Result<u128, ExpressionError> {
        self.around.random()
    }
}

fn is_set(value: &Value) -> bool {
    !is_blank(value) && *value != Value::Bool(false)
}
