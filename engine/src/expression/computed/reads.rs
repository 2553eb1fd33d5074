//! What an expression reads of the run: a root, and the first key below it.

use serde_json::Value;

use super::tree::{Access, FunctionCall, Key, Node, Start};
use crate::expression::function::{Call, Reading};
use crate::expression::{Read, Root};

/// The functions that take null: what they are given may well be missing.
const TAKE_NULL: [&str; 3] = ["coalesce", "empty", "equals"];

/// Everything that these expressions read.
pub(super) fn of<'n>(nodes: impl Iterator<Item = &'n Node>) -> Vec<Read> {
    let mut found = Vec::new();
    nodes.for_each(|node| in_node(node, false, &mut found));
    found
}

fn in_node(node: &Node, may_be_null: bool, found: &mut Vec<Read>) {
    if let Start::Call(call) = &node.start {
        found.extend(read(node, call, may_be_null));
        let takes_null = TAKE_NULL.iter().any(|name| name.eq_ignore_ascii_case(&call.name));
        call.values.iter().for_each(|value| in_node(value, takes_null, found));
    }
    for access in &node.accesses {
        if let Key::Value(key) = &access.key {
            in_node(key, false, found);
        }
    }
}

/// What a call reads.
fn read(node: &Node, call: &FunctionCall, may_be_null: bool) -> Option<Read> {
    let Some(Call::Read(reading)) = call.function.map(|function| function.call) else {
        return None;
    };
    let part = Some(node.whole());
    let root = call.root.clone()?;
    match reading {
        Reading::Parameter | Reading::Variable => {
            let key = call.values.first().and_then(Node::literal).and_then(Value::as_str).map(str::to_owned);
            Some(Read { root, key, below: Vec::new(), guarded: false, part })
        }
        _ => {
            let root = if reading.reads_body() { body_of(root) } else { root };
            let (root, key, optional) = key_below(root, &node.accesses);
            Some(Read { root, key, below: Vec::new(), guarded: optional.unwrap_or(may_be_null), part })
        }
    }
}

/// Follows the names below a root to where its value begins, and on to the first key of it. Gives too whether each
/// access on the way is optional, or nothing where there is none.
fn key_below(mut root: Root, accesses: &[Access]) -> (Root, Option<String>, Option<bool>) {
    let mut optional = None;
    for access in accesses {
        optional = Some(optional.unwrap_or(true) && access.optional);
        let Some(name) = access.key.name() else { break };
        for name in name.split('/') {
            match further(&root, name) {
                Some(value) => root = value,
                None => return (root, Some(name.to_owned()), optional),
            }
        }
    }
    (root, None, optional)
}

/// The root of its own that a name below another root is.
fn further(root: &Root, name: &str) -> Option<Root> {
    let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
    match root {
        Root::Record(step) if is("outputs") => Some(Root::Outputs(step.clone())),
        Root::TriggerRecord if is("outputs") => Some(Root::TriggerOutputs),
        Root::Outputs(_) | Root::TriggerOutputs if is("body") => Some(body_of(root.clone())),
        _ => None,
    }
}

/// The root that is the body of an envelope.
fn body_of(envelope: Root) -> Root {
    match envelope {
        Root::Outputs(step) => Root::Step(step),
        Root::TriggerOutputs => Root::Named("trigger".to_owned()),
        other => other,
    }
}
