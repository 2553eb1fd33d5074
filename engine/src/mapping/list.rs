//! Lists of records, compared as sets by one of their fields.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::carry::Work;
use super::error::Unmappable;
use super::path::FieldPath;
use super::{Field, Nested, SideIndex};

/// How the records of a list are mapped.
#[derive(Debug)]
pub(crate) struct List {
    /// The mapping of each record.
    pub(crate) nested: Nested,
    /// The nested field by which records belong together.
    pub(crate) matched_by: String,
    /// Whether a record that the source does not have is removed.
    pub(crate) remove_absent: bool,
}

impl List {
    /// The list as the target should hold it; `None` where it does.
    ///
    /// The target's order is kept and new records stand at the end, so that another field may own a place in
    /// the list (`team[0]`).
    pub(crate) fn carried(
        &self,
        source: &Value,
        target: Option<&Value>,
        work: &Work<'_>,
    ) -> Result<Option<Value>, Unmappable> {
        let to = work.to;
        let mut unmatched: Vec<Option<&Value>> = items(source)?.iter().map(Some).collect();
        let present = target.map_or(Ok(&[][..]), items)?;
        let mut changed = false;
        let mut list = Vec::new();
        for held in present {
            let key = self.key(held, to);
            let matching = unmatched.iter_mut().find(|item| item.is_some_and(|item| self.key(item, to.other()) == key));
            match matching.and_then(Option::take) {
                Some(item) => {
                    let mut record = Cow::Owned(self.kept(held, to));
                    let changes =
                        self.nested.directed(to).change(work.occasion_of(Some(held)), item, &mut record, work.scope)?;
                    changed |= changes.iter().any(|change| change.field != self.matched_by);
                    list.push(record.into_owned());
                }
                None if self.remove_absent => changed = true,
                None => list.push(self.kept(held, to)),
            }
        }
        for item in unmatched.into_iter().flatten() {
            list.push(self.nested.directed(to).create(item, work.scope)?);
            changed = true;
        }
        Ok(changed.then_some(Value::Array(list)))
    }

    /// What identifies a record; letter case does not count, since it mostly is an e-mail address or an id.
    fn key(&self, item: &Value, side: SideIndex) -> Value {
        let side = self.nested.side(side);
        let field = self.nested.mapping.fields().iter().find(|field| field.name() == self.matched_by);
        let value = field.and_then(|field| field.end(side)?.read_one(item).map(|value| (field, value)));
        let canonical = value.and_then(|(field, value)| field.rule.canonical(value).ok());
        match canonical {
            Some(Value::String(text)) => Value::from(text.to_lowercase()),
            other => other.unwrap_or(Value::Null),
        }
    }

    /// What stays of a record that is there already: all of it where the service takes the whole
    /// record back, else only the columns that the mapping knows.
    fn kept(&self, held: &Value, to: SideIndex) -> Value {
        let side = self.nested.side(to);
        if self.nested.mapping.side(side).is_closed() {
            return held.clone();
        }
        let ends = self.nested.mapping.fields().iter().filter_map(|field: &Field| field.end(side));
        let heads = ends.flat_map(|end| end.paths()).map(FieldPath::head);
        let mut kept = Value::Object(Map::new());
        for head in heads {
            if let Some(value) = head.read(held) {
                head.write(&mut kept, value.clone());
            }
        }
        kept
    }
}

fn items(value: &Value) -> Result<&[Value], Unmappable> {
    match value {
        Value::Null => Ok(&[]),
        Value::Array(items) => Ok(items),
        other => {
            let kind = if other.is_object() { "an object".to_owned() } else { format!("`{other}`") };
            Err(Unmappable::new(
                format!("a list is expected, and there is {kind}"),
                "name a place that holds a list, or leave out `list: true`",
            ))
        }
    }
}
