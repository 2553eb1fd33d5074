//! YAML text to JSON value and places, in one walk.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_yaml::Spanned;
use serde_yaml::options::DuplicateKeyPolicy;

use super::{Problem, Route, Source, Spot};

/// Nodes that a file may have: far more than any flow needs, few enough to stop a text that unfolds.
const MOST_NODES: usize = 50_000;
/// Depth to which a file may nest: some fifteen scopes within each other. Reading and checking go down with the
/// text, and a thread's usual stack must do for it.
const MOST_DEPTH: usize = 40;

/// How the reader's message begins where `---` stands between two documents.
const SEVERAL: &str = "multiple YAML documents";

pub(super) fn read(name: String, text: String) -> (Arc<Source>, Vec<Problem>) {
    let mut source = Source { name, text, value: Value::Null, spots: HashMap::new() };
    match serde_yaml::from_str_with_options::<Spanned<Node>>(&source.text, options()) {
        Ok(root) => {
            let mut duplicates = Vec::new();
            let mut walk = Walk { spots: &mut source.spots, duplicates: &mut duplicates };
            source.value = walk.value(Route::root(), None, root);
            let source = Arc::new(source);
            let problems = duplicates.into_iter().map(|duplicate| duplicate.problem(&source)).collect();
            (source, problems)
        }
        Err(error) => {
            let error = error.without_snippet();
            let at = error.location().map_or(0..0, |location| bytes(&location, &source.text));
            let message = first_line(&error.to_string());
            let help = way_out(&message, &source.text, at.start);
            let source = Arc::new(source);
            let problem = Problem::error_at(&source, at, message).help_if(help.map(str::to_owned));
            (source, vec![problem])
        }
    }
}

fn options() -> serde_yaml::Options {
    serde_yaml::options! {
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        strict_booleans: true,
        reject_unsupported_tags: true,
        with_snippet: false,
        budget: serde_yaml::budget! { max_nodes: MOST_NODES, max_depth: MOST_DEPTH },
    }
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let line = line.split(" at line ").next().unwrap_or(line);
    if line.starts_with(SEVERAL) {
        return "a second document begins here, and a file holds one".to_owned();
    }
    line.trim_end_matches('.').to_owned()
}

/// How to mend a text that does not parse, where its line shows what was meant.
fn way_out(message: &str, text: &str, at: usize) -> Option<&'static str> {
    let start = text.get(..at)?.rfind('\n').map_or(0, |newline| newline + 1);
    let line = text.get(start..)?.lines().next()?;
    if message.starts_with("tabs") {
        Some("indent with blanks")
    } else if line.contains(['@', '[']) || line.contains("{{") {
        Some("text that starts with `@`, `{{` or `[`, or a path with brackets inside `{ }`, must be quoted")
    } else {
        None
    }
}

fn bytes(location: &serde_yaml::Location, text: &str) -> Range<usize> {
    let span = location.span();
    let start = usize::try_from(span.byte_offset().unwrap_or_else(|| span.offset())).unwrap_or(0).min(text.len());
    let length = usize::try_from(span.byte_len().unwrap_or(0)).unwrap_or(0);
    start..(start + length).min(text.len())
}

/// A node of the file with the places of all that is in it.
enum Node {
    Scalar(Value),
    List(Vec<Spanned<Node>>),
    Map(Vec<(Spanned<String>, Spanned<Node>)>),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Scalar(Value::from(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Scalar(Value::from(value)))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Node, E> {
        match Number::from_f64(value) {
            Some(number) => Ok(Node::Scalar(Value::Number(number))),
            None => Err(E::custom("a number that is not finite has no place in a flow")),
        }
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Scalar(Value::from(value)))
    }

    fn visit_string<E>(self, value: String) -> Result<Node, E> {
        Ok(Node::Scalar(Value::String(value)))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut map = Vec::new();
        while let Some(key) = entries.next_key::<Spanned<Node>>()? {
            let Node::Scalar(name) = key.value else {
                return Err(A::Error::custom("a key must be text; a template must stand in quotes"));
            };
            let name = match name {
                Value::String(name) => name,
                other => other.to_string(),
            };
            map.push((Spanned::new(name, key.referenced, key.defined), entries.next_value()?));
        }
        Ok(Node::Map(map))
    }
}

/// Turns nodes into values while noting the places.
struct Walk<'a> {
    spots: &'a mut HashMap<Route, Spot>,
    duplicates: &'a mut Vec<Duplicate>,
}

impl Walk<'_> {
    fn value(&mut self, route: Route, key: Option<Range<usize>>, node: Spanned<Node>) -> Value {
        let scalar = matches!(node.value, Node::Scalar(_));
        self.spots.insert(route.clone(), Spot { key, value: span(&node.referenced), scalar });
        match node.value {
            Node::Scalar(value) => value,
            Node::List(items) => {
                items.into_iter().enumerate().map(|(index, item)| self.value(route.index(index), None, item)).collect()
            }
            Node::Map(entries) => Value::Object(self.map(&route, entries)),
        }
    }

    fn map(&mut self, route: &Route, entries: Vec<(Spanned<String>, Spanned<Node>)>) -> Map<String, Value> {
        let mut map = Map::new();
        for (key, node) in entries {
            let below = route.key(&key.value);
            let at = span(&key.referenced);
            if let Some(first) = self.spots.get(&below).and_then(|spot| spot.key.clone()) {
                self.duplicates.push(Duplicate { name: key.value, first, second: at });
                continue;
            }
            let value = self.value(below, Some(at), node);
            map.insert(key.value, value);
        }
        map
    }
}

fn span(location: &serde_yaml::Location) -> Range<usize> {
    let span = location.span();
    let start = usize::try_from(span.byte_offset().unwrap_or(0)).unwrap_or(0);
    start..start + usize::try_from(span.byte_len().unwrap_or(0)).unwrap_or(0)
}

/// A key given twice in one map.
struct Duplicate {
    name: String,
    first: Range<usize>,
    second: Range<usize>,
}

impl Duplicate {
    fn problem(self, source: &Arc<Source>) -> Problem {
        let (line, _) = source.line_and_column(self.first.start);
        Problem::error_at(
            source,
            self.second,
            format!("`{}` is given twice; the first stands in line {line}", self.name),
        )
        .help("rename one of the two, or remove it")
    }
}
