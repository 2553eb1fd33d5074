//! An XML document as a list of nodes in document order.
//!
//! A node is its number; its declarations and attributes follow it, then its children, and `end` is the number
//! after its last descendant. So document order is the order of numbers, and every walk is a walk along a range.

use std::sync::Arc;

use crate::expression::ExpressionError;

/// More levels than that would let a walk run out of stack.
pub(super) const MOST_LEVELS: usize = 200;

/// More nodes than that do not fit a run's memory.
const MOST_NODES: usize = 2_000_000;

/// A node's number.
pub(super) type NodeId = usize;

/// A document, from its root node on.
#[derive(Debug)]
pub(super) struct Document {
    nodes: Vec<Node>,
    /// The elements that are being written, outermost first, each with its last child so far.
    open: Vec<(NodeId, Option<NodeId>)>,
    root_element: Option<NodeId>,
}

/// A node, and where it stands.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) parent: NodeId,
    pub(super) previous: Option<NodeId>,
    pub(super) end: NodeId,
}

/// What a node is.
#[derive(Debug)]
pub(super) enum Kind {
    /// The root node, above the outermost element.
    Root,
    /// `<?xml version="1.0"?>`.
    Declaration { encoding: Option<String>, standalone: Option<String> },
    /// `<!DOCTYPE …>`.
    Doctype(Doctype),
    /// An element; `short` where it is empty and written with one tag.
    Element { name: Name, short: bool },
    /// An attribute.
    Attribute { name: Name, value: String },
    /// `xmlns:prefix="namespace"`.
    Namespace { prefix: String, namespace: String },
    /// Text.
    Text(String),
    /// White space only, where `xml:space` preserves it.
    Whitespace(String),
    /// `<![CDATA[…]]>`.
    CData(String),
    /// A comment.
    Comment(String),
    /// A processing instruction.
    Instruction { target: String, data: String },
}

/// A name with what its prefix stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) prefix: String,
    pub(super) local: String,
    pub(super) namespace: Arc<str>,
}

/// A document type; nothing in it is followed or expanded.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Doctype {
    pub(super) name: String,
    pub(super) public: Option<String>,
    pub(super) system: Option<String>,
    pub(super) subset: String,
}

impl Document {
    /// A document that has only its root node, which is open.
    pub(super) fn new() -> Document {
        let root = Node { kind: Kind::Root, parent: 0, previous: None, end: 1 };
        Document { nodes: vec![root], open: vec![(0, None)], root_element: None }
    }

    /// The node of a number.
    pub(super) fn node(&self, id: NodeId) -> &Node {
        // Numbers come from the document itself; the root stands in rather than a panic.
        self.nodes.get(id).unwrap_or(&self.nodes[0])
    }

    /// What the node of a number is.
    pub(super) fn kind(&self, id: NodeId) -> &Kind {
        &self.node(id).kind
    }

    /// How many nodes there are.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The outermost element.
    pub(super) fn root_element(&self) -> Option<NodeId> {
        self.root_element
    }

    /// A node's declarations and attributes, in the order in which they were written.
    pub(super) fn attributes(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        (id + 1..self.node(id).end).take_while(|child| self.kind(*child).is_attribute())
    }

    /// A node's children.
    pub(super) fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let end = self.node(id).end;
        let first = self.attributes(id).last().unwrap_or(id) + 1;
        std::iter::successors((first < end).then_some(first), move |child| {
            Some(self.node(*child).end).filter(|next| *next < end)
        })
    }

    /// How many elements are open.
    pub(super) fn level(&self) -> usize {
        self.open.len() - 1
    }

    /// Adds a node to the innermost open one.
    pub(super) fn add(&mut self, kind: Kind) -> Result<NodeId, ExpressionError> {
        if self.nodes.len() >= MOST_NODES {
            return Err(ExpressionError::new(format!("the XML has more than {MOST_NODES} nodes")));
        }
        let id = self.nodes.len();
        let (parent, last) = self.open.last_mut().map_or((0, None), |(parent, last)| {
            let before = if kind.is_attribute() { None } else { last.replace(id) };
            (*parent, before)
        });
        self.nodes.push(Node { kind, parent, previous: last, end: id + 1 });
        Ok(id)
    }

    /// Adds an element and opens it.
    pub(super) fn open(&mut self, name: Name) -> Result<NodeId, ExpressionError> {
        if self.open.len() > MOST_LEVELS {
            return Err(ExpressionError::new(format!("the XML is nested deeper than {MOST_LEVELS} elements")));
        }
        let id = self.add(Kind::Element { name, short: false })?;
        self.root_element.get_or_insert(id);
        self.open.push((id, None));
        Ok(id)
    }

    /// Ends the root node, after everything was added.
    pub(super) fn finish(&mut self) {
        let end = self.nodes.len();
        if let Some(root) = self.nodes.first_mut() {
            root.end = end;
        }
    }

    /// Closes the innermost element; says whether it was written with one tag.
    pub(super) fn close(&mut self, is_short: bool) {
        let end = self.nodes.len();
        if let Some((id, _)) = self.open.pop()
            && let Some(node) = self.nodes.get_mut(id)
        {
            node.end = end;
            if let Kind::Element { short, .. } = &mut node.kind {
                *short = is_short;
            }
        }
    }
}

impl Kind {
    /// Whether it belongs to the start tag.
    pub(super) fn is_attribute(&self) -> bool {
        matches!(self, Kind::Attribute { .. } | Kind::Namespace { .. })
    }

    /// The text, of a node that is text.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Kind::Text(text) | Kind::Whitespace(text) | Kind::CData(text) => Some(text),
            _ => None,
        }
    }
}

impl Name {
    /// The name as it is written.
    pub(super) fn written(&self) -> String {
        if self.prefix.is_empty() { self.local.clone() } else { format!("{}:{}", self.prefix, self.local) }
    }
}
