//! The author's mistakes: what is wrong, where, and the way out.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::{Code, Route, Source};

/// One mistake in a file.
#[derive(Debug, Clone)]
pub struct Problem {
    source: Arc<Source>,
    span: Range<usize>,
    severity: Severity,
    code: Code,
    message: String,
    help: Option<String>,
}

/// Whether a flow with this problem may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It may not.
    Error,
    /// It may, and will probably not do what its author means.
    Warning,
}

impl Problem {
    /// An error at a route of the file.
    pub fn error(source: &Arc<Source>, at: &Route, message: impl Into<String>) -> Problem {
        Problem::error_at(source, source.span(at), message)
    }

    /// An error in the name at a route: the key is shown, not its value.
    pub fn error_in_key(source: &Arc<Source>, at: &Route, message: impl Into<String>) -> Problem {
        Problem::error_at(source, source.key_span(at), message)
    }

    /// A warning at a route of the file.
    pub fn warning(source: &Arc<Source>, at: &Route, message: impl Into<String>) -> Problem {
        Problem::error(source, at, message).as_warning()
    }

    /// A warning in the name at a route: the key is shown, not its value.
    pub fn warning_in_key(source: &Arc<Source>, at: &Route, message: impl Into<String>) -> Problem {
        Problem::error_in_key(source, at, message).as_warning()
    }

    /// An error in some bytes of the text.
    pub fn error_at(source: &Arc<Source>, span: Range<usize>, message: impl Into<String>) -> Problem {
        let (source, message) = (Arc::clone(source), message.into());
        let span = whole_characters(source.text(), span);
        Problem { source, span, severity: Severity::Error, code: Code::Invalid, message, help: None }
    }

    /// Makes it a warning.
    #[must_use]
    pub fn as_warning(self) -> Problem {
        Problem { severity: Severity::Warning, ..self }
    }

    /// Makes it an error.
    #[must_use]
    pub fn as_error(self) -> Problem {
        Problem { severity: Severity::Error, ..self }
    }

    /// Says what kind of problem it is.
    #[must_use]
    pub fn of_kind(self, code: Code) -> Problem {
        Problem { code, ..self }
    }

    /// Points to a part of the string at a route, in bytes of the string's value, where the part is known.
    #[must_use]
    pub fn in_part(self, at: &Route, part: Option<&Range<usize>>) -> Problem {
        match part {
            Some(part) => {
                let span = whole_characters(self.source.text(), self.source.part_span(at, part));
                Problem { span, ..self }
            }
            None => self,
        }
    }

    /// Adds how to mend it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }

    /// Adds how to mend it, where there is something to say.
    #[must_use]
    pub fn help_if(mut self, help: Option<String>) -> Problem {
        self.help = help.or(self.help);
        self
    }

    /// Whether it stops the flow from running.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// What kind of problem it is.
    pub fn code(&self) -> Code {
        self.code
    }

    /// What is wrong, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The way out, where one is known.
    pub fn help_text(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// The file's name, line and column (from 1).
    pub fn place(&self) -> (&str, usize, usize) {
        let (line, column) = self.source.line_and_column(self.span.start);
        (self.source.name(), line, column)
    }

    /// The problem with the line it stands in, in colour or plain.
    pub fn render(&self, colour: bool) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let snippet = Snippet::source(self.source.text())
            .path(self.source.name())
            .fold(true)
            .annotation(AnnotationKind::Primary.span(self.span.clone()));
        let mut group = level.primary_title(self.message.as_str()).element(snippet);
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[group]).to_string()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, line, column) = self.place();
        write!(f, "{file}:{line}:{column}: {}", self.message)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, "; help: {help}"))
    }
}

/// All mistakes that were found in one pass: never empty when it is an error.
#[derive(Debug, Clone, Default)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// How many of them stop the flows from running.
    pub fn errors(&self) -> usize {
        self.0.iter().filter(|problem| problem.severity() == Severity::Error).count()
    }

    /// Makes errors of those of a kind.
    #[must_use]
    pub fn strict(self, code: Code) -> Problems {
        let strict = |problem: Problem| if problem.code == code { problem.as_error() } else { problem };
        Problems(self.0.into_iter().map(strict).collect())
    }

    /// Orders them by file and place, and drops what was found twice.
    #[must_use]
    pub fn sorted(mut self) -> Problems {
        self.0.sort_by(|a, b| {
            (a.source.name(), a.span.start, &a.message).cmp(&(b.source.name(), b.span.start, &b.message))
        });
        self.0.dedup_by(|a, b| a.span == b.span && a.message == b.message && a.source.name() == b.source.name());
        self
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|problem| writeln!(f, "{problem}"))
    }
}

impl std::error::Error for Problems {}

/// The known name that is nearest to a mistyped one, if any is near enough to be meant. The beginning of one name only,
/// such as `int` of `integer`, is near to it.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    let known: Vec<&str> = known.into_iter().collect();
    let begins = |candidate: &&&str| name.len() >= 3 && candidate.to_lowercase().starts_with(&name);
    let mut begun = known.iter().filter(begins);
    if let (Some(candidate), None) = (begun.next(), begun.next()) {
        return Some(candidate);
    }
    known
        .into_iter()
        .filter(|_| !name.is_empty())
        .map(|candidate| (strsim::damerau_levenshtein(&name, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The bytes with the whole of the characters that they begin and end in: a reader may stop in the middle of one.
fn whole_characters(text: &str, span: Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(span.start);
    start..text.ceil_char_boundary(span.end).max(start)
}

#[cfg(test)]
mod tests {
    use super::whole_characters;
    use crate::source::Source;

    #[test]
    fn a_problem_in_the_middle_of_a_character_can_be_shown() {
        let text = "checkmark: { marks: [\"✔ \", \"✖ \"sssssssss], write: \"✔ \" }\n";
        for length in text.char_indices().map(|(at, _)| at) {
            let (_, problems) = Source::read("marks.yaml", &text[..length]);
            problems.iter().for_each(|problem| assert!(problem.render(false).contains("marks.yaml")));
        }
    }

    #[test]
    fn a_place_is_made_of_whole_characters() {
        let text = "a✖b";
        let cases = [(0..1, 0..1), (2..3, 1..4), (1..2, 1..4), (4..9, 4..5), (9..12, 5..5)];
        for (span, expected) in cases {
            assert_eq!(whole_characters(text, span.clone()), expected, "{span:?}");
        }
    }
}
