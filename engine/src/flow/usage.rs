//! What can be said of a flow's values before it runs: which loops' passes are asked for by `result`, and which
//! steps hold what must not be shown.

use std::collections::{BTreeSet, HashMap};

use super::data::DataOperation;
use super::{Answer, Flow, Secure, Step, StepKind, Steps, Trigger, Wait};
use crate::expression::{Expression, Root};
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
}

impl Usage {
    /// Looks at every value of a flow.
    pub fn of(flow: &Flow) -> Usage {
        let secure_trigger = matches!(&flow.trigger, Trigger::Event(event) if event.secure);
        let mut usage = Usage { secure_trigger, ..Usage::default() };
        let mut steps = Vec::new();
        every_step(&flow.steps, &mut steps);
        let reads: Vec<(&Step, Vec<Root>)> = steps.into_iter().map(|step| (step, roots(step))).collect();
        for root in reads.iter().flat_map(|(_, roots)| roots) {
            if let Root::Result(name) = root {
                usage.collected.insert(name.to_lowercase());
            }
        }
        usage.spread(&reads);
        usage
    }

    /// What is not shown of a step.
    pub fn secure(&self, step: &str) -> Secure {
        self.secure.get(&step.to_lowercase()).copied().unwrap_or_default()
    }

    /// Marks what reads a marked step, until nothing more is found. A variable is marked like a step, under a name
    /// that no step can have.
    fn spread(&mut self, reads: &[(&Step, Vec<Root>)]) {
        for (step, _) in reads {
            self.secure.insert(step.name.to_lowercase(), step.secure);
        }
        loop {
            let mut changed = false;
            for (step, roots) in reads {
                let name = step.name.to_lowercase();
                let mut secure = self.secure(&name);
                secure.inputs |= roots.iter().any(|root| self.hides(root));
                // A service's answer is its own; what is made here out of something hidden is hidden.
                secure.outputs |= secure.inputs && makes_its_value(&step.kind);
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

    fn hides(&self, root: &Root) -> bool {
        match root {
            Root::Step(name) | Root::Outputs(name) | Root::Items(name) => self.secure(name).outputs,
            Root::Record(name) | Root::Result(name) => self.secure(name).inputs || self.secure(name).outputs,
            Root::TriggerOutputs | Root::TriggerRecord => self.secure_trigger,
            Root::Named(name) if name == "trigger" => self.secure_trigger,
            Root::Named(name) if name == "variables" => self.secure.keys().any(|known| known.starts_with(VARIABLE)),
            _ => false,
        }
    }
}

const VARIABLE: &str = "\u{0}variable ";

fn variable(name: &str) -> String {
    format!("{VARIABLE}{}", name.to_lowercase())
}

fn makes_its_value(kind: &StepKind) -> bool {
    matches!(
        kind,
        StepKind::Data(_) | StepKind::Assign(_) | StepKind::ForEach { .. } | StepKind::Respond(_) | StepKind::Switch { .. }
    )
}

fn every_step<'f>(steps: &'f Steps, found: &mut Vec<&'f Step>) {
    for step in steps.values() {
        found.push(step);
        step.kind.inner().into_iter().for_each(|(_, inner)| every_step(inner, found));
    }
}

/// The roots that a step's own values read.
fn roots(step: &Step) -> Vec<Root> {
    let mut reads = Vec::new();
    expressions(&step.kind, &mut |expression| expression.reads(&Route::root(), &mut reads));
    reads.into_iter().map(|(_, read)| read.root).collect()
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
            [&update.from, &update.read.with, &update.update.with].into_iter().for_each(visit);
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
