//! The paths in a template: which lead to a slot, and which to a field of a block.

use std::sync::LazyLock;

use handlebars::template::Parameter;
use handlebars::{Path, PathSeg};

use super::resolve::Resolver;
use crate::expression::{ExpressionError, Root};

/// What `@root` is in a parsed path.
static ROOT: LazyLock<Option<PathSeg>> = LazyLock::new(|| match Path::parse("@root/x") {
    Ok(Path::Relative((segments, _))) => segments.into_iter().next(),
    _ => None,
});

impl Resolver<'_> {
    /// A path: to a slot where it leads to a root, and as it stands where it leads to a field of a block.
    pub(super) fn path(&mut self, path: &mut Path, may_be_missing: bool) -> Result<(), ExpressionError> {
        let (segments, raw) = match path {
            Path::Relative((segments, raw)) => (segments, raw.clone()),
            Path::Local((_, _, raw)) if self.blocks.is_empty() => {
                return Err(ExpressionError::new(format!("`{raw}` stands in no `each`")));
            }
            Path::Local(_) => return Ok(()),
        };
        let names: Vec<String> = segments
            .iter()
            .filter_map(|segment| match segment {
                PathSeg::Named(name) => Some(name.clone()),
                _ => None,
            })
            .collect();
        let ups = segments.iter().filter(|segment| !matches!(segment, PathSeg::Named(_))).count();
        let from_root = segments.first().is_some_and(|first| ROOT.as_ref() == Some(first));
        let is_named = names.first().is_some_and(|name| self.blocks.iter().flatten().any(|known| known == name));
        if !from_root && is_named {
            return Ok(());
        }
        if !from_root && ups < self.blocks.len() {
            return Ok(());
        }
        if !from_root && ups > self.blocks.len() {
            return Err(ExpressionError::new(format!("`{raw}` goes up further than there are blocks around it")));
        }
        let slot = self.root_path(&names, &raw, may_be_missing)?;
        if let Parameter::Path(to_slot) = slot_path(slot, &raw)? {
            *path = to_slot;
        }
        Ok(())
    }

    /// The slot of a path from a root.
    fn root_path(&mut self, names: &[String], raw: &str, may_be_missing: bool) -> Result<usize, ExpressionError> {
        let unknown = || {
            ExpressionError::new(format!("the template `{}` reads `{raw}`, which is not there", self.text))
                .help(format!("a name starts with one of {}", self.roots.join(", ")))
        };
        let first = names.first().filter(|first| self.roots.contains(&first.as_str())).ok_or_else(unknown)?;
        let (root, depth) = match (first.as_str(), names.get(1)) {
            ("steps", Some(name)) => (Root::Step(name.clone()), 2),
            ("items", Some(name)) => (Root::Items(name.clone()), 2),
            ("steps" | "items", None) => return Err(unknown()),
            _ => (Root::Named(first.clone()), 1),
        };
        Ok(self.slots.path(names, root, depth, may_be_missing))
    }
}

/// The path to a slot; errors call it by `name`.
pub(super) fn slot_path(slot: usize, name: &str) -> Result<Parameter, ExpressionError> {
    match Path::parse(&format!("@root/{slot}")) {
        Ok(Path::Relative((segments, _))) => Ok(Parameter::Path(Path::Relative((segments, name.to_owned())))),
        _ => Err(ExpressionError::new(format!("`{name}` cannot be read in a template"))),
    }
}

/// The slot that a path leads to, and its name.
pub(super) fn slot_of(value: &Parameter) -> Option<(usize, String)> {
    let Parameter::Path(Path::Relative((segments, name))) = value else { return None };
    match segments.as_slice() {
        [first, PathSeg::Named(slot)] if ROOT.as_ref() == Some(first) => Some((slot.parse().ok()?, name.clone())),
        _ => None,
    }
}
