//! Reading a map key by key, so that each wrong key is a problem at its own place.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::source::{Problem, Route, Source, nearest};

/// Reads the parts of a file.
pub(super) struct Reader<'a> {
    pub(super) source: &'a Arc<Source>,
    pub(super) problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    /// The map as a type all of whose keys may be missing. A key that cannot be read is a problem, and missing
    /// in what comes out. `names` are further keys that could have been meant.
    pub(super) fn read<T: DeserializeOwned + Default>(&mut self, value: &Value, at: &Route, names: &[&str]) -> T {
        let Value::Object(entries) = value else {
            self.problems.push(Problem::error(self.source, at, "a map of keys and values is expected here"));
            return T::default();
        };
        let mut readable = Map::new();
        for (key, entry) in entries {
            let alone = Value::Object(Map::from_iter([(key.clone(), entry.clone())]));
            match serde_json::from_value::<T>(alone) {
                Ok(_) => drop(readable.insert(key.clone(), entry.clone())),
                Err(error) => self.misread((key, entry), &at.key(key), &error, names),
            }
        }
        serde_json::from_value(Value::Object(readable)).unwrap_or_default()
    }

    /// One value as a type, or a problem.
    pub(super) fn one<T: DeserializeOwned>(&mut self, key: &str, value: &Value, at: &Route) -> Option<T> {
        serde_json::from_value(value.clone()).map_err(|error| self.misread((key, value), at, &error, &[])).ok()
    }

    /// A key of the file's outermost map that must be there.
    pub(super) fn needed<'v, T>(&mut self, value: &'v Option<T>, key: &str) -> Option<&'v T> {
        if value.is_none() && self.source.value().get(key).is_none() {
            self.problems.push(Problem::error(self.source, &Route::root(), format!("the key `{key}` is missing")));
        }
        value.as_ref()
    }

    fn misread(&mut self, (key, value): (&str, &Value), at: &Route, error: &serde_json::Error, names: &[&str]) {
        let text = error.to_string();
        let quoted: Vec<&str> = text.split('`').skip(1).step_by(2).collect();
        let problem = match quoted.split_first() {
            Some((wrong, expected)) if text.starts_with("unknown field") => {
                let known = || expected.iter().chain(names).copied();
                Problem::error_in_key(self.source, at, format!("there is no key `{wrong}` here"))
                    .help(suggestion(wrong, known))
            }
            Some((wrong, expected)) if text.starts_with("unknown variant") => {
                let known = || expected.iter().copied();
                Problem::error(self.source, at, format!("`{key}` cannot be `{wrong}`")).help(suggestion(wrong, known))
            }
            _ if text.starts_with("invalid") || text.starts_with("missing") => {
                Problem::error(self.source, at, format!("`{key}` cannot be read: {text}"))
            }
            // Where several shapes are possible, the text is what they are.
            _ => Problem::error(self.source, at, format!("`{key}` cannot be `{value}`")).help(format!("write {text}")),
        };
        self.problems.push(problem);
    }
}

/// The nearest of the known names, else all of them.
pub(super) fn suggestion<'a, I: Iterator<Item = &'a str>>(wrong: &str, known: impl Fn() -> I) -> String {
    match nearest(wrong, known()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", known().collect::<Vec<_>>().join(", ")),
    }
}
