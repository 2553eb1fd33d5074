//! Handlebars: strict, without HTML escaping, always text. Every function of the library is a helper here.
//!
//! A template is parsed by the template library and rewritten once ([`resolve`]): what it reads of the run gets a slot
//! ([`slots`]), and every name that stands first in `{{…}}` is held against those that there are ([`names`]). So its
//! reads are exact, its mistakes are found at load, and a rendering copies just what is read and never the whole
//! document. A template of texts and paths alone, as most are, is written straight from its slots; any other is
//! rendered by the library ([`render`]) with the functions as helpers ([`helper`]).
//!
//! * `if`, `unless`, `each`, `with`, `raw`, `lookup`, `log`, `len`, `eq`, `ne`, `gt`, `gte`, `lt`, `lte`, `and`, `or`
//!   and `not` mean what they mean in Handlebars, also where the function library has that name; `equals`,
//!   `greater` and the like are the functions.
//! * A function works out all its values, except that for `coalesce` a path which finds nothing is null.
//! * A function that reads the run takes its names in quotes: `{{outputs "Get row"}}`, `{{variables "n"}}`.
//! * In `each` and `with`, a name alone is a field even where a function has that name: `{{length}}`, `{{item}}`.
//!   Only `utcNow` and `guid` are called by their name alone; `{{./guid}}` is the field, and `(item)` the function.
//! * What a path reads is printed as JSON writes it, `true`, and what a function gives as `@{…}` writes it, `True`.

mod bounds;
mod helper;
mod names;
mod path;
mod render;
mod resolve;
mod slots;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use self::resolve::{Piece, Resolver};
use self::slots::Slots;
use super::computed::{LONGEST_TEXT, shortened};
use super::function::Function;
use super::{ExpressionError, Read, Root, Scope};

/// A template, compiled.
#[derive(Clone)]
pub struct Template(Arc<Compiled>);

struct Compiled {
    text: String,
    /// As the template library reads it, rewritten.
    template: handlebars::Template,
    /// What it reads of the run.
    slots: Slots,
    /// The same, as the checker asks for it.
    reads: Vec<Read>,
    /// The functions that it calls.
    functions: Vec<&'static Function>,
    /// All that it is made of, where that is nothing but texts and slots.
    pieces: Option<Vec<Piece>>,
}

impl Template {
    /// Compiles a template. `roots` are the names that may be read at the outermost level.
    pub fn parse(text: &str, roots: &[&str]) -> Result<Template, ExpressionError> {
        bounds::check(text)?;
        let shown = shortened(text);
        let mut template = handlebars::Template::compile(text).map_err(|error| {
            if text.matches("{{").count() != text.matches("}}").count() {
                return ExpressionError::new(format!("the template `{shown}` opens `{{{{` or closes `}}}}` only"));
            }
            let reason = error.reason().to_string();
            let reason = reason.lines().next().unwrap_or_default();
            ExpressionError::new(format!("the template `{shown}` cannot be read: {reason}"))
        })?;
        let mut resolver = Resolver::new(&shown, roots);
        resolver.elements(&mut template.elements)?;
        let Resolver { slots, functions, pieces, .. } = resolver;
        let functions = functions.into_values().collect();
        Ok(Template(Arc::new(Compiled {
            text: text.to_owned(),
            template,
            reads: slots.reads(),
            slots,
            functions,
            pieces,
        })))
    }

    /// Every root that the template reads.
    pub fn roots(&self) -> impl Iterator<Item = &Root> {
        self.0.reads.iter().map(|read| &read.root)
    }

    /// Every root that the template reads, with the first key below it.
    pub(super) fn reads(&self) -> impl Iterator<Item = Read> {
        self.0.reads.iter().cloned()
    }

    /// The text; a name that is not there, and a list or an object where text belongs, are errors.
    pub fn render(&self, scope: &dyn Scope) -> Result<String, ExpressionError> {
        let starts = self.0.slots.starts(scope)?;
        match &self.0.pieces {
            Some(pieces) => self.joined(pieces, &starts, scope),
            None => self.rendered(&starts, scope),
        }
    }

    /// The text of a template of texts and slots.
    fn joined(
        &self,
        pieces: &[Piece],
        starts: &[Cow<'_, Value>],
        scope: &dyn Scope,
    ) -> Result<String, ExpressionError> {
        let mut text = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(plain) => text.push_str(plain),
                Piece::Slot(slot, name) => {
                    let value = self.0.slots.value(*slot, starts, scope).map_err(|error| self.error(error))?;
                    let printed = helper::printed(&value, || format!("`{name}`")).map_err(|error| self.error(error))?;
                    text.push_str(&printed);
                }
            }
            if text.len() > LONGEST_TEXT {
                let error = ExpressionError::new(format!("the text is longer than {LONGEST_TEXT} bytes"));
                return Err(self.error(error));
            }
        }
        Ok(text)
    }

    /// The text as the template library makes it.
    fn rendered(&self, starts: &[Cow<'_, Value>], scope: &dyn Scope) -> Result<String, ExpressionError> {
        let values: Result<Vec<Value>, ExpressionError> =
            (0..self.0.slots.len()).map(|slot| self.0.slots.value(slot, starts, scope).map(Cow::into_owned)).collect();
        values
            .and_then(|values| render::render(&self.0.template, values, &self.0.functions, scope))
            .map_err(|error| self.error(error))
    }

    fn error(&self, error: ExpressionError) -> ExpressionError {
        let message = format!("the template `{}` gives no text: {}", shortened(&self.0.text), error.message);
        ExpressionError { message, help: error.help, part: None }
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}
