//! [`Document`], or a part of it → XML text.

use super::declaration;
use super::document::{Document, Kind, Name, NodeId};
use super::namespaces::Namespaces;
use crate::expression::ExpressionError;

/// The text of a node and of all below it. A part declares the namespaces that it uses.
pub(super) fn write(document: &Document, node: NodeId) -> Result<String, ExpressionError> {
    let mut writing = Writing { document, namespaces: Namespaces::default(), text: String::new() };
    writing.node(node)?;
    Ok(writing.text)
}

/// A text that is being written.
struct Writing<'d> {
    document: &'d Document,
    namespaces: Namespaces,
    text: String,
}

impl<'d> Writing<'d> {
    /// Writes a node; no deeper than a document may be nested.
    fn node(&mut self, id: NodeId) -> Result<(), ExpressionError> {
        match self.document.kind(id) {
            Kind::Root => return self.children(id),
            Kind::Element { name, short } => return self.element(id, name, *short),
            Kind::Declaration { encoding, standalone } => {
                self.text.push_str(&declaration::written(encoding.as_deref(), standalone.as_deref()));
            }
            Kind::Doctype(doctype) => self.text.push_str(&doctype.written()),
            Kind::Text(text) | Kind::Whitespace(text) => escape(text, false, &mut self.text),
            Kind::CData(text) => self.text.extend(["<![CDATA[", text, "]]>"]),
            Kind::Comment(text) => self.text.extend(["<!--", text, "-->"]),
            Kind::Instruction { target, data } => self.text.extend(["<?", target, " ", data, "?>"]),
            Kind::Attribute { name, value } => self.attribute(&name.written(), value),
            Kind::Namespace { prefix, namespace } => self.declaration(prefix, namespace),
        }
        Ok(())
    }

    fn children(&mut self, id: NodeId) -> Result<(), ExpressionError> {
        self.document.children(id).try_for_each(|child| self.node(child))
    }

    fn element(&mut self, id: NodeId, name: &'d Name, short: bool) -> Result<(), ExpressionError> {
        self.namespaces.enter();
        let written = name.written();
        self.text.extend(["<", &written]);
        for attribute in self.document.attributes(id) {
            if let Kind::Namespace { prefix, namespace } = self.document.kind(attribute) {
                self.namespaces.declare(prefix, namespace)?;
            }
            self.node(attribute)?;
        }
        self.declare_if_needed(name)?;
        for attribute in self.document.attributes(id) {
            if let Kind::Attribute { name, .. } = self.document.kind(attribute)
                && !name.prefix.is_empty()
            {
                self.declare_if_needed(name)?;
            }
        }
        let empty = self.document.children(id).next().is_none();
        if empty && short {
            self.text.push_str(" />");
        } else {
            self.text.push('>');
            self.children(id)?;
            self.text.extend(["</", &written, ">"]);
        }
        self.namespaces.leave();
        Ok(())
    }

    /// Declares what a name's prefix stands for, where it does not hold yet: in a part of a document it may have
    /// been declared above.
    fn declare_if_needed(&mut self, name: &Name) -> Result<(), ExpressionError> {
        if self.namespaces.resolve(&name.prefix).as_ref() != Some(&name.namespace) {
            self.namespaces.declare(&name.prefix, &name.namespace)?;
            self.declaration(&name.prefix, &name.namespace);
        }
        Ok(())
    }

    fn declaration(&mut self, prefix: &str, namespace: &str) {
        if prefix.is_empty() {
            self.attribute("xmlns", namespace);
        } else {
            self.attribute(&format!("xmlns:{prefix}"), namespace);
        }
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.text.extend([" ", name, "=\""]);
        escape(value, true, &mut self.text);
        self.text.push('"');
    }
}

/// Writes what would be taken for markup as a reference, and line ends within attributes, as the writer of .NET's
/// documents does.
fn escape(text: &str, attribute: bool, into: &mut String) {
    for char in text.chars() {
        match char {
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '&' => into.push_str("&amp;"),
            '"' if attribute => into.push_str("&quot;"),
            '\n' if attribute => into.push_str("&#xA;"),
            '\r' if attribute => into.push_str("&#xD;"),
            other => into.push(other),
        }
    }
}
