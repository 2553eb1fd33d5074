//! [`Document`] → JSON, by the convention of Newtonsoft's converter, which the service uses.
//!
//! Attributes are `@name`, text is `#text`, elements of one name are grouped in the place of the first; a group of
//! several is a list. An element with text only is that text, an empty one is null, or `""` with two tags.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::document::{Doctype, Document, Kind, NodeId};
use super::name;

/// The namespace of the attribute `Array`, which makes a list of a single element.
const JSON: &str = "http://james.newtonking.com/projects/json";

/// The document as an object.
pub(super) fn object(document: &Document) -> Value {
    let mut object = Map::new();
    add_groups(document, 0, &mut object);
    Value::Object(object)
}

/// Adds a node's children, grouped by name; no deeper than a document may be nested.
fn add_groups(document: &Document, id: NodeId, object: &mut Map<String, Value>) {
    let mut groups: IndexMap<String, Vec<NodeId>> = IndexMap::new();
    for child in document.children(id) {
        groups.entry(key(document.kind(child))).or_default().push(child);
    }
    for (key, nodes) in groups {
        match nodes[..] {
            [single] if !is_list(document, single) => {
                if let Some(value) = value(document, single) {
                    object.insert(key, value);
                }
            }
            _ => {
                let values = nodes.iter().filter_map(|node| value(document, *node)).collect();
                object.insert(key, Value::Array(values));
            }
        }
    }
}

/// The key of a node.
fn key(kind: &Kind) -> String {
    match kind {
        Kind::Element { name, .. } => prefixed(&name.prefix, &name.local),
        Kind::Attribute { name, .. } => format!("@{}", prefixed(&name.prefix, &name.local)),
        Kind::Namespace { prefix, .. } if prefix.is_empty() => "@xmlns".to_owned(),
        Kind::Namespace { prefix, .. } => format!("@xmlns:{prefix}"),
        Kind::Text(_) => "#text".to_owned(),
        Kind::Whitespace(_) => "#significant-whitespace".to_owned(),
        Kind::CData(_) => "#cdata-section".to_owned(),
        Kind::Comment(_) => "#comment".to_owned(),
        Kind::Instruction { target, .. } => format!("?{target}"),
        Kind::Declaration { .. } => "?xml".to_owned(),
        Kind::Doctype(_) => "!DOCTYPE".to_owned(),
        Kind::Root => String::new(),
    }
}

fn prefixed(prefix: &str, local: &str) -> String {
    let local = name::decode(local);
    if prefix.is_empty() { local } else { format!("{prefix}:{local}") }
}

/// The value of a node; a comment has none.
fn value(document: &Document, id: NodeId) -> Option<Value> {
    match document.kind(id) {
        Kind::Element { short, .. } => Some(element(document, id, *short)),
        Kind::Text(text) | Kind::Whitespace(text) | Kind::CData(text) => Some(Value::from(text.as_str())),
        Kind::Attribute { value, .. } => Some(Value::from(value.as_str())),
        Kind::Namespace { namespace, .. } => Some(Value::from(namespace.as_str())),
        Kind::Instruction { data, .. } => Some(Value::from(data.as_str())),
        Kind::Declaration { encoding, standalone } => Some(fields([
            ("@version", Some("1.0")),
            ("@encoding", encoding.as_deref()),
            ("@standalone", standalone.as_deref()),
        ])),
        Kind::Doctype(doctype) => Some(type_fields(doctype)),
        Kind::Comment(_) | Kind::Root => None,
    }
}

fn type_fields(doctype: &Doctype) -> Value {
    fields([
        ("@name", Some(&doctype.name)),
        ("@public", doctype.public.as_deref()),
        ("@system", doctype.system.as_deref()),
        ("@internalSubset", Some(&doctype.subset)),
    ])
}

/// An object of the fields that are not empty.
fn fields<const N: usize>(fields: [(&str, Option<&str>); N]) -> Value {
    fields
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), Value::from(value.filter(|value| !value.is_empty())?))))
        .collect::<Map<String, Value>>()
        .into()
}

fn element(document: &Document, id: NodeId, short: bool) -> Value {
    let mut object = Map::new();
    for attribute in document.attributes(id).filter(|attribute| !is_marker(document.kind(*attribute))) {
        if let Some(value) = value(document, attribute) {
            object.insert(key(document.kind(attribute)), value);
        }
    }
    let mut children = document.children(id);
    match (object.is_empty(), children.next(), children.next()) {
        (true, None, _) if short => return Value::Null,
        (true, None, _) => return Value::from(""),
        (true, Some(only), None) => {
            if let Kind::Text(text) = document.kind(only) {
                return Value::from(text.as_str());
            }
        }
        _ => {}
    }
    add_groups(document, id, &mut object);
    Value::Object(object)
}

/// Whether it is an element with `json:Array="true"`.
fn is_list(document: &Document, id: NodeId) -> bool {
    document.attributes(id).any(|attribute| {
        matches!(document.kind(attribute), Kind::Attribute { name, value }
            if &*name.namespace == JSON && name.local == "Array" && value.trim().eq_ignore_ascii_case("true"))
    })
}

/// Whether it speaks to the converter only.
fn is_marker(kind: &Kind) -> bool {
    match kind {
        Kind::Attribute { name, .. } => &*name.namespace == JSON,
        Kind::Namespace { namespace, .. } => namespace == JSON,
        _ => false,
    }
}
