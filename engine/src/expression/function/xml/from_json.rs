//! An object with one root property → [`Document`], by the convention of Newtonsoft's converter.
//!
//! `@name` is an attribute, `#text` and `#cdata-section` are text, `?xml` is the declaration; a list is its items
//! one after the other under the same name; null is an empty element. A prefix that is not declared is dropped.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::declaration;
use super::document::{Doctype, Document, Kind, Name};
use super::name;
use super::namespaces::Namespaces;
use crate::expression::{ExpressionError, Operand};

/// The document that an object describes.
pub(super) fn document(object: &Map<String, Value>) -> Result<Document, ExpressionError> {
    let mut making = Making { document: Document::new(), namespaces: Namespaces::default() };
    for (key, value) in object {
        making.root(key, value)?;
    }
    making.document.finish();
    Ok(making.document)
}

/// A document that is being made.
struct Making {
    document: Document,
    namespaces: Namespaces,
}

impl Making {
    /// A property of the outermost object.
    fn root(&mut self, key: &str, value: &Value) -> Result<(), ExpressionError> {
        if key.starts_with('@') || is_text_key(key) {
            return Err(ExpressionError::new(format!("`{key}` cannot stand beside the root element")));
        }
        self.no_root_element_yet()?;
        let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        for item in items {
            if !is_special(key) {
                self.no_root_element_yet()?;
            }
            self.item(key, item)?;
        }
        Ok(())
    }

    /// Nothing follows the root element, not even an instruction: so the service has it.
    fn no_root_element_yet(&self) -> Result<(), ExpressionError> {
        if self.document.root_element().is_none() {
            return Ok(());
        }
        Err(ExpressionError::new("XML has one root element, and the object has more than one property")
            .help("put the object below a single property, and what is no element before it"))
    }

    /// What a property holds: each item of a list in turn.
    fn property(&mut self, key: &str, value: &Value) -> Result<(), ExpressionError> {
        match value {
            Value::Array(items) => items.iter().try_for_each(|item| self.item(key, item)),
            single => self.item(key, single),
        }
    }

    fn item(&mut self, key: &str, value: &Value) -> Result<(), ExpressionError> {
        let kind = match key {
            "#text" => Kind::Text(scalar(key, value)?.into_owned()),
            "#whitespace" | "#significant-whitespace" => Kind::Whitespace(scalar(key, value)?.into_owned()),
            "#cdata-section" => section(&scalar(key, value)?)?,
            "?xml" => declared(value)?,
            _ if key.eq_ignore_ascii_case("!DOCTYPE") => doctype(value)?,
            _ => match key.strip_prefix('?') {
                Some(target) => instruction(target, &scalar(key, value)?)?,
                None => return self.element(key, value),
            },
        };
        if let Some(text) = kind.text() {
            check_chars(key, text)?;
        }
        self.document.add(kind).map(|_| ())
    }

    /// An element; no deeper than a document may be nested.
    fn element(&mut self, key: &str, value: &Value) -> Result<(), ExpressionError> {
        let no_fields = Map::new();
        let fields = value.as_object().unwrap_or(&no_fields);
        self.namespaces.enter();
        for (field, value) in fields {
            if let Some(prefix) = declared_prefix(field) {
                self.namespaces.declare(prefix, &scalar(field, value)?)?;
            }
        }
        let name = self.name(key, true)?;
        self.document.open(name)?;
        self.attributes(fields)?;
        let short = match value {
            Value::Object(fields) => {
                let mut content = fields.iter().filter(|(field, _)| !field.starts_with('@'));
                content.try_for_each(|(field, value)| self.property(field, value))?;
                true
            }
            Value::Array(items) => {
                items.iter().try_for_each(|item| self.item(key, item))?;
                true
            }
            Value::Null => true,
            single => {
                let text = scalar(key, single)?;
                check_chars(key, &text)?;
                if !text.is_empty() {
                    self.document.add(Kind::Text(text.into_owned()))?;
                }
                false
            }
        };
        self.document.close(short);
        self.namespaces.leave();
        Ok(())
    }

    fn attributes(&mut self, fields: &Map<String, Value>) -> Result<(), ExpressionError> {
        for (field, value) in fields {
            let Some(key) = field.strip_prefix('@') else { continue };
            let value = scalar(field, value)?.into_owned();
            check_chars(field, &value)?;
            let kind = match declared_prefix(field) {
                Some(prefix) => Kind::Namespace { prefix: prefix.to_owned(), namespace: value },
                None => Kind::Attribute { name: self.name(key, false)?, value },
            };
            self.document.add(kind)?;
        }
        Ok(())
    }

    /// The name that a key becomes.
    fn name(&self, key: &str, element: bool) -> Result<Name, ExpressionError> {
        if key.is_empty() {
            return Err(ExpressionError::new("a property without a name cannot become XML"));
        }
        let (prefix, local) = match key.split_once(':') {
            Some((prefix, local)) if !prefix.is_empty() && !local.is_empty() => (prefix, local),
            _ => ("", key),
        };
        let namespace = match prefix {
            "" if !element => Some(Arc::from("")),
            _ => self.namespaces.resolve(prefix),
        };
        let prefix = if namespace.is_some() { prefix } else { "" };
        let namespace = namespace.unwrap_or_else(|| Arc::from(""));
        Ok(Name { prefix: prefix.to_owned(), local: name::encode(local), namespace })
    }
}

fn is_text_key(key: &str) -> bool {
    matches!(key, "#text" | "#whitespace" | "#significant-whitespace" | "#cdata-section")
}

/// Whether a key of the outermost object is no element.
fn is_special(key: &str) -> bool {
    key.starts_with('?') || key.eq_ignore_ascii_case("!DOCTYPE")
}

/// The prefix that a field declares, if it is a declaration.
fn declared_prefix(field: &str) -> Option<&str> {
    match field.strip_prefix("@xmlns")? {
        "" => Some(""),
        rest => rest.strip_prefix(':').filter(|prefix| name::is_name(prefix) && *prefix != "xmlns"),
    }
}

/// A section ends at `]]>`, so none can hold it.
fn section(text: &str) -> Result<Kind, ExpressionError> {
    if text.contains("]]>") {
        return Err(ExpressionError::new("`#cdata-section` holds `]]>`, which ends a section").help("make it `#text`"));
    }
    Ok(Kind::CData(text.to_owned()))
}

/// A single value as text: `true`, `1.5`, and nothing for null.
fn scalar<'v>(key: &str, value: &'v Value) -> Result<Cow<'v, str>, ExpressionError> {
    match value {
        Value::Null => Ok(Cow::Borrowed("")),
        Value::Bool(true) => Ok(Cow::Borrowed("true")),
        Value::Bool(false) => Ok(Cow::Borrowed("false")),
        Value::String(text) => Ok(Cow::Borrowed(text)),
        Value::Number(_) => Ok(Cow::Owned(Operand::Borrowed(value).to_text().into_owned())),
        Value::Array(_) | Value::Object(_) => {
            Err(ExpressionError::new(format!("`{key}` must hold a single value to become XML")))
        }
    }
}

fn check_chars(key: &str, text: &str) -> Result<(), ExpressionError> {
    match text.chars().find(|char| !name::is_char(*char)) {
        Some(char) => {
            let message = format!("`{key}` holds the character U+{:04X}, which XML does not take", char as u32);
            Err(ExpressionError::new(message))
        }
        None => Ok(()),
    }
}

fn declared(value: &Value) -> Result<Kind, ExpressionError> {
    let field = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    declaration::checked(field("@version").as_deref(), field("@encoding"), field("@standalone"))
}

fn doctype(value: &Value) -> Result<Kind, ExpressionError> {
    let field = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let doctype = Doctype {
        name: field("@name").unwrap_or_default(),
        public: field("@public"),
        system: field("@system"),
        subset: field("@internalSubset").unwrap_or_default(),
    };
    // What was written must be read as the same, or the text would be some other XML.
    let written = doctype.written();
    let inner = written.strip_prefix("<!DOCTYPE").and_then(|rest| rest.strip_suffix('>')).unwrap_or_default();
    if Doctype::parse(inner).is_ok_and(|read| read.subset == doctype.subset) && !doctype.subset.contains("]>") {
        Ok(Kind::Doctype(doctype))
    } else {
        Err(ExpressionError::new("the fields of `!DOCTYPE` do not make a document type"))
    }
}

fn instruction(target: &str, data: &str) -> Result<Kind, ExpressionError> {
    if !name::is_name(target) || target.eq_ignore_ascii_case("xml") || data.contains("?>") {
        return Err(ExpressionError::new(format!("`?{target}` does not make a processing instruction")));
    }
    check_chars(target, data)?;
    Ok(Kind::Instruction { target: target.to_owned(), data: data.to_owned() })
}
