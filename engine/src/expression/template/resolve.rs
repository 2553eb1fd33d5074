//! Rewrites a parsed template so that it reads slots and calls known helpers only, and finds every mistake on the
//! way.
//!
//! What a path means depends on the blocks around it: `each` and `with` bring fields of their own, `../` and `@root`
//! lead out of them. [`Resolver::path`] follows the library's rules for that.

use std::collections::HashMap;

use handlebars::template::{BlockParam, HelperTemplate, Parameter, Subexpression, TemplateElement};
use handlebars::{Path, PathSeg};
use serde_json::Value;

use super::helper::PRINT;
use super::names::{self, Named, Own, Stands};
use super::path::{slot_of, slot_path};
use super::slots::Slots;
use crate::expression::computed::{shortened, wrong_count, wrong_literal};
use crate::expression::function::{Call, Function};
use crate::expression::{Computed, ExpressionError, Root};

/// Rewrites one template.
pub(super) struct Resolver<'t> {
    /// The template, for errors.
    pub(super) text: &'t str,
    /// The roots that may be read.
    pub(super) roots: &'t [&'t str],
    /// The blocks around, with fields of their own, the innermost last; of each the names after `as`.
    pub(super) blocks: Vec<Vec<String>>,
    /// What the template reads.
    pub(super) slots: Slots,
    /// The functions that it calls, by name.
    pub(super) functions: HashMap<&'static str, &'static Function>,
    /// The texts and slots that it is made of, as long as it is made of nothing else.
    pub(super) pieces: Option<Vec<Piece>>,
}

/// A part of a template without blocks and functions.
pub(super) enum Piece {
    /// A text as it stands.
    Text(String),
    /// The value of a slot, and its name for errors.
    Slot(usize, String),
}

impl<'t> Resolver<'t> {
    pub(super) fn new(text: &'t str, roots: &'t [&'t str]) -> Resolver<'t> {
        Resolver {
            text,
            roots,
            blocks: Vec::new(),
            slots: Slots::default(),
            functions: HashMap::new(),
            pieces: Some(Vec::new()),
        }
    }

    /// Rewrites all elements; the error is the first mistake.
    pub(super) fn elements(&mut self, elements: &mut [TemplateElement]) -> Result<(), ExpressionError> {
        for element in elements {
            match element {
                TemplateElement::RawString(text) => self.piece(|| Piece::Text(text.clone())),
                TemplateElement::Comment(_) => {}
                TemplateElement::Expression(helper) | TemplateElement::HtmlExpression(helper) => {
                    self.expression(helper)?;
                }
                TemplateElement::HelperBlock(block) => self.block(block)?,
                _ => {
                    return Err(ExpressionError::new(format!(
                        "the template `{}` uses a partial or a decorator, and there are none",
                        self.text
                    ))
                    .help("write the text where it is needed, or work it out in a `compose` step before"));
                }
            }
        }
        Ok(())
    }

    fn piece(&mut self, piece: impl FnOnce() -> Piece) {
        if let Some(pieces) = &mut self.pieces {
            pieces.push(piece());
        }
    }

    /// `{{…}}`: a value that is printed, or a call that prints itself.
    fn expression(&mut self, helper: &mut HelperTemplate) -> Result<(), ExpressionError> {
        let is_name_only = helper.params.is_empty() && helper.hash.is_empty();
        let printed = match &mut helper.name {
            Parameter::Path(path) if is_name_only && self.called_alone(path).is_none() => {
                let mut value = Parameter::Path(path.clone());
                self.value(&mut value, false)?;
                value
            }
            Parameter::Subexpression(_) if is_name_only => {
                let mut value = helper.name.clone();
                self.value(&mut value, false)?;
                value
            }
            _ => match self.call(helper, false)? {
                Called::Printing => {
                    self.pieces = None;
                    return Ok(());
                }
                Called::Value(value) => value,
            },
        };
        match slot_of(&printed) {
            Some((slot, name)) => self.piece(|| Piece::Slot(slot, name)),
            None => self.pieces = None,
        }
        helper.name = Parameter::Name(PRINT.to_owned());
        helper.params = vec![printed];
        helper.hash.clear();
        Ok(())
    }

    /// The function that a name alone calls, where no root, no name after `as` and no field has that name.
    fn called_alone(&self, path: &Path) -> Option<&'static Function> {
        let Path::Relative((segments, raw)) = path else { return None };
        let [PathSeg::Named(name)] = segments.as_slice() else { return None };
        let is_known = self.blocks.iter().flatten().any(|known| known == name)
            || (self.blocks.is_empty() && self.roots.contains(&name.as_str()));
        if name != raw || is_known { None } else { names::called_alone(name, !self.blocks.is_empty()) }
    }

    /// `{{#name …}}…{{else}}…{{/name}}`.
    fn block(&mut self, block: &mut HelperTemplate) -> Result<(), ExpressionError> {
        self.pieces = None;
        let name = block.name.as_name().unwrap_or_default().to_owned();
        let opens = matches!(self.named(&name)?, Named::Own(own) if own.stands != Stands::Within);
        if !opens {
            return Err(ExpressionError::new(format!("`{name}` opens no block"))
                .help(format!("write `{{{{#if ({name} …)}}}}` or `{{{{#each ({name} …)}}}}`")));
        }
        self.call(block, false)?;
        let has_fields = matches!(block.name.as_name(), Some("each" | "with"));
        if has_fields {
            self.blocks.push(named_after_as(block.block_param.as_ref()));
        }
        let inside = block.template.as_mut().map_or(Ok(()), |inside| self.elements(&mut inside.elements));
        if has_fields {
            self.blocks.pop();
        }
        inside?;
        block.inverse.as_mut().map_or(Ok(()), |inverse| self.elements(&mut inverse.elements))
    }

    /// A value given to a helper. `may_be_missing` says that a path which finds nothing is null.
    fn value(&mut self, value: &mut Parameter, may_be_missing: bool) -> Result<(), ExpressionError> {
        match value {
            Parameter::Path(path) => self.path(path, may_be_missing),
            Parameter::Subexpression(inner) => {
                let TemplateElement::Expression(helper) = inner.element.as_mut() else { return Ok(()) };
                if let Called::Value(slot) = self.call(helper, may_be_missing)?
                    && !matches!(slot, Parameter::Subexpression(_))
                {
                    *value = slot;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// What a name stands for; an error says what may be meant.
    fn named(&self, name: &str) -> Result<Named, ExpressionError> {
        names::find(name).ok_or_else(|| {
            let (text, shown) = (self.text, shortened(name));
            ExpressionError::new(format!("the template `{text}` uses `{shown}`, which is no helper"))
                .help(names::suggestion(name))
        })
    }

    /// A call of a helper or a function, with its values.
    fn call(&mut self, call: &mut HelperTemplate, may_be_missing: bool) -> Result<Called, ExpressionError> {
        let name = call.name.as_name().unwrap_or_default().to_owned();
        match self.named(&name)? {
            Named::Own(own) => self.own(own, call),
            Named::Function(function) => self.function(function, call, may_be_missing),
        }
    }

    fn own(&mut self, own: Own, call: &mut HelperTemplate) -> Result<Called, ExpressionError> {
        if own.stands == Stands::Before && !call.block {
            return Err(ExpressionError::new(format!("`{}` stands only before a block", own.name))
                .help(format!("write `{{{{#{0} …}}}}…{{{{/{0}}}}}`", own.name)));
        }
        if call.params.len() < own.fewest {
            let (values, given) = (if own.fewest == 1 { "1 value" } else { "2 values" }, call.params.len());
            return Err(ExpressionError::new(format!("`{}` takes {values} or more, and is given {given}", own.name)));
        }
        for value in call.params.iter_mut().chain(call.hash.values_mut()) {
            self.value(value, false)?;
        }
        call.name = Parameter::Name(own.name.to_owned());
        if own.name != "lookup" {
            return Ok(Called::Printing);
        }
        // What it finds may be a list, which the library would print.
        let inner = Subexpression::new(call.name.clone(), call.params.clone(), call.hash.clone());
        Ok(Called::Value(Parameter::Subexpression(inner)))
    }

    fn function(
        &mut self,
        function: &'static Function,
        call: &mut HelperTemplate,
        may_be_missing: bool,
    ) -> Result<Called, ExpressionError> {
        mistake(function, call).map_or(Ok(()), Err)?;
        if let Call::Read(_) = function.call {
            let slot = self.reading(function, &call.params, may_be_missing)?;
            return slot_path(slot, function.name).map(Called::Value);
        }
        let is_coalesce = matches!(function.call, Call::Coalesce);
        call.params.iter_mut().try_for_each(|value| self.value(value, is_coalesce))?;
        call.name = Parameter::Name(function.name.to_owned());
        self.functions.insert(function.name, function);
        Ok(Called::Printing)
    }

    /// The slot of a function that reads the run. What it reads must be known before the run.
    fn reading(
        &mut self,
        function: &'static Function,
        values: &[Parameter],
        may_be_missing: bool,
    ) -> Result<usize, ExpressionError> {
        let literals: Option<Vec<String>> = values.iter().map(literal).collect();
        let Some(literals) = literals else {
            return Err(ExpressionError::new(format!("`{}` in a template takes its name in quotes", function.name))
                .help(format!("with a name that is worked out, write `@{{{}(…)}}` in a text", function.name)));
        };
        let text = format!("@{}({})", function.name, literals.join(","));
        let call = Computed::parse(&text)?;
        for read in call.reads() {
            let root = word(&read.root);
            if !self.roots.contains(&root) {
                return Err(ExpressionError::new(format!("`{}` cannot be used here", function.name))
                    .help(format!("a template reads here {}", self.roots.join(", "))));
            }
        }
        Ok(self.slots.call(text, call, may_be_missing))
    }
}

/// What became of a call.
enum Called {
    /// It stays, and prints its value itself.
    Printing,
    /// This has its value, and must be printed.
    Value(Parameter),
}

/// The first mistake in the values of a function.
fn mistake(function: &Function, call: &HelperTemplate) -> Option<ExpressionError> {
    if let Some(name) = call.hash.keys().min() {
        return Some(ExpressionError::new(format!(
            "`{}` takes no value with a name, such as `{name}=`",
            function.name
        )));
    }
    wrong_count(function, call.params.len()).or_else(|| {
        call.params.iter().enumerate().find_map(|(place, value)| match value {
            Parameter::Literal(literal) => wrong_literal(function, place, literal),
            _ => None,
        })
    })
}

/// A literal as the expression language writes it.
fn literal(value: &Parameter) -> Option<String> {
    match value {
        Parameter::Literal(Value::String(text)) => Some(format!("'{}'", text.replace('\'', "''"))),
        Parameter::Literal(other) => Some(other.to_string()),
        _ => None,
    }
}

/// The names after `as` in `{{#each list as |row index|}}`.
fn named_after_as(names: Option<&BlockParam>) -> Vec<String> {
    let names = match names {
        Some(BlockParam::Single(one)) => vec![one],
        Some(BlockParam::Pair((one, other))) => vec![one, other],
        _ => Vec::new(),
    };
    names.into_iter().filter_map(Parameter::as_name).map(str::to_owned).collect()
}

/// The word under which a root stands among those that may be read.
fn word(root: &Root) -> &str {
    match root {
        Root::Named(name) => name,
        Root::Items(_) | Root::Pass(_) => "items",
        Root::TriggerRecord | Root::TriggerOutputs => "trigger",
        Root::Step(_) | Root::Outputs(_) | Root::Record(_) | Root::Result(_) | Root::Workflow => "steps",
    }
}
