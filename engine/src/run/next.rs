//! What is to be done next: the decisions of a run, made from its state alone.

use jiff::Timestamp;
use petgraph::graph::NodeIndex;
use serde_json::Value;

use super::event::{Ending, Event, Part, StepError, StepPath};
use super::frame::{Calling, Frame, State as NodeState};
use super::update::{self, Stage, Update};
use super::view::{View, handled_error};
use super::{Going, Run, State};
use crate::connector::{CallKey, Effect};
use crate::expression::{Expression, ExpressionError};
use crate::flow::{Call, Step, StepKind, UpdateIfDifferent};
use crate::mapping::changes_record;
use crate::outcome::Outcome;
use crate::plan::Role;

/// Something to be done for a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Write an event to the record, then apply it.
    Record(Event),
    /// Call an operation, then record what came back. The event that the call started is recorded already.
    Call {
        /// The step that calls.
        step: StepPath,
        /// What the step does with the call.
        part: Part,
        /// The same for every attempt, also after a restart.
        key: CallKey,
        /// The operation's full name.
        operation: String,
        /// Whether it changes the service.
        effect: Effect,
        /// The input.
        input: Value,
    },
    /// Run a child flow, then record its response.
    RunFlow {
        /// The step that waits for it.
        step: StepPath,
        /// Names the child run.
        key: CallKey,
        /// The flow.
        flow: String,
        /// Its inputs.
        input: Value,
    },
}

impl Run {
    /// Everything that can be done now. Calls that are under way are named again: whoever performs them
    /// knows which ones it has begun. Nothing is to be done for a run that has not started or has ended.
    pub fn next(&self, now: Timestamp) -> Vec<Action> {
        let State::Going(going) = &self.state else { return Vec::new() };
        if let Some(ending) = going.root.ended() {
            let finished = Event::RunFinished { outcome: ending.outcome, error: ending.error.clone(), at: now };
            return vec![Action::Record(finished)];
        }
        let mut decider = Decider { run: self, going, now, actions: Vec::new() };
        decider.frame(&mut vec![&going.root]);
        decider.actions
    }
}

/// Walks what is active and decides for each.
struct Decider<'a> {
    run: &'a Run,
    going: &'a Going,
    now: Timestamp,
    actions: Vec<Action>,
}

impl<'a> Decider<'a> {
    fn frame(&mut self, frames: &mut Vec<&'a Frame>) {
        let Some(frame) = frames.last().copied() else { return };
        for (node, state) in frame.active() {
            let weight = &frame.plan.graph()[node];
            let Some(step) = weight.step.as_deref() else { continue };
            match state {
                NodeState::Looping(_) => {
                    if let Some(inner) = frame.loop_frame(node) {
                        frames.push(inner);
                        self.frame(frames);
                        frames.pop();
                    }
                }
                state => self.step(step, state, &weight.role, frames, node),
            }
            if matches!(self.actions.last(), Some(Action::Record(Event::RunFinished { .. }))) {
                return;
            }
        }
    }

    fn step(&mut self, step: &'a Step, state: &NodeState, role: &Role, frames: &[&'a Frame], node: NodeIndex) {
        let containers = containers(frames, node);
        let view = View {
            trigger: &self.going.trigger,
            parameters: &self.run.parameters,
            frames,
            error: handled_error(step, &containers, frames),
            extra: Vec::new(),
        };
        let path = path(step, frames);
        match (state, &step.kind) {
            (NodeState::Calling(calling), kind) => self.call(path, kind, calling),
            (NodeState::Updating(update), StepKind::UpdateIfDifferent(kind)) => self.update(path, kind, update, &view),
            (NodeState::Ready, kind) => self.start(path, kind, role, &view),
            _ => {}
        }
    }

    /// What to do with a step whose turn it is.
    fn start(&mut self, path: StepPath, kind: &StepKind, role: &Role, view: &View<'_>) {
        match kind {
            StepKind::Call(Call { with, .. }) | StepKind::RunFlow { with, .. } => {
                self.start_call(path, Part::Call, with, view);
            }
            StepKind::If { condition, .. } => match condition.holds(view) {
                Ok(holds) => self.record(Event::ConditionDecided { step: path, holds, at: self.now }),
                Err(error) => self.fail(path, &error),
            },
            StepKind::ForEach { items, .. } if matches!(role, Role::Loop(_)) => self.start_loop(path, items, view),
            StepKind::UpdateIfDifferent(kind) => self.update(path, kind, &Update::default(), view),
            StepKind::Compose(value) => match value.evaluate(view) {
                Ok(value) => self.finish(path, Ending::succeeded(value)),
                Err(error) => self.fail(path, &error),
            },
            StepKind::Respond(value) => self.respond(path, value, view),
            StepKind::Terminate { outcome, code, message } => {
                self.terminate(&path, *outcome, code.as_deref(), message.as_ref(), view);
            }
            StepKind::Scope(_) | StepKind::ForEach { .. } => {}
        }
    }

    fn start_call(&mut self, step: StepPath, part: Part, with: &Expression, view: &View<'_>) {
        match with.evaluate(view) {
            Ok(input) => self.record(Event::CallStarted { step, part, input, changes: Vec::new(), at: self.now }),
            Err(error) => self.fail(step, &error),
        }
    }

    fn start_loop(&mut self, step: StepPath, items: &Expression, view: &View<'_>) {
        match items.evaluate(view) {
            Ok(Value::Array(items)) => self.record(Event::LoopStarted { step, items, at: self.now }),
            Ok(other) => {
                let kind = if other.is_null() { "null" } else { "no list" };
                self.fail(step, &ExpressionError::new(format!("a loop goes over a list, and this is {kind}")));
            }
            Err(error) => self.fail(step, &error),
        }
    }

    fn respond(&mut self, step: StepPath, value: &Expression, view: &View<'_>) {
        match value.evaluate(view) {
            Ok(_) if self.has_answered() => {
                self.fail(step, &ExpressionError::new("the run has answered already"));
            }
            Ok(value) => self.record(Event::Responded { step, value, at: self.now }),
            Err(error) => self.fail(step, &error),
        }
    }

    /// Whether the run has answered, or will by what was just decided for a step that runs beside.
    fn has_answered(&self) -> bool {
        self.going.response.is_some()
            || self.actions.iter().any(|action| matches!(action, Action::Record(Event::Responded { .. })))
    }

    fn terminate(
        &mut self,
        step: &StepPath,
        outcome: Outcome,
        code: Option<&str>,
        message: Option<&Expression>,
        view: &View<'_>,
    ) {
        let handled = view.error.clone().and_then(|error| serde_json::from_value::<StepError>(error).ok());
        let message = message.map(|message| match message.evaluate(view) {
            Ok(Value::String(text)) => text,
            Ok(other) => other.to_string(),
            Err(error) => error.message,
        });
        let error = match (outcome, message, handled) {
            (Outcome::Succeeded, _, _) => None,
            (_, None, Some(handled)) => Some(handled),
            (_, message, _) => {
                let message = message.unwrap_or_else(|| "the flow ended the run".to_owned());
                let code = code.unwrap_or("terminated").to_owned();
                Some(StepError { code, ..StepError::value(&step.name, message) })
            }
        };
        self.record(Event::RunFinished { outcome, error, at: self.now });
    }

    /// What to do for an update, by its stage.
    fn update(&mut self, path: StepPath, kind: &UpdateIfDifferent, update: &Update, view: &View<'_>) {
        if let Some(calling) = update.calling() {
            let call = if matches!(calling.part, Part::Read(_)) { &kind.read } else { &kind.update };
            return self.call_operation(path, call, calling);
        }
        match &update.stage {
            Stage::Unread => {
                let from = match kind.from.evaluate(view) {
                    Ok(from) => from,
                    Err(error) => return self.fail(path, &error),
                };
                self.start_call(path, update.next_read(), &kind.read.with, &view.with(&[("from", &from)]));
            }
            Stage::Read(to) => self.compare(path, kind, update, to, view),
            Stage::Written(changes) => self.finish(path, update::done(changes.clone())),
            Stage::Failed(error, attempts) => {
                let error = StepError::call(&path.name, error, *attempts);
                self.finish(path, Ending::failed(error));
            }
            Stage::Reading(_) | Stage::Writing(..) => {}
        }
    }

    fn compare(&mut self, step: StepPath, kind: &UpdateIfDifferent, update: &Update, to: &Value, view: &View<'_>) {
        let compared = kind.from.evaluate(view).and_then(|from| {
            let changes = kind.mapping.compare(&from, to, view).map_err(ExpressionError::from)?;
            let record = changes_record(&changes);
            let input = kind.update.with.evaluate(&view.with(&[("from", &from), ("to", to), ("changes", &record)]))?;
            Ok((changes, input))
        });
        match compared {
            Ok((changes, _)) if changes.is_empty() => self.finish(step, update.in_step()),
            Ok((changes, input)) => {
                let part = update.next_write();
                self.record(Event::CallStarted { step, part, input, changes, at: self.now });
            }
            Err(error) => self.fail(step, &error),
        }
    }

    fn call(&mut self, path: StepPath, kind: &StepKind, calling: &Calling) {
        match kind {
            StepKind::Call(call) => self.call_operation(path, call, calling),
            StepKind::RunFlow { flow, .. } => {
                let key = CallKey::new(&self.run.id, &path, calling.part);
                self.actions.push(Action::RunFlow {
                    step: path,
                    key,
                    flow: flow.clone(),
                    input: calling.input.clone(),
                });
            }
            _ => {}
        }
    }

    fn call_operation(&mut self, step: StepPath, call: &Call, calling: &Calling) {
        self.actions.push(Action::Call {
            key: CallKey::new(&self.run.id, &step, calling.part),
            step,
            part: calling.part,
            operation: call.operation.clone(),
            effect: call.effect,
            input: calling.input.clone(),
        });
    }

    fn fail(&mut self, step: StepPath, error: &ExpressionError) {
        let mut message = error.message.clone();
        if let Some(help) = &error.help {
            message = format!("{message}; {help}");
        }
        let ending = Ending::failed(StepError::value(&step.name, message));
        self.finish(step, ending);
    }

    fn finish(&mut self, step: StepPath, ending: Ending) {
        self.record(Event::StepFinished { step, ending, at: self.now });
    }

    fn record(&mut self, event: Event) {
        self.actions.push(Action::Record(event));
    }
}

fn path(step: &Step, frames: &[&Frame]) -> StepPath {
    let loops =
        frames.iter().filter_map(|frame| frame.pass.as_ref()).map(|pass| (pass.of.clone(), pass.number)).collect();
    StepPath { loops, name: step.name.clone() }
}

/// The containers around a node, from the outside in: the loops of the frames, then scopes and conditions.
fn containers<'a>(frames: &[&'a Frame], node: NodeIndex) -> Vec<&'a Step> {
    let mut found = Vec::new();
    for (depth, frame) in frames.iter().enumerate() {
        let inner = match frames.get(depth + 1) {
            Some(next) => next.pass.as_ref().and_then(|pass| frame.plan.place(&pass.of)).map(|place| place.entry),
            None => Some(node),
        };
        let Some(inner) = inner else { continue };
        let mut chain = frame.plan.containers(inner);
        chain.reverse();
        found.extend(chain);
        if depth + 1 < frames.len() {
            found.extend(frame.plan.graph()[inner].step.as_deref());
        }
    }
    found
}
