//! Two fields that write the same place.

use crate::mapping::{Field, Kind, SideIndex};
use crate::source::{Problem, Route};

use super::Checking;

impl Checking<'_> {
    /// A place that two fields write on the same occasion would be changed to and fro for ever.
    pub(super) fn conflicts(&mut self, fields: &[Field]) {
        for (position, field) in fields.iter().enumerate() {
            for earlier in &fields[..position] {
                let clash = SideIndex::BOTH.into_iter().find_map(|to| clash(earlier, field, to));
                if let Some(place) = clash {
                    let at = Route::root().key("fields").key(field.name());
                    let message = format!("`{}` and `{}` both write `{place}`", earlier.name(), field.name());
                    let problem = Problem::error_in_key(self.source, &at, message);
                    self.problems.push(problem.help(
                        "let each place be written by one field: take one away, or set its `to_…` to never or to another occasion",
                    ));
                }
            }
        }
    }
}

fn clash(a: &Field, b: &Field, to: SideIndex) -> Option<String> {
    let (of_a, of_b) = (a.towards(to), b.towards(to));
    if !(of_a.create && of_b.create || of_a.update && of_b.update) {
        return None;
    }
    let places = |field: &Field| -> Vec<String> {
        field.end(to).into_iter().flat_map(|end| end.written()).map(ToString::to_string).collect()
    };
    let (places_of_a, places_of_b) = (places(a), places(b));
    let same = places_of_a.iter().find(|place| places_of_b.contains(place)).cloned();
    same.or_else(|| undone(a, &places_of_a, &places_of_b)).or_else(|| undone(b, &places_of_b, &places_of_a))
}

/// A list that removes what its source doesn't have undoes what another field writes at one of its places.
fn undone(list: &Field, places: &[String], others: &[String]) -> Option<String> {
    let removes = matches!(&list.kind, Kind::List(list) if list.remove_absent);
    let inside = |other: &&String| places.iter().any(|place| other.starts_with(&format!("{place}[")));
    others.iter().find(|other| removes && inside(other)).cloned()
}
