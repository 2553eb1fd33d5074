//! The tree of an expression as JSON, in the form that the shared cases use.

use cosell_engine::expression::{Access, Computed, Content, Key, Node, Piece, Start};
use serde_json::{Value, json};

/// The tree of a whole string; numbers as they are written in it.
pub(super) fn tree(computed: &Computed, text: &str) -> Value {
    match computed.content() {
        Content::Literal(literal) => json!({ "literal": literal }),
        Content::Whole(whole) => node(whole, text),
        Content::Joined(pieces) => {
            let pieces: Vec<Value> = pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Text(plain) => json!({ "string": plain }),
                    Piece::Value(value) => node(value, text),
                })
                .collect();
            json!({ "interp": pieces })
        }
    }
}

fn node(node_: &Node, text: &str) -> Value {
    let accesses: Vec<Value> = node_.accesses.iter().map(|access| step(access, text)).collect();
    match &node_.start {
        Start::Call(call) => {
            let values: Vec<Value> = call.values.iter().map(|value| node(value, text)).collect();
            json!({ "call": call.name, "args": values, "deref": accesses })
        }
        Start::Literal(literal) => {
            let mut tree = match literal {
                Value::String(text) => json!({ "string": text }),
                Value::Bool(value) => json!({ "bool": value }),
                Value::Number(_) => json!({ "number": text[node_.span.clone()] }),
                _ => json!({ "null": true }),
            };
            if !accesses.is_empty() {
                tree["deref"] = Value::Array(accesses);
            }
            tree
        }
    }
}

fn step(access: &Access, text: &str) -> Value {
    let key = match &access.key {
        Key::Name(name) => json!({ "string": name }),
        Key::Value(value) => node(value, text),
    };
    json!({ "safe": access.optional, "key": key })
}
