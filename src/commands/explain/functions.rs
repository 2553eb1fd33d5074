//! The functions of the expression language, told from their table: one of them, or the page of all.

use cosell_engine::expression::function::{Count, Function, Group, all};

/// The groups with their titles, in the order of the page.
pub(super) const GROUPS: [(Group, &str); 9] = [
    (Group::Strings, "Text"),
    (Group::Collections, "Lists"),
    (Group::Logic, "Conditions"),
    (Group::Conversion, "Conversion"),
    (Group::Math, "Numbers"),
    (Group::Time, "Dates and times"),
    (Group::Workflow, "The run"),
    (Group::Uri, "Addresses"),
    (Group::Objects, "Objects and XML"),
];

/// What stands above the tables.
const HEAD: &str = "\
# Functions

Every function of Power Automate's expression language, as `cosell explain NAME` tells it. They are called in
`@…` and `@{…}`; [values.md](values.md) says how. The case of a name does not matter. A parameter with `?` may be left
out, one with `…` may be given again and again. Every example is worked out by the tests; try your own with
`cosell eval`.

This page is made from the program by `cargo xtask schemas`.
";

/// The functions of a group.
pub(super) fn of(group: Group) -> impl Iterator<Item = &'static Function> {
    all().filter(move |function| function.group == group)
}

/// One function: its form, what it does, examples.
pub(super) fn text(function: &Function) -> String {
    let mut text = format!("{}\n\n{}", signature(function), function.about);
    for (index, (expression, value)) in function.examples.iter().enumerate() {
        text.push_str(if index == 0 { "\n\n" } else { "\n" });
        text.push_str(&format!("  @{expression}  →  {value}"));
    }
    text
}

/// The page of all functions, in Markdown.
pub(super) fn page() -> String {
    let mut page = HEAD.to_owned();
    for (group, title) in GROUPS {
        page.push_str(&format!("\n## {title}\n\n| function | what it does | examples |\n|---|---|---|\n"));
        of(group).for_each(|function| page.push_str(&row(function)));
    }
    page
}

fn row(function: &Function) -> String {
    let example = |(expression, value): &(&str, &str)| format!("{} → {}", code(expression), code(value));
    let examples: Vec<String> = function.examples.iter().map(example).collect();
    let form = code(&signature(function));
    format!("| {form} | {} | {} |\n", in_cell(function.about), examples.join("<br>"))
}

/// `substring(text, start, length?) → text`
fn signature(function: &Function) -> String {
    let parameters: Vec<String> = function
        .parameters
        .iter()
        .map(|parameter| match parameter.count {
            Count::One => parameter.name.to_owned(),
            Count::Optional => format!("{}?", parameter.name),
            Count::Many => format!("{}…", parameter.name),
        })
        .collect();
    format!("{}({}) → {}", function.name, parameters.join(", "), function.gives)
}

/// Code in a cell of a table; what holds a backtick stands between two of them.
fn code(text: &str) -> String {
    let text = in_cell(text);
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

/// A bar would end the cell.
fn in_cell(text: &str) -> String {
    text.replace('|', "\\|")
}
