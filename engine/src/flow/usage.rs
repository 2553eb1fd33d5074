//! What can be said of a flow's values before it runs: which loops' passes are asked for by `result`, and which
//! steps hold what must not be shown.

use std::collections::{BTreeSet, HashMap};

use super::data::DataOperation;
use super::{Answer, Flow, Secure, Step, StepKind, Steps, Trigger, Wait};
use crate::expression::{Expression, Read, Root};
use crate::source::Route;

/// What can be said of a flow's values before it runs. Names are in lower case.
#[derive(Debug, Default)]
pub struct Usage {
    /// Scopes and loops whose records are read by `result('NAME')`.
    pub collected: BTreeSet<String>,
    /// Steps of which something is not shown, by themselves or since they read what is not shown.
    pub secure: HashMap<String, Secure>,
    /// Whether the event is not shown.
    pub secure_trigger: bool,
    /// Steps that run another flow whose error may quote what is not shown.
    errors: BTreeSet<String>,
    /// The steps that stand directly in a step, whose records it gives.
    held: HashMap<String, Vec<String>>,
}

impl Usage {
    /// Looks at every value of the flows of a pack. A flow that another one runs gets what is hidden there, and its
    /// answer may hide what it is made from; so all are looked at again until nothing more is found.
    pub fn of_all(flows: &[Flow]) -> Vec<Usage> {
        let reads: Vec<Vec<Reader<'_>>> = flows.iter().map(readers).collect();
        let mut usages: Vec<Usage> = flows.iter().zip(&reads).map(|(flow, reads)| Usage::of(flow, reads)).collect();
        let mut between = Between::default();
        loop {
            let before = between.clone();
            for ((flow, reads), usage) in flows.iter().zip(&reads).zip(&mut usages) {
                usage.secure_trigger |= between.triggers.contains(flow.name.as_str());
                usage.spread(reads, &between);
                usage.tell(&flow.name, reads, &mut between);
            }
            if between == before {
                return usages;
            }
        }
    }

    /// What is not shown of a step.
    pub fn secure(&self, step: &str) -> Secure {
        self.secure.get(&step.to_lowercase()).copied().unwrap_or_default()
    }

    /// Whether the error of a step may quote what is not shown: a value of its own, or of a flow that it runs.
    pub fn hides_error(&self, step: &str) -> bool {
        let secure = self.secure(step);
        let of_trigger = self.secure_trigger && step == "trigger";
        secure.inputs || secure.outputs || of_trigger || self.errors.contains(&step.to_lowercase())
    }

    /// Whether anything of a run of the flow is not shown; then any error in it may quote that.
    pub fn hides_anything(&self) -> bool {
        let of_step = self.secure.values().any(|secure| secure.inputs || secure.outputs);
        of_step || self.secure_trigger || !self.errors.is_empty()
    }

    /// What a flow says itself.
    fn of(flow: &Flow, reads: &[Reader<'_>]) -> Usage {
        let secure_trigger = matches!(&flow.trigger, Trigger::Event(event) if event.secure);
        let mut usage = Usage { secure_trigger, ..Usage::default() };
        for Reader { step, reads } in reads {
            let name = step.name.to_lowercase();
            usage.secure.insert(name.clone(), step.secure);
            let inner = step.kind.inner().into_iter().flat_map(|(_, steps)| steps.keys());
            usage.held.insert(name, inner.map(|name| name.to_lowercase()).collect());
            for read in reads {
                if let Root::Result(name) = &read.root {
                    usage.collected.insert(name.to_lowercase());
                }
            }
        }
        usage
    }

    /// Marks what reads a marked step, until nothing more is found. A variable is marked like a step, under a name
    /// that no step can have.
    fn spread(&mut self, reads: &[Reader<'_>], between: &Between<'_>) {
        loop {
            let mut changed = false;
            for Reader { step, reads } in reads {
                let name = step.name.to_lowercase();
                let mut secure = self.secure(&name);
                secure.inputs |= reads.iter().any(|read| self.hides(read));
                // A service's answer is its own; what is made here out of something hidden is hidden.
                secure.outputs |= secure.inputs && makes_its_value(&step.kind);
                if let StepKind::RunFlow { flow, .. } = &step.kind {
                    secure.outputs |= between.answers.contains(flow.as_str());
                    changed |= between.errors.contains(flow.as_str()) && self.errors.insert(name.clone());
                }
                changed |= self.secure.insert(name, secure) != Some(secure);
                if let StepKind::Assign(assignment) = &step.kind
                    && secure.outputs
                {
                    let hidden = Secure { inputs: true, outputs: true };
                    changed |= self.secure.insert(variable(&assignment.variable), hidden) != Some(hidden);
                }
            }
            if !changed {
                return;
            }
        }
    }

    /// Says what other flows must know.
    fn tell<'f>(&self, flow: &'f str, reads: &[Reader<'f>], between: &mut Between<'f>) {
        if self.hides_anything() {
            between.errors.insert(flow);
        }
        for Reader { step, .. } in reads {
            let secure = self.secure(&step.name);
            match &step.kind {
                StepKind::RunFlow { flow: child, .. } if secure.inputs => {
                    between.triggers.insert(child);
                }
                StepKind::Respond(_) if secure.outputs => {
                    between.answers.insert(flow);
                }
                _ => {}
            }
        }
    }

    fn hides(&self, read: &Read) -> bool {
        match &read.root {
            Root::Step(name) | Root::Items(name) => self.secure(name).outputs,
            // Where a call failed, its error is in its outputs too.
            Root::Outputs(name) | Root::Record(name) => self.hides_error(name),
            Root::Result(name) => {
                self.held.get(&name.to_lowercase()).into_iter().flatten().any(|held| self.hides_error(held))
            }
            // It may be the error of any step before: that hides rather too much than too little.
            Root::Named(name) if name == "error" => {
                let harmless = ["step", "status", "request_id", "attempts"];
                self.hides_anything() && !read.key.as_deref().is_some_and(|key| harmless.contains(&key))
            }
            Root::TriggerOutputs | Root::TriggerRecord => self.secure_trigger,
            Root::Named(name) if name == "trigger" => self.secure_trigger,
            Root::Named(name) if name == "variables" => match &read.key {
                Some(key) => self.secure(&variable(key)).outputs,
                None => self.secure.keys().any(|known| known.starts_with(VARIABLE)),
            },
            _ => false,
        }
    }
}

/// A step with everything that its own values read.
struct Reader<'f> {
    step: &'f Step,
    reads: Vec<Read>,
}

/// What is hidden from one flow to another.
#[derive(Debug, Clone, Default, PartialEq)]
struct Between<'f> {
    /// Flows that are given something hidden.
    triggers: BTreeSet<&'f str>,
    /// Flows that answer something hidden.
    answers: BTreeSet<&'f str>,
    /// Flows whose error may quote something hidden.
    errors: BTreeSet<&'f str>,
}

const VARIABLE: &str = "\u{0}variable ";

fn variable(name: &str) -> String {
    format!("{VARIABLE}{}", name.to_lowercase())
}

fn makes_its_value(kind: &StepKind) -> bool {
    matches!(
        kind,
        StepKind::Data(_)
            | StepKind::Assign(_)
            | StepKind::ForEach { .. }
            | StepKind::Respond(_)
            | StepKind::Switch { .. }
            | StepKind::UpdateIfDifferent(_)
    )
}

fn readers(flow: &Flow) -> Vec<Reader<'_>> {
    let mut found = Vec::new();
    add_readers(&flow.steps, None, &mut found);
    found
}

/// `item` is the item of the nearest loop. That of a list that a step goes through itself is taken for the loop's
/// too: that hides rather too much than too little.
fn add_readers<'f>(steps: &'f Steps, nearest: Option<&'f str>, found: &mut Vec<Reader<'f>>) {
    for step in steps.values() {
        let mut reads = Vec::new();
        expressions(&step.kind, &mut |expression| expression.reads(&Route::root(), &mut reads));
        let mut reads: Vec<Read> = reads.into_iter().map(|(_, read)| read).collect();
        for read in &mut reads {
            if let (Root::Named(name), Some(of)) = (&read.root, nearest)
                && name == "item"
            {
                read.root = Root::Items(of.to_owned());
            }
        }
        found.push(Reader { step, reads });
        let nearest = if matches!(step.kind, StepKind::ForEach { .. }) { Some(step.name.as_str()) } else { nearest };
        step.kind.inner().into_iter().for_each(|(_, inner)| add_readers(inner, nearest, found));
    }
}

/// Every value of a step, without those of the steps that it holds.
fn expressions<'f>(kind: &'f StepKind, visit: &mut dyn FnMut(&'f Expression)) {
    match kind {
        StepKind::Call(call) => visit(&call.with),
        StepKind::RunFlow { with, .. } => visit(with),
        StepKind::If { condition, .. } => condition.expressions(visit),
        StepKind::Switch { value, .. } => visit(value),
        StepKind::ForEach { items, .. } => visit(items),
        StepKind::Until { condition, count, .. } => {
            condition.expressions(visit);
            visit(count);
        }
        StepKind::UpdateIfDifferent(update) => {
            let known = update.to.as_ref().map(|known| &known.record);
            [&update.from, &update.read.with, &update.update.with].into_iter().chain(known).for_each(visit);
        }
        StepKind::Data(operation) => data_expressions(operation, visit),
        StepKind::Assign(assignment) => visit(&assignment.value),
        StepKind::Wait(Wait::For(value) | Wait::Until(value)) => visit(value),
        StepKind::Respond(answer) => {
            let Answer { status, headers, body } = answer.as_ref();
            status.iter().chain(headers).chain([body]).for_each(visit);
        }
        StepKind::Terminate { code, message, .. } => code.iter().chain(message).for_each(visit),
        StepKind::Scope(_) => {}
    }
}

fn data_expressions<'f>(operation: &'f DataOperation, visit: &mut dyn FnMut(&'f Expression)) {
    match operation {
        DataOperation::Compose(value) => visit(value),
        DataOperation::Select { from, each: other } | DataOperation::Join { from, with: other } => {
            visit(from);
            visit(other);
        }
        DataOperation::Filter { from, condition } => {
            visit(from);
            condition.expressions(visit);
        }
        DataOperation::Table(table) => {
            visit(&table.from);
            table.columns.iter().flatten().flat_map(|column| [&column.header, &column.value]).for_each(visit);
        }
        DataOperation::Parse { content, .. } => visit(content),
    }
}
