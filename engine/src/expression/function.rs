//! The function library: one table, used by the expression language, by templates as helpers, by the checker, and
//! by `cosell explain` and the reference.
//!
//! Each group has a file with its functions and their rows. A function gets its values worked out; only the few
//! of [`Call`] that must not evaluate everything are the evaluator's own.

mod args;
mod collections;
pub(super) mod content;
mod conversion;
mod limit;
mod logic;
mod math;
mod number;
mod objects;
mod strings;
pub(crate) mod time;
mod uri;
mod workflow;
mod xml;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::LazyLock;

pub use args::Args;
// What the comparisons of a condition are.
pub(super) use collections::contains;
pub(super) use logic::{equals, greater, greater_or_equals, less, less_or_equals};
pub(super) use strings::{ends_with, starts_with};

use super::{ExpressionError, Kinds, Operand};

/// One function.
#[derive(Debug)]
pub struct Function {
    /// Its name as it is documented; any case will do.
    pub name: &'static str,
    /// What kind of work it does.
    pub group: Group,
    /// What it takes, in order.
    pub parameters: &'static [Parameter],
    /// What it gives.
    pub gives: Kinds,
    /// What it does, and what it does with null and with what it does not expect: full sentences.
    pub about: &'static str,
    /// Expressions without `@`, each with its value as JSON. Tests run them; they need no scope but a clock that
    /// shows 2018-04-15T13:00:00Z.
    pub examples: &'static [(&'static str, &'static str)],
    /// How it is worked out.
    pub call: Call,
}

/// A parameter of a function.
#[derive(Debug)]
pub struct Parameter {
    /// Its name in the reference.
    pub name: &'static str,
    /// What it takes.
    pub kinds: Kinds,
    /// How often it may be given.
    pub count: Count,
}

/// How often a parameter may be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// Exactly once.
    One,
    /// Once, or not at all.
    Optional,
    /// Once or more; the last parameter only.
    Many,
}

/// Kinds of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// Text.
    Strings,
    /// Lists, and texts taken as lists.
    Collections,
    /// Conditions.
    Logic,
    /// One kind of value to another.
    Conversion,
    /// Numbers.
    Math,
    /// Dates, times and zones.
    Time,
    /// The run, its steps and its trigger.
    Workflow,
    /// Addresses.
    Uri,
    /// Objects and XML.
    Objects,
}

/// A function of values: what it is given and what it gives live as long as what the expression reads.
pub type Compute = for<'s, 'a> fn(&Args<'s, 'a>) -> Result<Operand<'a>, ExpressionError>;

/// How a function is worked out.
#[derive(Clone, Copy)]
pub enum Call {
    /// From its values.
    Values(Compute),
    /// The chosen branch only.
    If,
    /// From left to right, up to the first false.
    And,
    /// From left to right, up to the first true.
    Or,
    /// From left to right, up to the first that is not null.
    Coalesce,
    /// What the run knows.
    Read(Reading),
}

/// What a function reads of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// `parameters('NAME')`.
    Parameter,
    /// `variables('NAME')`.
    Variable,
    /// `trigger()`.
    Trigger,
    /// `triggerOutputs()`.
    TriggerOutputs,
    /// `triggerBody()`.
    TriggerBody,
    /// `actions('STEP')`.
    Record,
    /// `outputs('STEP')`.
    Outputs,
    /// `body('STEP')`.
    Body,
    /// `result('SCOPE')`.
    Result,
    /// `items('LOOP')`.
    Items,
    /// `item()`.
    Item,
    /// `iterationIndexes('LOOP')`.
    Pass,
    /// `workflow()`.
    Workflow,
    /// `listCallbackUrl()`.
    CallbackUrl,
    /// `appsetting('NAME')`.
    AppSetting,
    /// `triggerFormDataValue('KEY')` and the like.
    TriggerPart(BodyPart),
    /// `formDataValue('STEP', 'KEY')` and the like.
    BodyPart(BodyPart),
}

/// A part of a body that is a form or has several parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyPart {
    /// The only value of a key of a form.
    FormValue,
    /// All values of a key of a form.
    FormValues,
    /// The body of the part at a place, from 0.
    Part,
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Call::Values(_) => "Values",
            Call::If => "If",
            Call::And => "And",
            Call::Or => "Or",
            Call::Coalesce => "Coalesce",
            Call::Read(_) => "Read",
        })
    }
}

impl Parameter {
    /// A parameter that must be given.
    pub(crate) const fn one(name: &'static str, kinds: Kinds) -> Parameter {
        Parameter { name, kinds, count: Count::One }
    }

    /// A parameter that may be left out.
    pub(crate) const fn optional(name: &'static str, kinds: Kinds) -> Parameter {
        Parameter { name, kinds, count: Count::Optional }
    }

    /// A parameter that may be given again and again.
    pub(crate) const fn many(name: &'static str, kinds: Kinds) -> Parameter {
        Parameter { name, kinds, count: Count::Many }
    }
}

impl Function {
    /// The fewest and the most values that it takes; no most where the last may be repeated.
    pub fn arity(&self) -> (usize, Option<usize>) {
        let fewest = self.parameters.iter().filter(|parameter| parameter.count != Count::Optional).count();
        let repeats = self.parameters.last().is_some_and(|parameter| parameter.count == Count::Many);
        (fewest, (!repeats).then_some(self.parameters.len()))
    }

    /// The parameter that a value at this place is for.
    pub fn parameter(&self, place: usize) -> Option<&Parameter> {
        self.parameters.get(place).or_else(|| self.parameters.last().filter(|last| last.count == Count::Many))
    }
}

/// Every function, group by group.
pub fn all() -> impl Iterator<Item = &'static Function> {
    [
        strings::FUNCTIONS,
        collections::FUNCTIONS,
        logic::FUNCTIONS,
        conversion::FUNCTIONS,
        math::FUNCTIONS,
        time::FUNCTIONS,
        workflow::FUNCTIONS,
        uri::FUNCTIONS,
        objects::FUNCTIONS,
        xml::FUNCTIONS,
    ]
    .into_iter()
    .flatten()
}

/// The function of that name, in any case.
pub fn find(name: &str) -> Option<&'static Function> {
    static BY_NAME: LazyLock<HashMap<String, &'static Function>> =
        LazyLock::new(|| all().map(|function| (function.name.to_lowercase(), function)).collect());
    BY_NAME.get(name).or_else(|| BY_NAME.get(&name.to_lowercase())).copied()
}
