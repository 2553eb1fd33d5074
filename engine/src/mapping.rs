//! Mappings: tables of field pairs between two kinds of record, read in either direction.
//!
//! The path through it: [`check()`] turns the files of a pack into [`Mapping`]s, with every mistake at its place;
//! a mapping taken in one direction is a [`Directed`], which makes a new record ([`Directed::create`]) or finds
//! what differs in one that is there ([`Directed::compare`]). What differs is a list of [`Change`]s, and
//! [`changes_record`] is what to write.
//!
//! Three rules hold throughout. A field that the source does not have is no opinion and is never written. An
//! empty value is written over another only where the field says `clear: true`. Fields are written in the order
//! of the file, each into the record that the ones before it have left.

mod carry;
mod change;
mod check;
mod decoration;
mod directed;
mod end;
mod error;
mod fields;
mod list;
mod lookup;
mod parameters;
mod path;
mod values;

use std::sync::Arc;

use serde_json::Value;

use crate::difference::Rule;
use crate::expression::Template;

use decoration::Decoration;
use end::End;
use list::List;
use values::Table;

pub use change::{Change, changes_record};
pub use check::check;
pub use directed::Directed;
pub use error::MappingError;

/// A table of field pairs, as meant: every name in it exists, and nested mappings are in place.
#[derive(Debug)]
pub struct Mapping {
    name: String,
    title: Option<String>,
    sides: [Side; 2],
    fields: Vec<Field>,
}

/// One of the two kinds of record of a mapping.
#[derive(Debug, Clone)]
pub struct Side {
    name: String,
    record: String,
    closed: bool,
}

/// Which of the two sides, in the order of `between`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SideIndex {
    /// The side written first.
    First,
    /// The side written second.
    Second,
}

/// One line of the table.
#[derive(Debug)]
pub struct Field {
    name: String,
    title: Option<String>,
    note: Option<String>,
    ends: [Option<End>; 2],
    /// Whether a side takes an instant where the field is about days.
    instants: [bool; 2],
    towards: [Towards; 2],
    kind: Kind,
    rule: Rule,
    clear: bool,
    keep_once_set: bool,
}

/// When a field is written towards a side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Towards {
    /// When the record is made.
    pub create: bool,
    /// When the record is changed.
    pub update: bool,
    /// Not where the source holds 0 or nothing.
    pub unless_zero: bool,
}

/// How a field's value gets from one side to the other.
#[derive(Debug)]
pub(crate) enum Kind {
    /// As it is.
    Plain,
    /// As text with a mark before it on one side.
    Decorated(Decoration),
    /// By a table of values.
    Values(Table),
    /// Not at all: the value is given.
    Constant(Constant),
    /// As a record that one of the sides refers to.
    Lookup(Nested),
    /// As a list of records.
    List(List),
}

/// A value that stands in the mapping.
#[derive(Debug)]
pub(crate) enum Constant {
    /// As it stands.
    Literal(Value),
    /// A text made from the record.
    Template(Template),
}

/// A mapping inside another one.
#[derive(Debug, Clone)]
pub(crate) struct Nested {
    pub(crate) mapping: Arc<Mapping>,
    /// Whether its first side belongs to the outer mapping's second.
    pub(crate) swapped: bool,
}

impl Mapping {
    /// The name by which flows call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What people call it.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// Both sides, in the order of `between`.
    pub fn sides(&self) -> [&Side; 2] {
        self.sides.each_ref()
    }

    /// One of the sides.
    pub fn side(&self, index: SideIndex) -> &Side {
        &self.sides[index.place()]
    }

    /// The side with that name.
    pub fn side_named(&self, name: &str) -> Option<SideIndex> {
        SideIndex::BOTH.into_iter().find(|index| self.side(*index).name == name)
    }

    /// The side whose records are those of a connector (`dataverse`); the first of two.
    pub fn side_of_connector(&self, connector: &str) -> Option<SideIndex> {
        SideIndex::BOTH.into_iter().find(|index| self.side(*index).connector() == connector)
    }

    /// The fields in written order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The mapping in one direction: towards the side whose records are written.
    pub fn directed(self: &Arc<Self>, to: SideIndex) -> Directed {
        Directed::new(Arc::clone(self), to)
    }
}

impl Side {
    /// The name that the mapping's author chose.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The kind of record, such as `dataverse.opportunity`.
    pub fn record(&self) -> &str {
        &self.record
    }

    /// The connector that has the records: the part before the dot.
    pub fn connector(&self) -> &str {
        self.record.split_once('.').map_or("", |(connector, _)| connector)
    }

    /// Whether the connector knows every field of the record in advance.
    pub fn is_closed(&self) -> bool {
        self.closed
    }
}

impl SideIndex {
    /// Both, in order.
    pub const BOTH: [SideIndex; 2] = [SideIndex::First, SideIndex::Second];

    /// The side across.
    #[must_use]
    pub fn other(self) -> SideIndex {
        match self {
            SideIndex::First => SideIndex::Second,
            SideIndex::Second => SideIndex::First,
        }
    }

    /// 0 or 1.
    pub(crate) fn place(self) -> usize {
        match self {
            SideIndex::First => 0,
            SideIndex::Second => 1,
        }
    }
}

impl Field {
    /// The field's name in the mapping.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What people call it.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// Why it is as it is.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Where the value stands on a side, as people read it; `None` where the side has no part in it.
    pub fn place(&self, side: SideIndex) -> Option<String> {
        self.end(side).map(ToString::to_string)
    }

    /// When the field is written towards a side.
    pub fn towards(&self, side: SideIndex) -> Towards {
        self.towards[side.place()]
    }

    pub(crate) fn end(&self, side: SideIndex) -> Option<&End> {
        self.ends[side.place()].as_ref()
    }
}

impl Towards {
    /// On no occasion.
    pub const NEVER: Towards = Towards { create: false, update: false, unless_zero: false };
    /// On every occasion.
    pub const ALWAYS: Towards = Towards { create: true, update: true, unless_zero: false };
}

impl Nested {
    /// The nested mapping towards a side of the mapping around it.
    pub(crate) fn directed(&self, outer: SideIndex) -> Directed {
        self.mapping.directed(self.side(outer))
    }

    /// The nested mapping's side that belongs to a side of the mapping around it.
    pub(crate) fn side(&self, outer: SideIndex) -> SideIndex {
        if self.swapped { outer.other() } else { outer }
    }
}

#[cfg(test)]
mod tests;
