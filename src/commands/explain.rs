//! `cosell explain`: what a word of flows means, in the words of the documentation.
//!
//! A word is the heading of a section of `docs/` ([`topics`]), a function ([`functions`]), or both: `if` is a kind of
//! step and a function. Without a word, all of them are listed.

mod functions;
mod topics;

use cosell_engine::expression::function;
use cosell_engine::source::nearest;

use crate::failure::Failure;
use crate::print;
use topics::Topic;

/// The word that stands for the whole table of functions.
const FUNCTIONS: &str = "functions";

pub(super) fn explain(word: Option<&str>) -> Result<(), Failure> {
    match word {
        None => list(),
        Some(word) if word.eq_ignore_ascii_case(FUNCTIONS) => print::text(functions::page()),
        Some(word) => print::line(found(word)?),
    }
    Ok(())
}

/// All that is said of a word, in any case.
fn found(word: &str) -> Result<String, Failure> {
    let name = word.trim_start_matches('@').split('(').next().unwrap_or(word).trim();
    let topics: Vec<Topic> = topics::all().flat_map(|(_, topics)| topics).collect();
    let about = topics.iter().filter(|topic| topic.is_about(name));
    let mut texts: Vec<String> = about.map(|topic| topic.text.trim_end().to_owned()).collect();
    texts.extend(function::find(name).map(functions::text));
    if texts.is_empty() {
        let telling = topics.iter().filter(|topic| topic.tells_of(name));
        texts.extend(telling.map(|topic| topic.text.trim_end().to_owned()));
    }
    if texts.is_empty() {
        return Err(unknown(word, name, &topics));
    }
    Ok(texts.join("\n\n"))
}

fn unknown(word: &str, name: &str, topics: &[Topic]) -> Failure {
    let words =
        topics.iter().flat_map(|topic| topic.words.iter().chain(&topic.told).chain(&topic.foreign).map(String::as_str));
    let known = words.chain(function::all().map(|function| function.name)).chain([FUNCTIONS]);
    let help = nearest(name, known)
        .map_or_else(|| "`cosell explain` lists what there is".to_owned(), |near| format!("did you mean `{near}`?"));
    Failure::Usage(format!("there is nothing called `{word}` to explain; {help}"))
}

/// The words by page and by group of functions. Headings of several words are left out: nobody would type them.
fn list() {
    for (title, topics) in topics::all() {
        let words = topics.iter().flat_map(|topic| topic.words.iter().map(String::as_str));
        group(title, words.filter(|word| !word.contains(' ') && !word.eq_ignore_ascii_case(title)));
    }
    for (kind, title) in functions::GROUPS {
        group(&format!("Functions: {title}"), functions::of(kind).map(|function| function.name));
    }
    print::line(
        "`cosell explain WORD` explains one of them; `cosell explain functions` prints the table of functions.",
    );
}

fn group<'w>(title: &str, words: impl Iterator<Item = &'w str>) {
    let words: Vec<&str> = words.collect();
    if !words.is_empty() {
        print::heading(title);
        print::line(format!("{}\n", wrapped(&words)));
    }
}

/// Words with commas, in lines of at most 98 characters.
fn wrapped(words: &[&str]) -> String {
    let (mut text, mut width) = (String::new(), 0);
    for word in words.join(", ").split(' ') {
        let start = if text.is_empty() {
            "  "
        } else if width + word.len() > 97 {
            width = 0;
            "\n  "
        } else {
            " "
        };
        text.push_str(start);
        text.push_str(word);
        width += start.trim_start_matches('\n').len() + word.len();
    }
    text
}
