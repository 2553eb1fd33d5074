//! An XPath expression, understood.
//!
//! Operators of one rank, steps, predicates and unions are lists, so that only brackets nest.

use super::functions::Core;

/// An expression.
#[derive(Debug)]
pub(super) enum Expr {
    Number(f64),
    Text(String),
    /// `a + b - c`: operators of one rank, worked out from left to right.
    Chain(Box<Expr>, Vec<(Operator, Expr)>),
    /// `-a`; `odd` is false where the signs cancel out, and a number comes all the same.
    Negative {
        odd: bool,
        operand: Box<Expr>,
    },
    /// `a | b`.
    Union(Vec<Expr>),
    /// A function of the core library.
    Call(&'static Core, Vec<Expr>),
    /// A location path.
    Path(Start, Vec<Step>),
}

/// Where a path starts.
#[derive(Debug)]
pub(super) enum Start {
    /// The context node.
    Context,
    /// The root node.
    Root,
    /// The nodes of an expression that all predicates are true of.
    Filtered(Box<Expr>, Vec<Expr>),
}

/// A step of a path.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) axis: Axis,
    pub(super) test: Test,
    pub(super) predicates: Vec<Expr>,
}

/// Which way a step goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    Ancestor,
    AncestorOrSelf,
    Attribute,
    Child,
    Descendant,
    DescendantOrSelf,
    Following,
    FollowingSibling,
    Namespace,
    Parent,
    Preceding,
    PrecedingSibling,
    Itself,
}

/// Which nodes on the way a step takes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Test {
    /// `*`: any of the axis's main kind.
    Any,
    /// A name without a namespace.
    Name(String),
    /// `xml:name`, the only prefix that can be known; `None` is `xml:*`.
    Xml(Option<String>),
    /// `node()`.
    Node,
    /// `text()`.
    Text,
    /// `comment()`.
    Comment,
    /// `processing-instruction('target')`.
    Instruction(Option<String>),
}

/// An operator between two expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Operator {
    /// How weakly it binds: 0 is the weakest.
    pub(super) fn rank(self) -> usize {
        match self {
            Operator::Or => 0,
            Operator::And => 1,
            Operator::Equal | Operator::NotEqual => 2,
            Operator::Less | Operator::AtMost | Operator::Greater | Operator::AtLeast => 3,
            Operator::Add | Operator::Subtract => 4,
            Operator::Multiply | Operator::Divide | Operator::Remainder => 5,
        }
    }
}

/// How many ranks of operators there are.
pub(super) const RANKS: usize = 6;

impl Axis {
    /// The axis of a name.
    pub(super) fn named(name: &str) -> Option<Axis> {
        Some(match name {
            "ancestor" => Axis::Ancestor,
            "ancestor-or-self" => Axis::AncestorOrSelf,
            "attribute" => Axis::Attribute,
            "child" => Axis::Child,
            "descendant" => Axis::Descendant,
            "descendant-or-self" => Axis::DescendantOrSelf,
            "following" => Axis::Following,
            "following-sibling" => Axis::FollowingSibling,
            "namespace" => Axis::Namespace,
            "parent" => Axis::Parent,
            "preceding" => Axis::Preceding,
            "preceding-sibling" => Axis::PrecedingSibling,
            "self" => Axis::Itself,
            _ => return None,
        })
    }

    /// Whether it goes against the order of the document.
    pub(super) fn is_reverse(self) -> bool {
        matches!(self, Axis::Ancestor | Axis::AncestorOrSelf | Axis::Preceding | Axis::PrecedingSibling)
    }
}
