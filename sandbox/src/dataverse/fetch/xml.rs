//! The text of a fetch query as a tree of elements.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::bad;
use crate::dataverse::refusal::Refusal;

/// Elements nested deeper than this are refused.
const DEEPEST: usize = 20;

/// More elements are refused.
const MOST_ELEMENTS: usize = 2_000;

/// One element of the query.
#[derive(Debug, Default, Clone)]
pub(crate) struct Element {
    /// Its name.
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
    /// The elements in it.
    pub(crate) children: Vec<Element>,
    /// The text in it.
    pub(crate) text: String,
}

impl Element {
    /// An attribute.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The elements of one name in it.
    pub(super) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Whether an attribute is `true`.
    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }

    /// An attribute that is a whole number.
    pub(super) fn number(&self, name: &str) -> Option<usize> {
        self.get(name)?.parse().ok()
    }
}

/// Reads a query.
pub(super) fn read(text: &str) -> Result<Element, Refusal> {
    let mut reader = Reader::from_str(text);
    let mut open = vec![Element::default()];
    let mut seen = 0;
    loop {
        let event = reader.read_event().map_err(|error| bad(&error.to_string()))?;
        seen += 1;
        if open.len() > DEEPEST || seen > MOST_ELEMENTS {
            return Err(bad("it is too long or nested too deeply"));
        }
        match event {
            Event::Start(start) => open.push(element(&start)?),
            Event::Empty(start) => put(&mut open, element(&start)?),
            Event::Text(text) => {
                if let Some(current) = open.last_mut() {
                    current.text.push_str(&text);
                }
            }
            Event::GeneralRef(name) => {
                let text = format!("&{};", &*name);
                let text = quick_xml::escape::unescape(&text).map_err(|error| bad(&error.to_string()))?;
                if let Some(current) = open.last_mut() {
                    current.text.push_str(&text);
                }
            }
            Event::End(_) => {
                if let Some(done) = open.pop() {
                    put(&mut open, done);
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    match open.as_mut_slice() {
        [root] => root.children.pop().ok_or_else(|| bad("it is empty")),
        _ => Err(bad("an element is not closed")),
    }
}

fn put(open: &mut [Element], element: Element) {
    if let Some(parent) = open.last_mut() {
        parent.children.push(element);
    }
}

fn element(start: &BytesStart<'_>) -> Result<Element, Refusal> {
    let name = start.name().as_ref().to_owned();
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| bad(&error.to_string()))?;
        let value =
            quick_xml::escape::unescape(&attribute.value).map_err(|error| bad(&error.to_string()))?.into_owned();
        attributes.push((attribute.key.as_ref().to_owned(), value));
    }
    Ok(Element { name, attributes, ..Element::default() })
}
