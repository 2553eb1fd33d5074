//! A flow as a picture: Graphviz dot and Mermaid, from one description.

use std::fmt::Write as _;

use crate::flow::{Flow, Step, StepKind, Steps};
use crate::outcome::{Outcome, Outcomes};

/// The languages that a picture can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// For Graphviz.
    Dot,
    /// For Mermaid, which many code hosts show in a page.
    Mermaid,
}

/// Draws a flow: containers as boxes around their steps, `after` as arrows, other outcomes than success as
/// words beside them.
pub fn draw(flow: &Flow, language: Language) -> String {
    let mut pen = Pen { language, out: String::new(), depth: 1 };
    match language {
        Language::Dot => pen.line(0, &format!("digraph \"{}\" {{", quoted(&flow.name))),
        Language::Mermaid => pen.line(0, "flowchart TD"),
    }
    if language == Language::Dot {
        pen.line(1, "compound=true; rankdir=TB; node [shape=box, style=rounded, fontname=\"sans-serif\"]; edge [fontname=\"sans-serif\"];");
    }
    pen.box_node("!trigger", &flow.title);
    pen.steps(&flow.steps, "!trigger", "");
    if language == Language::Dot {
        pen.line(0, "}");
    }
    pen.out
}

struct Pen {
    language: Language,
    out: String,
    depth: usize,
}

impl Pen {
    fn line(&mut self, depth: usize, text: &str) {
        let _ = writeln!(self.out, "{}{text}", "  ".repeat(depth));
    }

    fn box_node(&mut self, id: &str, label: &str) {
        let text = match self.language {
            Language::Dot => format!("\"{}\" [label=\"{}\"];", quoted(id), quoted(label)),
            Language::Mermaid => format!("{}[\"{}\"]", mermaid_id(id), mermaid_text(label)),
        };
        self.line(self.depth, &text);
    }

    fn diamond(&mut self, id: &str, label: &str) {
        let text = match self.language {
            Language::Dot => format!("\"{}\" [shape=diamond, label=\"{}\"];", quoted(id), quoted(label)),
            Language::Mermaid => format!("{}{{\"{}\"}}", mermaid_id(id), mermaid_text(label)),
        };
        self.line(self.depth, &text);
    }

    fn open(&mut self, id: &str, label: &str) {
        let text = match self.language {
            Language::Dot => {
                format!("subgraph \"cluster_{}\" {{ label=\"{}\"; style=rounded;", quoted(id), quoted(label))
            }
            Language::Mermaid => format!("subgraph {}_box[\"{}\"]", mermaid_id(id), mermaid_text(label)),
        };
        self.line(self.depth, &text);
        self.depth += 1;
    }

    fn close(&mut self) {
        self.depth -= 1;
        let text = if self.language == Language::Dot { "}" } else { "end" };
        self.line(self.depth, text);
    }

    fn arrow(&mut self, from: &str, to: &str, label: &str) {
        let text = match (self.language, label) {
            (Language::Dot, "") => format!("\"{}\" -> \"{}\";", quoted(from), quoted(to)),
            (Language::Dot, label) => {
                format!("\"{}\" -> \"{}\" [label=\"{}\"];", quoted(from), quoted(to), quoted(label))
            }
            (Language::Mermaid, "") => format!("{} --> {}", mermaid_id(from), mermaid_id(to)),
            (Language::Mermaid, label) => {
                format!("{} -->|\"{}\"| {}", mermaid_id(from), mermaid_text(label), mermaid_id(to))
            }
        };
        self.line(self.depth, &text);
    }

    /// Draws sibling steps; those that wait for nobody hang on `above`, by an arrow with that label.
    fn steps(&mut self, steps: &Steps, above: &str, label: &str) {
        for step in steps.values() {
            self.step(step);
        }
        for step in steps.values() {
            if step.after.is_empty() {
                self.arrow(above, &step.name, label);
            }
            for run_after in &step.after {
                let from = steps.get(&run_after.step).map_or_else(|| run_after.step.clone(), |before| exit(before));
                self.arrow(&from, &step.name, &words(run_after.outcomes));
            }
        }
    }

    fn step(&mut self, step: &Step) {
        let title = step.title.as_deref().unwrap_or(&step.name);
        match &step.kind {
            StepKind::Scope(_) | StepKind::If { .. } | StepKind::Switch { .. } => self.container(step, title),
            StepKind::ForEach { .. } => self.container(step, &format!("for each: {title}")),
            StepKind::Until { .. } => self.container(step, &format!("until: {title}")),
            _ => self.box_node(&step.name, title),
        }
    }

    /// Draws a container: its start, its steps, its end. A part without steps leads straight to the end.
    fn container(&mut self, step: &Step, title: &str) {
        self.open(&step.name, title);
        match step.kind {
            StepKind::If { .. } | StepKind::Switch { .. } => self.diamond(&step.name, "?"),
            _ => self.box_node(&step.name, "start"),
        }
        let end = exit(step);
        self.box_node(&end, "end");
        for (label, steps) in step.kind.inner() {
            if steps.is_empty() {
                self.arrow(&step.name, &end, label);
            }
            self.steps(steps, &step.name, label);
            for leaf in leaves(steps) {
                self.arrow(&exit(leaf), &end, "");
            }
        }
        self.close();
    }
}

fn leaves(steps: &Steps) -> impl Iterator<Item = &Step> {
    steps
        .values()
        .filter(|step| !steps.values().any(|other| other.after.iter().any(|run_after| run_after.step == step.name)))
        .map(AsRef::as_ref)
}

/// The id of the node that others wait for.
fn exit(step: &Step) -> String {
    if step.kind.inner().is_empty() { step.name.clone() } else { format!("{}!end", step.name) }
}

fn words(outcomes: Outcomes) -> String {
    if outcomes == Outcomes::SUCCEEDED {
        String::new()
    } else {
        outcomes.iter().map(Outcome::name).collect::<Vec<_>>().join(", ")
    }
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " ")
}

fn mermaid_text(text: &str) -> String {
    text.replace('"', "#quot;").replace('\n', " ")
}

/// Mermaid takes only plain words as ids.
fn mermaid_id(id: &str) -> String {
    let plain: String = id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format!("n_{plain}")
}
