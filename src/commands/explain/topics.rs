//! The sections of the documentation, by the words that they explain.
//!
//! A heading with words in backticks explains these: `` ## `poll` ``. Another heading explains itself. A section goes
//! as far as the next heading that is not below its own; the first column of its tables tells of further words.

use include_dir::{Dir, File, include_dir};

/// The documentation, as it was when the command was built.
static DOCS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/docs");

/// The pages whose sections explain words, in the order in which they are listed.
const PAGES: [(&str, &str); 7] = [
    ("Flows", "flows.md"),
    ("Triggers", "triggers.md"),
    ("Steps", "steps"),
    ("What every step can say", "steps.md"),
    ("Values", "values.md"),
    ("Mappings", "mappings.md"),
    ("Tests", "tests.md"),
];

/// A section.
pub(super) struct Topic {
    /// The words that it explains.
    pub(super) words: Vec<String>,
    /// The words that its own tables tell of, such as the keys of a kind of step.
    pub(super) told: Vec<String>,
    /// What Power Automate calls them: `Foreach`, "Apply to each".
    pub(super) foreign: Vec<String>,
    /// The section with its heading, in Markdown.
    pub(super) text: &'static str,
}

impl Topic {
    /// Whether it explains a word, in any case.
    pub(super) fn is_about(&self, word: &str) -> bool {
        self.words.iter().any(|known| known.eq_ignore_ascii_case(word))
    }

    /// Whether it tells of a word among others, in any case: of a key, alone or with what it stands in, or of the
    /// name that its words have in Power Automate.
    pub(super) fn tells_of(&self, word: &str) -> bool {
        let is_word = |known: &str| known.eq_ignore_ascii_case(word);
        let is_key = |known: &String| is_word(known) || known.rsplit('.').next().is_some_and(is_word);
        self.told.iter().any(is_key) || self.foreign.iter().any(|known| is_word(known))
    }
}

/// The sections of all pages, each group with its title.
pub(super) fn all() -> impl Iterator<Item = (&'static str, Vec<Topic>)> {
    PAGES.into_iter().map(|(title, path)| {
        let pages: Vec<&File<'_>> = match DOCS.get_dir(path) {
            Some(folder) => folder.files().collect(),
            None => DOCS.get_file(path).into_iter().collect(),
        };
        (title, pages.into_iter().filter_map(File::contents_utf8).flat_map(sections).collect())
    })
}

/// A heading: where it begins, its level from 1, its text.
struct Heading<'t> {
    begin: usize,
    level: usize,
    text: &'t str,
}

fn sections(page: &'static str) -> Vec<Topic> {
    let headings = headings(page);
    let section = |(index, heading): (usize, &Heading<'_>)| {
        let next = headings.iter().skip(index + 1).find(|next| next.level <= heading.level);
        let end = next.map_or(page.len(), |next| next.begin);
        let own_end = headings.get(index + 1).map_or(page.len(), |next| next.begin);
        let own = page.get(heading.begin..own_end).unwrap_or_default();
        let told = own.lines().filter(|line| line.starts_with("| `")).filter_map(first_cell).flat_map(marked).collect();
        let foreign = foreign_names(own);
        Topic { words: words(heading.text), told, foreign, text: page.get(heading.begin..end).unwrap_or_default() }
    };
    headings.iter().enumerate().map(section).collect()
}

/// The headings of a page; a line of an example is none.
fn headings(page: &str) -> Vec<Heading<'_>> {
    let mut headings = Vec::new();
    let mut begin = 0;
    let mut in_example = false;
    for line in page.split_inclusive('\n') {
        let level = line.chars().take_while(|c| *c == '#').count();
        if line.starts_with("```") {
            in_example = !in_example;
        } else if level > 0 && !in_example {
            headings.push(Heading { begin, level, text: line.trim_start_matches('#').trim() });
        }
        begin += line.len();
    }
    headings
}

fn words(heading: &str) -> Vec<String> {
    let marked: Vec<String> = marked(heading).collect();
    if marked.is_empty() { vec![heading.to_lowercase()] } else { marked }
}

/// The names that a section gives after "In Power Automate:", in backticks or in quotes, up to the end of its paragraph.
fn foreign_names(section: &str) -> Vec<String> {
    let Some((_, after)) = section.split_once("In Power Automate: ") else { return Vec::new() };
    let paragraph = after.split("\n\n").next().unwrap_or_default();
    let quoted = paragraph.split('"').skip(1).step_by(2).map(str::to_owned);
    marked(paragraph).chain(quoted).collect()
}

/// What stands in backticks.
fn marked(text: &str) -> impl Iterator<Item = String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned)
}

fn first_cell(row: &str) -> Option<&str> {
    row.split('|').nth(1)
}

#[cfg(test)]
mod tests {
    use super::sections;

    #[test]
    fn a_section_ends_with_the_next_one_of_its_level() {
        let page = "# `set`, `append`\n| `on`, `at` | `x` |\n## Null rules\ntwo\n```yaml\n# no heading\n```\n### Deep\nthree\n## `x`\n";
        let found: Vec<(String, String, &str)> =
            sections(page).into_iter().map(|topic| (topic.words.join(" "), topic.told.join(" "), topic.text)).collect();
        let expected = [
            ("set append", "on at", page),
            ("null rules", "", "## Null rules\ntwo\n```yaml\n# no heading\n```\n### Deep\nthree\n"),
            ("deep", "", "### Deep\nthree\n"),
            ("x", "", "## `x`\n"),
        ];
        assert_eq!(found, expected.map(|(words, told, text)| (words.to_owned(), told.to_owned(), text)));
    }
}
