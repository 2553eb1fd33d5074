//! XML text → [`Document`].
//!
//! The reader takes tags, texts and references apart; here they are put together, namespaces are resolved, and
//! what is not well-formed is refused. As in the service, white space between tags is dropped unless `xml:space`
//! preserves it, and no entity is known but the five of XML itself.

use std::sync::Arc;

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesPI, BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;

use super::declaration;
use super::document::{Doctype, Document, Kind, Name};
use super::name;
use super::namespaces::Namespaces;
use crate::expression::ExpressionError;

/// Reads a document, or says why it is not well-formed.
pub(super) fn read(text: &str) -> Result<Document, ExpressionError> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    if let Some(char) = text.chars().find(|char| !name::is_char(*char)) {
        return Err(wrong(format!("the character U+{:04X} is not allowed", char as u32)));
    }
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = true;
    let mut reading = Reading::new();
    loop {
        let event = reader.read_event().map_err(wrong)?;
        if matches!(event, Event::Eof) {
            return reading.finish();
        }
        reading.event(event)?;
    }
}

/// A document that is being read.
struct Reading {
    document: Document,
    namespaces: Namespaces,
    /// The text since the last tag.
    text: String,
    /// For each open element, whether it preserves white space.
    preserves: Vec<bool>,
    /// Whether anything at all was read.
    began: bool,
    /// Whether a document type was read.
    typed: bool,
}

impl Reading {
    fn new() -> Reading {
        Reading {
            document: Document::new(),
            namespaces: Namespaces::default(),
            text: String::new(),
            preserves: Vec::new(),
            began: false,
            typed: false,
        }
    }

    fn event(&mut self, event: Event<'_>) -> Result<(), ExpressionError> {
        let first = !std::mem::replace(&mut self.began, true);
        match event {
            Event::Text(text) if text.contains("]]>") => {
                return Err(wrong("`]]>` stands outside of a CDATA section"));
            }
            Event::Text(text) => {
                self.text.push_str(&text.xml10_content());
                return Ok(());
            }
            Event::GeneralRef(reference) => return self.reference(&reference),
            _ => self.end_text()?,
        }
        match event {
            Event::Start(tag) => self.open(&tag),
            Event::Empty(tag) => {
                self.open(&tag)?;
                self.close(true);
                Ok(())
            }
            Event::End(_) => {
                self.close(false);
                Ok(())
            }
            Event::CData(text) if self.document.level() > 0 => self.add(Kind::CData(text.xml10_content().into_owned())),
            Event::CData(_) => Err(wrong("there is text outside of the root element")),
            Event::Comment(text) => self.add(Kind::Comment(text.xml10_content().into_owned())),
            Event::Decl(text) if first => declaration::parse(&text).and_then(|declaration| self.add(declaration)),
            Event::Decl(_) => Err(wrong("the declaration `<?xml …?>` must be the first thing of all")),
            Event::PI(instruction) => self.instruction(&instruction),
            Event::DocType(text) => self.doctype(&text),
            Event::Text(_) | Event::GeneralRef(_) | Event::Eof => Ok(()),
        }
    }

    fn add(&mut self, kind: Kind) -> Result<(), ExpressionError> {
        self.document.add(kind).map(|_| ())
    }

    /// `&lt;` or `&#60;`.
    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), ExpressionError> {
        if let Some(char) = reference.resolve_char_ref().map_err(wrong)? {
            if !name::is_char(char) {
                return Err(wrong(format!("the character U+{:04X} is not allowed", char as u32)));
            }
            self.text.push(char);
            return Ok(());
        }
        let entity = resolve_xml_entity(reference)
            .ok_or_else(|| wrong(format!("the entity `{}` is not known", &**reference)))?;
        self.text.push_str(entity);
        Ok(())
    }

    /// Adds the text since the last tag.
    fn end_text(&mut self) -> Result<(), ExpressionError> {
        let text = std::mem::take(&mut self.text);
        let blank = text.chars().all(name::is_space);
        let preserves = self.preserves.last().copied().unwrap_or(false);
        match (text.is_empty(), blank) {
            (true, _) => Ok(()),
            (false, true) if preserves => self.add(Kind::Whitespace(text)),
            (false, true) => Ok(()),
            (false, false) if self.document.level() == 0 => Err(wrong("there is text outside of the root element")),
            (false, false) => self.add(Kind::Text(text)),
        }
    }

    fn open(&mut self, tag: &BytesStart<'_>) -> Result<(), ExpressionError> {
        if self.document.level() == 0 && self.document.root_element().is_some() {
            return Err(wrong("there is more than one root element"));
        }
        let attributes = tag.attributes().collect::<Result<Vec<_>, _>>().map_err(wrong)?;
        let attributes = attributes.iter().map(attribute).collect::<Result<Vec<_>, _>>()?;
        self.namespaces.enter();
        for (key, value) in &attributes {
            if let Some(prefix) = declared_prefix(key) {
                self.declare(prefix, value)?;
            }
        }
        let element = self.name(tag.name().0, true)?;
        self.document.open(element)?;
        self.preserves.push(self.preserves.last().copied().unwrap_or(false));
        self.add_attributes(attributes)
    }

    fn declare(&mut self, prefix: &str, namespace: &str) -> Result<(), ExpressionError> {
        if prefix == "xmlns" || (prefix == "xml" && namespace != super::namespaces::XML) {
            return Err(wrong(format!("the prefix `{prefix}` cannot be declared")));
        }
        if namespace.is_empty() && !prefix.is_empty() {
            return Err(wrong(format!("the prefix `{prefix}` is declared with an empty namespace")));
        }
        self.namespaces.declare(prefix, namespace)
    }

    fn add_attributes(&mut self, attributes: Vec<(String, String)>) -> Result<(), ExpressionError> {
        let mut seen = std::collections::HashSet::new();
        for (key, value) in attributes {
            if let Some(prefix) = declared_prefix(&key) {
                self.add(Kind::Namespace { prefix: prefix.to_owned(), namespace: value })?;
                continue;
            }
            let name = self.name(&key, false)?;
            if !seen.insert((name.local.clone(), Arc::clone(&name.namespace))) {
                return Err(wrong(format!("the attribute `{key}` is given twice")));
            }
            if &*name.namespace == super::namespaces::XML && name.local == "space" {
                self.preserves.pop();
                self.preserves.push(value == "preserve");
            }
            self.add(Kind::Attribute { name, value })?;
        }
        Ok(())
    }

    /// A name with its namespace; only elements take the default.
    fn name(&self, written: &str, element: bool) -> Result<Name, ExpressionError> {
        let (prefix, local) = written.split_once(':').map_or(("", written), |(prefix, local)| (prefix, local));
        let well_formed = name::is_name(local) && (!written.contains(':') || name::is_name(prefix));
        if !well_formed {
            return Err(wrong(format!("`{written}` is not a name")));
        }
        let namespace = match prefix {
            "" if !element => Arc::from(""),
            _ => self
                .namespaces
                .resolve(prefix)
                .ok_or_else(|| wrong(format!("the prefix `{prefix}` is not declared")))?,
        };
        Ok(Name { prefix: prefix.to_owned(), local: local.to_owned(), namespace })
    }

    fn close(&mut self, short: bool) {
        self.document.close(short);
        self.namespaces.leave();
        self.preserves.pop();
    }

    fn instruction(&mut self, instruction: &BytesPI<'_>) -> Result<(), ExpressionError> {
        let target = instruction.target();
        if !name::is_name(target) || target.eq_ignore_ascii_case("xml") {
            return Err(wrong(format!("`{target}` is not the name of a processing instruction")));
        }
        let data = instruction.content().trim_start_matches(name::is_space).to_owned();
        self.add(Kind::Instruction { target: target.to_owned(), data })
    }

    fn doctype(&mut self, text: &str) -> Result<(), ExpressionError> {
        if self.document.root_element().is_some() || std::mem::replace(&mut self.typed, true) {
            return Err(wrong("`<!DOCTYPE …>` stands once, before the root element"));
        }
        let doctype = Doctype::parse(text)?;
        self.add(Kind::Doctype(doctype))
    }

    fn finish(mut self) -> Result<Document, ExpressionError> {
        self.end_text()?;
        if self.document.level() > 0 {
            return Err(wrong("an element is not closed"));
        }
        if self.document.root_element().is_none() {
            return Err(wrong("there is no root element"));
        }
        self.document.finish();
        Ok(self.document)
    }
}

/// An attribute's name and value, references resolved.
fn attribute(attribute: &Attribute<'_>) -> Result<(String, String), ExpressionError> {
    let key = attribute.key.0;
    if attribute.value.contains('<') {
        return Err(wrong(format!("the value of `{key}` holds `<`")));
    }
    let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(wrong)?.into_owned();
    if value.chars().all(name::is_char) {
        Ok((key.to_owned(), value))
    } else {
        Err(wrong(format!("the value of `{key}` holds a character that is not allowed")))
    }
}

/// The prefix that an attribute declares, if it is a declaration.
fn declared_prefix(key: &str) -> Option<&str> {
    match key.strip_prefix("xmlns")? {
        "" => Some(""),
        rest => rest.strip_prefix(':'),
    }
}

/// The error that a text is not XML.
pub(super) fn wrong(why: impl std::fmt::Display) -> ExpressionError {
    ExpressionError::new(format!("the text is not well-formed XML: {why}"))
}
