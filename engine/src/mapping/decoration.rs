//! Marks before a text (`✔ Harbour pilot`): one side shows them, the other must not see them.

use serde_json::Value;

use crate::difference::{Rule, is_blank};

use super::SideIndex;

/// A mark before a text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Decoration {
    /// The side that shows it.
    pub(crate) side: SideIndex,
    /// All marks that may stand there.
    pub(crate) marks: Vec<String>,
    /// The mark that is written.
    pub(crate) write: String,
    /// Whether it is written.
    pub(crate) when: bool,
}

impl Decoration {
    /// The text that the target should hold for the source's; `None` where it does, or nothing is left of it.
    pub(crate) fn wanted(&self, source: &Value, target: Option<&Value>, to: SideIndex) -> Option<Value> {
        let carried = self.carried(source, to);
        let there = is_blank(&carried) || target.is_some_and(|target| self.is_there(&carried, target, to));
        (!there).then_some(carried)
    }

    /// The source's text with the target's mark, null where nothing but marks is there.
    fn carried(&self, source: &Value, to: SideIndex) -> Value {
        match source.as_str().map(|text| self.stripped(text)) {
            Some("") => Value::Null,
            Some(text) if to == self.side && self.when => Value::from(format!("{}{text}", self.write)),
            Some(text) => Value::from(text),
            None => source.clone(),
        }
    }

    /// Whether the target already holds what was carried. Where the mark is wanted a text without it differs;
    /// where it is switched off, one that still has it does not.
    fn is_there(&self, carried: &Value, target: &Value, to: SideIndex) -> bool {
        match (carried.as_str(), target.as_str()) {
            (Some(carried), Some(target)) if to == self.side && !self.when => carried == self.stripped(target),
            (Some(carried), Some(target)) if to == self.side => carried == target,
            (Some(carried), Some(target)) => carried == target.trim(),
            _ => Rule::Natural.equal(carried, target).unwrap_or(false),
        }
    }

    fn stripped<'a>(&self, text: &'a str) -> &'a str {
        let mut rest = text.trim();
        while let Some(shorter) = self.marks.iter().find_map(|mark| without(rest, mark.trim())) {
            rest = shorter.trim_start();
        }
        rest
    }
}

fn without<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    if mark.is_empty() { None } else { text.strip_prefix(mark) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Decoration;
    use crate::mapping::SideIndex;

    #[test]
    fn marks_stay_on_their_side() {
        let cases: &[(bool, SideIndex, &str, Value, &str, bool)] = &[
            (true, SideIndex::Second, "Pilot", json!("✔ Pilot"), "✔ Pilot", true),
            (true, SideIndex::Second, "Pilot", json!("✔ Pilot"), "Pilot", false),
            (true, SideIndex::Second, "Pilot", json!("✔ Pilot"), "✖ Pilot", false),
            (true, SideIndex::Second, "✖ ✔ Pilot ", json!("✔ Pilot"), "✔ Pilot", true),
            (false, SideIndex::Second, "Pilot", json!("Pilot"), "✔ Pilot", true),
            (false, SideIndex::Second, "Pilot", json!("Pilot"), "Pilots", false),
            (true, SideIndex::First, "✔ Pilot", json!("Pilot"), "Pilot", true),
            (true, SideIndex::First, "✔Pilot", json!("Pilot"), "Pilot", true),
            (true, SideIndex::First, "Pilot", json!("Pilot"), "Pilots", false),
            (true, SideIndex::First, "✔ ", Value::Null, "Pilot", true),
        ];
        for (when, to, source, expected, target, equal) in cases {
            let decoration = Decoration {
                side: SideIndex::Second,
                marks: vec!["✔ ".into(), "✖ ".into()],
                write: "✔ ".into(),
                when: *when,
            };
            assert_eq!(&decoration.carried(&json!(source), *to), expected, "{source:?} to {to:?}");
            let wanted = decoration.wanted(&json!(source), Some(&json!(target)), *to);
            assert_eq!(wanted.is_none(), *equal, "{source:?} to {to:?} over {target:?}");
        }
    }
}
