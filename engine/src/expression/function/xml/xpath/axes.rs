//! The nodes along each axis, in the axis's own order: reverse axes go from the near to the far.
//!
//! The data model of XPath differs from the document: texts side by side are one node, declarations are no nodes,
//! and every element has a node for each namespace that holds there.

use std::collections::BTreeMap;
use std::iter;

use super::super::document::{Document, Kind, NodeId};
use super::super::namespaces::XML;
use super::syntax::{Axis, Test};

/// A node of the data model. The order of spots is the order of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    /// The document's node.
    pub(super) node: NodeId,
    /// 0 for the node itself, else which of the namespaces that hold at it, counted from 1.
    pub(super) namespace: usize,
}

impl From<NodeId> for Spot {
    fn from(node: NodeId) -> Spot {
        Spot { node, namespace: 0 }
    }
}

/// What stands along an axis, including what is no node of the data model: the walk is what costs.
pub(super) fn walk<'d>(document: &'d Document, from: Spot, axis: Axis) -> Box<dyn Iterator<Item = Spot> + 'd> {
    let id = from.node;
    let is_branch = from.namespace == 0 && !document.kind(id).is_attribute();
    // The data model puts a namespace before the attributes and children of its element.
    let after = if from.namespace > 0 { id + 1 } else { document.node(id).end };
    let nodes: Box<dyn Iterator<Item = NodeId> + 'd> = match axis {
        Axis::Itself => return Box::new(iter::once(from)),
        Axis::AncestorOrSelf => return Box::new(iter::once(from).chain(ancestors(document, from).map(Spot::from))),
        Axis::Namespace if is_branch => return Box::new(namespaces_of(document, id)),
        Axis::Parent => Box::new(ancestors(document, from).take(1)),
        Axis::Ancestor => Box::new(ancestors(document, from)),
        Axis::DescendantOrSelf if !is_branch => return Box::new(iter::once(from)),
        Axis::DescendantOrSelf => Box::new(id..document.node(id).end),
        Axis::Descendant if is_branch => Box::new(id + 1..document.node(id).end),
        Axis::Child if is_branch => Box::new(document.children(id)),
        Axis::Attribute if is_branch => Box::new(document.attributes(id)),
        Axis::Following => Box::new(after..document.len()),
        Axis::Preceding => Box::new((0..id).rev().filter(move |before| document.node(*before).end <= id)),
        Axis::FollowingSibling if is_branch => Box::new(following_siblings(document, id)),
        Axis::PrecedingSibling if is_branch => {
            Box::new(iter::successors(document.node(id).previous, |before| document.node(*before).previous))
        }
        Axis::Namespace
        | Axis::Descendant
        | Axis::Child
        | Axis::Attribute
        | Axis::FollowingSibling
        | Axis::PrecedingSibling => Box::new(iter::empty()),
    };
    Box::new(nodes.map(Spot::from))
}

/// Whether a step takes a node that stands along its axis.
pub(super) fn takes(document: &Document, from: Spot, axis: Axis, test: &Test, spot: Spot) -> bool {
    let kind = document.kind(spot.node);
    if spot.namespace > 0 {
        return match test {
            Test::Any => axis == Axis::Namespace,
            Test::Node => true,
            Test::Name(name) => axis == Axis::Namespace && name_of(document, spot).1 == *name,
            _ => false,
        };
    }
    // An attribute is no child and no descendant: only its own axis leads to it, and it to itself.
    let is_astray = kind.is_attribute() && axis != Axis::Attribute && spot != from;
    if is_astray || !is_node(document, spot.node) {
        return false;
    }
    let is_main = match kind {
        Kind::Element { .. } => axis != Axis::Attribute && axis != Axis::Namespace,
        Kind::Attribute { .. } => axis == Axis::Attribute,
        _ => false,
    };
    match (test, kind) {
        (Test::Node, _) => true,
        (Test::Text, kind) => kind.text().is_some(),
        (Test::Comment, Kind::Comment(_)) => true,
        (Test::Instruction(wanted), Kind::Instruction { target, .. }) => {
            wanted.as_ref().is_none_or(|wanted| wanted == target)
        }
        (Test::Any, _) => is_main,
        (Test::Name(wanted), Kind::Element { name, .. } | Kind::Attribute { name, .. }) => {
            is_main && name.namespace.is_empty() && name.local == *wanted
        }
        (Test::Xml(wanted), Kind::Element { name, .. } | Kind::Attribute { name, .. }) => {
            is_main && &*name.namespace == XML && wanted.as_ref().is_none_or(|wanted| *wanted == name.local)
        }
        _ => false,
    }
}

/// The texts that follow a text directly and are one node with it, and the text itself.
pub(super) fn joined_texts(document: &Document, id: NodeId) -> impl Iterator<Item = &str> {
    let siblings = iter::once(id).chain(following_siblings(document, id));
    siblings.map_while(|sibling| document.kind(sibling).text())
}

/// The namespace and the local part of a node's name, and the name as it is written; a node without a name has
/// none of them.
pub(super) fn name_of(document: &Document, spot: Spot) -> (String, String, String) {
    if spot.namespace > 0 {
        let prefix = namespace_at(document, spot).map(|(prefix, _)| prefix).unwrap_or_default();
        return (String::new(), prefix.to_owned(), prefix.to_owned());
    }
    match document.kind(spot.node) {
        Kind::Element { name, .. } | Kind::Attribute { name, .. } => {
            (name.namespace.to_string(), name.local.clone(), name.written())
        }
        Kind::Instruction { target, .. } => (String::new(), target.clone(), target.clone()),
        _ => Default::default(),
    }
}

/// The prefix and the namespace of a namespace node.
pub(super) fn namespace_at(document: &Document, spot: Spot) -> Option<(&str, &str)> {
    declared_at(document, spot.node).into_iter().nth(spot.namespace.checked_sub(1)?)
}

/// Whether it is a node of the data model, and not the later part of one.
fn is_node(document: &Document, id: NodeId) -> bool {
    match document.kind(id) {
        Kind::Declaration { .. } | Kind::Doctype(_) | Kind::Namespace { .. } => false,
        kind if kind.text().is_some() => {
            document.node(id).previous.is_none_or(|before| document.kind(before).text().is_none())
        }
        _ => true,
    }
}

fn ancestors(document: &Document, from: Spot) -> impl Iterator<Item = NodeId> {
    let parent = |id: NodeId| (id > 0).then(|| document.node(id).parent);
    let first = if from.namespace > 0 { Some(from.node) } else { parent(from.node) };
    iter::successors(first, move |id| parent(*id))
}

fn following_siblings(document: &Document, id: NodeId) -> impl Iterator<Item = NodeId> {
    let end = document.node(document.node(id).parent).end;
    iter::successors(Some(id), move |sibling| Some(document.node(*sibling).end).filter(|next| *next < end)).skip(1)
}

fn namespaces_of(document: &Document, id: NodeId) -> impl Iterator<Item = Spot> {
    let count = match document.kind(id) {
        Kind::Element { .. } => declared_at(document, id).len(),
        _ => 0,
    };
    (1..=count).map(move |namespace| Spot { node: id, namespace })
}

/// The namespaces that hold at an element, by prefix.
fn declared_at(document: &Document, id: NodeId) -> BTreeMap<&str, &str> {
    let mut declared = BTreeMap::from([("xml", XML)]);
    let elements: Vec<NodeId> = iter::once(id).chain(ancestors(document, Spot::from(id))).collect();
    for element in elements.into_iter().rev() {
        for attribute in document.attributes(element) {
            if let Kind::Namespace { prefix, namespace } = document.kind(attribute) {
                declared.insert(prefix, namespace);
            }
        }
    }
    declared.retain(|_, namespace| !namespace.is_empty());
    declared
}
