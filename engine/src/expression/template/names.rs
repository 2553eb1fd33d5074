//! The names that may stand first in `{{…}}`: those of Handlebars, and those of the function library.

use crate::expression::computed::near;
use crate::expression::function::{self, Call, Function};

/// A name that Handlebars has itself. It keeps its meaning there, whatever a function of that name does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Own {
    /// The name.
    pub(super) name: &'static str,
    /// The fewest values that it takes.
    pub(super) fewest: usize,
    /// Where it may stand.
    pub(super) stands: Stands,
}

/// Where a name of Handlebars may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stands {
    /// Before a block only: `{{#if …}}`.
    Before,
    /// Before a block, and in place of a value: `{{#eq …}}`, `(eq …)`.
    Both,
    /// In place of a value only.
    Within,
}

/// The names of Handlebars.
const OWN: [Own; 17] = [
    own("if", 1, Stands::Before),
    own("unless", 1, Stands::Before),
    own("each", 1, Stands::Before),
    own("with", 1, Stands::Before),
    own("raw", 0, Stands::Before),
    own("eq", 2, Stands::Both),
    own("ne", 2, Stands::Both),
    own("gt", 2, Stands::Both),
    own("gte", 2, Stands::Both),
    own("lt", 2, Stands::Both),
    own("lte", 2, Stands::Both),
    own("and", 1, Stands::Both),
    own("or", 1, Stands::Both),
    own("not", 1, Stands::Both),
    own("lookup", 2, Stands::Within),
    own("len", 1, Stands::Within),
    own("log", 0, Stands::Within),
];

/// What a name stands for.
pub(super) enum Named {
    /// Something of Handlebars.
    Own(Own),
    /// A function of the library.
    Function(&'static Function),
}

/// What a name stands for, in any case.
pub(super) fn find(name: &str) -> Option<Named> {
    let own = OWN.iter().find(|own| own.name.eq_ignore_ascii_case(name));
    own.copied().map(Named::Own).or_else(|| function::find(name).map(Named::Function))
}

/// What may be meant by a name that stands for nothing.
pub(super) fn suggestion(name: &str) -> String {
    let known = OWN.iter().map(|own| own.name).chain(function::all().map(|function| function.name));
    match near(name, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`cosell explain` lists the functions, and Handlebars has `if`, `each` and the like".to_owned(),
    }
}

/// The function that a name alone calls. Within a block that has fields, a name alone is a field, but for the
/// functions that make a value of nothing, `utcNow` and `guid`: `(item)` calls the function there, `{{item}}` reads
/// the field.
pub(super) fn called_alone(name: &str, has_fields: bool) -> Option<&'static Function> {
    let Some(Named::Function(function)) = find(name) else { return None };
    let makes_of_nothing = function.arity().0 == 0 && matches!(function.call, Call::Values(_));
    (makes_of_nothing || !has_fields).then_some(function)
}

const fn own(name: &'static str, fewest: usize, stands: Stands) -> Own {
    Own { name, fewest, stands }
}
