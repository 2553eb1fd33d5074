//! XML and XPath.
//!
//! Text, content and objects become a [`Document`] (`read`, `from_json`), which becomes text (`write`) or JSON
//! (`to_json`), or is asked a question (`xpath`).

mod content;
mod declaration;
mod doctype;
mod document;
mod from_json;
mod name;
mod namespaces;
mod read;
#[cfg(test)]
mod tests;
mod to_json;
mod write;
mod xpath;

use serde_json::Value;

use super::{Args, Call, Function, Group, Parameter};
use crate::expression::{ExpressionError, Kinds, Operand};
use content::Content;
use document::Document;

/// The rows of the table.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "xml",
        group: Group::Conversion,
        parameters: &[Parameter::one("value", Kinds::TEXT.or(Kinds::OBJECT))],
        gives: Kinds::OBJECT,
        about: "Makes XML of a text that is XML, of content, or of an object with a single property. In an object, \
                `@name` is an attribute, `#text` is text, a list is repeated elements, and null is an empty element. \
                White space between tags is dropped. A text that is not well-formed, an object with several \
                properties, and null are errors.",
        examples: &[
            (
                "xml('<name>Sophia</name>')",
                r#"{"$content-type":"application/xml;charset=utf-8","$content":"PG5hbWU+U29waGlhPC9uYW1lPg=="}"#,
            ),
            (
                r#"string(xml(json('{"person":{"@id":7,"name":["Ann","Bo"]}}')))"#,
                r#""<person id=\"7\"><name>Ann</name><name>Bo</name></person>""#,
            ),
        ],
        call: Call::Values(xml),
    },
    Function {
        name: "xpath",
        group: Group::Objects,
        parameters: &[Parameter::one("xml", Kinds::OBJECT), Parameter::one("path", Kinds::TEXT)],
        gives: Kinds::LIST.or(Kinds::TEXT).or(Kinds::FLOAT).or(Kinds::BOOL),
        about: "Asks XML an XPath 1.0 question. Nodes come as a list in the order of the document: texts and \
                attributes as text, elements as XML. A number, a text or true and false come as they are. Prefixes \
                cannot be used: `*[local-name()='item']` finds an element whatever its namespace. XML that is only \
                text must be given to `xml()` first; without it, and with null, it is an error.",
        examples: &[
            ("xpath(xml('<a><b>1</b><b>2</b></a>'), '/a/b/text()')", r#"["1","2"]"#),
            ("xpath(xml('<a><b>1</b><b>2</b></a>'), 'sum(/a/b)')", "3.0"),
            ("xpath(xml('<a id=\"7\"/>'), 'string(/a/@id)')", r#""7""#),
        ],
        call: Call::Values(xpath),
    },
];

/// The JSON of a content object that holds XML.
///
/// # Errors
///
/// Where the value is no content object with an XML type, and where what it holds is not well-formed.
pub(super) fn to_json(xml: &Value) -> Result<Value, ExpressionError> {
    let text = Content::of(xml).ok_or_else(not_xml)??.text()?;
    Ok(to_json::object(&content::read_strictly(&text)?))
}

fn xml<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let value = args.get(0).json().unwrap_or(&Value::Null);
    if let Some(content) = Content::of(value) {
        // Bytes are not looked at before somebody asks something of them, as in the service.
        return Ok(Operand::Owned(content::of_xml(&content?.text()?)));
    }
    let document = match value {
        Value::String(text) => read::read(text)?,
        Value::Object(object) => from_json::document(object)?,
        _ => return Err(args.wrong(0, Kinds::TEXT.or(Kinds::OBJECT))),
    };
    Ok(Operand::Owned(content::of_xml(&write::write(&document, 0)?)))
}

fn xpath<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let path = args.text(1)?;
    let content = args.get(0).json().and_then(Content::of).ok_or_else(not_xml)??;
    if !content.is_xml() {
        return Err(not_xml());
    }
    let document = read::read(&content.text()?)?;
    xpath::evaluate(&document, path).map(Operand::Owned)
}

fn not_xml() -> ExpressionError {
    ExpressionError::new("the value must be XML").help("make XML of it with `xml(…)`")
}
