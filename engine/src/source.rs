//! A file's text, where each of its values stands, and how problems in it print.
//!
//! This is the one place that reads YAML. A file becomes a JSON value for the stages that follow, and a
//! table from [`Route`] to place, so that a later stage names a route and the author sees line and column.

mod code;
mod part;
mod problem;
mod read;

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

pub use code::Code;
pub use problem::{Problem, Problems, Severity, nearest};

/// A YAML file, read: the value as written, and where each part of it stands.
#[derive(Debug)]
pub struct Source {
    name: String,
    text: String,
    value: Value,
    spots: HashMap<Route, Spot>,
}

impl Source {
    /// Reads a YAML text. What can't be read, and keys given twice, are problems; `name` is shown in them.
    pub fn read(name: impl Into<String>, text: impl Into<String>) -> (Arc<Source>, Vec<Problem>) {
        read::read(name.into(), text.into())
    }

    /// A text that is no YAML, such as an expression that was typed: it has a text to point into, and no value.
    pub fn plain(name: impl Into<String>, text: impl Into<String>) -> Arc<Source> {
        Arc::new(Source { name: name.into(), text: text.into(), value: Value::Null, spots: HashMap::new() })
    }

    /// The file's name as shown in problems.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The value as written; null for a file that could not be read.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The bytes to point at for a route: the value where it is a scalar, else its key. A route that the
    /// file doesn't have points at the nearest one above it.
    pub fn span(&self, route: &Route) -> Range<usize> {
        let mut route = route.clone();
        loop {
            if let Some(spot) = self.spots.get(&route) {
                return spot.shown();
            }
            match route.parent() {
                Some(parent) => route = parent,
                None => return 0..0,
            }
        }
    }

    /// The bytes to point at for a part of a string, counted in bytes of its value; the whole string where its part
    /// cannot be told in the text.
    pub fn part_span(&self, route: &Route, part: &Range<usize>) -> Range<usize> {
        let whole = self.span(route);
        let value = self.value.pointer(route.as_str()).and_then(Value::as_str);
        let spot = self.spots.get(route).map(|spot| spot.value.clone());
        let found = value.zip(spot).and_then(|(value, spot)| {
            let found = part::written(self.text.get(spot.clone())?, value, part)?;
            Some(spot.start + found.start..spot.start + found.end)
        });
        found.unwrap_or(whole)
    }

    /// The bytes of the key at a route, for a problem with the name itself.
    pub fn key_span(&self, route: &Route) -> Range<usize> {
        self.spots.get(route).and_then(|spot| spot.key.clone()).unwrap_or_else(|| self.span(route))
    }

    /// Line and column of a byte, both counted from 1, the column in characters.
    pub fn line_and_column(&self, byte: usize) -> (usize, usize) {
        let before = self.text.get(..byte).unwrap_or(&self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

/// Where a value and its key stand, in bytes.
#[derive(Debug, Clone)]
struct Spot {
    key: Option<Range<usize>>,
    value: Range<usize>,
    scalar: bool,
}

impl Spot {
    fn shown(&self) -> Range<usize> {
        match &self.key {
            Some(key) if !self.scalar || self.value.is_empty() => key.clone(),
            _ => self.value.clone(),
        }
    }
}

/// The way from a file's root to one of its values: keys and indices, written as a JSON pointer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Route(String);

impl Route {
    /// The root of a file.
    pub fn root() -> Route {
        Route::default()
    }

    /// One step further down, by key.
    #[must_use]
    pub fn key(&self, key: &str) -> Route {
        Route(format!("{}/{}", self.0, key.replace('~', "~0").replace('/', "~1")))
    }

    /// One step further down, by index.
    #[must_use]
    pub fn index(&self, index: usize) -> Route {
        Route(format!("{}/{index}", self.0))
    }

    /// A JSON pointer below this route.
    #[must_use]
    pub fn pointer(&self, pointer: &str) -> Route {
        Route(format!("{}{pointer}", self.0))
    }

    /// One step up.
    pub fn parent(&self) -> Option<Route> {
        self.0.rfind('/').map(|slash| Route(self.0[..slash].to_owned()))
    }

    /// The key or index that the route ends with; nothing at the root.
    pub fn last(&self) -> Option<String> {
        self.0.rsplit_once('/').map(|(_, last)| last.replace("~1", "/").replace("~0", "~"))
    }

    /// The route as a JSON pointer.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
