//! What is to be done next: the decisions of a run, made from its state and the time alone.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use petgraph::graph::NodeIndex;
use serde_json::{Map, Value};

use super::bounds::bounded;
use super::event::{Ending, Event, Part, StepError, Verdict};
use super::frame::{Frame, Looping, State as NodeState};
use super::update::{self, Stage, Update};
use super::view::View;
use super::{Going, Run, State};
use crate::connector::{Answer, Envelope};
use crate::expression::{Condition, Expression, ExpressionError, Operand};
use crate::flow::variable::{Assigned, Assignment};
use crate::flow::{self, Call, Case, Step, StepKind, UpdateIfDifferent, Wait, duration};
use crate::mapping::changes_record;
use crate::outcome::Outcome;

/// What is to be done for a run now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Next {
    /// What was decided: to be written to the record, then applied, all or one after the other.
    pub events: Vec<Event>,
    /// When something is to be decided though nothing else happens.
    pub wake: Option<Timestamp>,
}

impl Run {
    /// Everything that can be decided now. Nothing is to be done for a run that has not started or has ended; one
    /// that waits for calls is woken by their results.
    pub fn next(&self, now: Timestamp) -> Next {
        let State::Going(going) = &self.state else { return Next::default() };
        if let Some(ended) = going.root.ended() {
            let finished = Event::RunFinished { outcome: ended.outcome, error: ended.error.clone(), at: now };
            return Next { events: vec![finished], wake: None };
        }
        let mut decider = Decider { run: self, going, now, next: Next::default() };
        let mut frames = vec![&going.root];
        // What has run out of time is cut off before anything else is decided in it.
        if !decider.expired(&mut frames) {
            decider.frame(&mut frames);
        }
        decider.next
    }
}

/// Walks what is active and decides for each.
struct Decider<'a> {
    run: &'a Run,
    going: &'a Going,
    now: Timestamp,
    next: Next,
}

impl<'a> Decider<'a> {
    /// Ends the outermost step whose time is used up; notes when the next one's will be.
    fn expired(&mut self, frames: &mut Vec<&'a Frame>) -> bool {
        let Some(frame) = frames.last().copied() else { return false };
        for (deadline, step) in frame.deadlines() {
            if deadline > self.now {
                self.wake_at(deadline);
                continue;
            }
            let entry = frame.plan.place(&step.name).map(|place| place.entry);
            let between_passes = entry.is_some_and(
                |entry| matches!(frame.state(entry), NodeState::Looping(looping) if looping.to_check().is_some()),
            );
            if between_passes {
                continue;
            }
            let node = entry.unwrap_or_else(|| frame.plan.start());
            let error = StepError::timeout(&step.name, step.timeout.unwrap_or_default());
            let view = self.view(frames, step, node);
            let finished = Event::StepFinished { step: view.path(), ending: Ending::timed_out(error), at: self.now };
            self.next.events.push(finished);
            return true;
        }
        for (_, state) in frame.active() {
            let NodeState::Looping(looping) = state else { continue };
            for pass in looping.passes() {
                frames.push(pass);
                let expired = self.expired(frames);
                frames.pop();
                if expired {
                    return true;
                }
            }
        }
        false
    }

    fn frame(&mut self, frames: &mut Vec<&'a Frame>) {
        let Some(frame) = frames.last().copied() else { return };
        for (node, state) in frame.active() {
            let Some(step) = frame.plan.graph()[node].step.as_deref() else { continue };
            match state {
                NodeState::Looping(looping) => self.passes(step, looping, frames, node),
                NodeState::Updating(update) if update.calling().is_none() => {
                    if let StepKind::UpdateIfDifferent(kind) = &step.kind {
                        let view = self.view(frames, step, node);
                        self.update(kind, update, &view);
                    }
                }
                NodeState::Sleeping(until) if *until > self.now => self.wake_at(*until),
                NodeState::Sleeping(_) => {
                    let view = self.view(frames, step, node);
                    self.finish(&view, Ending::succeeded(Value::Null));
                }
                NodeState::Ready => {
                    let view = self.view(frames, step, node);
                    self.start(&step.kind, &view);
                }
                _ => {}
            }
            if self.ends_run() {
                return;
            }
        }
    }

    fn passes(&mut self, step: &'a Step, looping: &'a Looping, frames: &mut Vec<&'a Frame>, node: NodeIndex) {
        if let Some((last, count)) = looping.to_check() {
            return self.check_pass(step, last, count, frames, node);
        }
        for pass in looping.passes() {
            frames.push(pass);
            self.frame(frames);
            frames.pop();
            if self.ends_run() {
                return;
            }
        }
    }

    /// Looks at the condition of a loop after a pass. It may read the steps of that pass.
    fn check_pass(
        &mut self,
        step: &'a Step,
        last: &'a Frame,
        count: u32,
        frames: &mut Vec<&'a Frame>,
        node: NodeIndex,
    ) {
        let StepKind::Until { condition, .. } = &step.kind else { return };
        let path = self.view(frames, step, node).path();
        let deadline = frames.last().and_then(|frame| frame.deadline(node));
        frames.push(last);
        // It is as if it stood beside the steps of the pass.
        let holds = condition.holds(&self.view(frames, step, last.plan.start()));
        frames.pop();
        let passes = last.pass.as_ref().map_or(0, |pass| pass.number + 1);
        let used_up = passes >= count as usize || deadline.is_some_and(|deadline| deadline <= self.now);
        match holds {
            Ok(true) => self.record(Event::PassChecked { step: path, verdict: Verdict::Done, at: self.now }),
            Ok(false) => {
                let verdict = if used_up { Verdict::AtLimit } else { Verdict::GoOn };
                self.record(Event::PassChecked { step: path, verdict, at: self.now });
            }
            Err(error) => {
                let ending = Ending::failed(unworkable(&path.name, &error));
                self.record(Event::StepFinished { step: path, ending, at: self.now });
            }
        }
    }

    /// What to do with a step whose turn it is.
    fn start(&mut self, kind: &'a StepKind, view: &View<'_>) {
        let decided = match kind {
            StepKind::Call(Call { with, .. }) | StepKind::RunFlow { with, .. } => {
                self.start_call(Part::Call, with, view)
            }
            StepKind::If { condition, .. } => self.branch(condition, view),
            StepKind::Switch { value, cases, .. } => self.switch(value, cases, view),
            StepKind::ForEach { items, .. } => self.start_loop(items, view),
            StepKind::Until { count, .. } => self.start_until(count, view),
            StepKind::UpdateIfDifferent(kind) => {
                self.update(kind, &Update::default(), view);
                Ok(())
            }
            StepKind::Data(operation) => {
                let ending = match operation.evaluate(view) {
                    Ok(value) => bounded(value)
                        .map_or_else(|error| Ending::failed(unworkable(&view.step.name, &error)), Ending::succeeded),
                    Err(failed) => {
                        let error = unworkable(&view.step.name, &failed.error);
                        Ending { value: failed.value, ..Ending::failed(error) }
                    }
                };
                self.finish(view, ending);
                Ok(())
            }
            StepKind::Assign(assignment) => self.assign(assignment, view),
            StepKind::Wait(wait) => self.wait(wait, view),
            StepKind::Respond(answer) => self.respond(answer, view),
            StepKind::Terminate { outcome, code, message } => {
                self.terminate(*outcome, code.as_ref(), message.as_ref(), view);
                Ok(())
            }
            StepKind::Scope(_) => Ok(()),
        };
        if let Err(error) = decided {
            self.fail(view, &error);
        }
    }

    fn start_call(&mut self, part: Part, with: &Expression, view: &View<'_>) -> Result<(), ExpressionError> {
        let input = Arc::new(bounded(with.evaluate(view)?)?);
        self.record(Event::CallStarted { step: view.path(), part, input, changes: Vec::new(), at: self.now });
        Ok(())
    }

    fn branch(&mut self, condition: &Condition, view: &View<'_>) -> Result<(), ExpressionError> {
        let holds = condition.holds(view)?;
        let (branch, value) = (usize::from(!holds), Value::Bool(holds));
        self.record(Event::BranchTaken { step: view.path(), branch, value, at: self.now });
        Ok(())
    }

    /// The first case that has the value; its kind counts too, so the text `1` is not the number.
    fn switch(&mut self, value: &Expression, cases: &[Case], view: &View<'_>) -> Result<(), ExpressionError> {
        let value = bounded(value.evaluate(view)?)?;
        let branch = cases.iter().position(|case| case.is == value).unwrap_or(cases.len());
        self.record(Event::BranchTaken { step: view.path(), branch, value, at: self.now });
        Ok(())
    }

    fn start_loop(&mut self, items: &Expression, view: &View<'_>) -> Result<(), ExpressionError> {
        match bounded(items.evaluate(view)?)? {
            Value::Array(items) => {
                self.record(Event::LoopStarted { step: view.path(), items, at: self.now });
                Ok(())
            }
            other => {
                let kind = if other.is_null() { "null" } else { "no list" };
                Err(ExpressionError::new(format!("a loop goes over a list, and this is {kind}")))
            }
        }
    }

    fn start_until(&mut self, count: &Expression, view: &View<'_>) -> Result<(), ExpressionError> {
        const MOST: u64 = 5000;
        let count = count.evaluate(view)?;
        match count.as_u64().filter(|count| (1..=MOST).contains(count)).and_then(|count| u32::try_from(count).ok()) {
            Some(count) => {
                self.record(Event::UntilStarted { step: view.path(), count, at: self.now });
                Ok(())
            }
            None => Err(ExpressionError::new(format!("`count` must be from 1 to {MOST}, and is {count}"))),
        }
    }

    /// One after the other: another step's change that was just decided must be in the record first.
    fn assign(&mut self, assignment: &Assignment, view: &View<'_>) -> Result<(), ExpressionError> {
        let changes = |event: &Event| matches!(event, Event::VariableSet { .. } | Event::VariableAppended { .. });
        if self.next.events.iter().any(changes) {
            return Ok(());
        }
        let nothing = Map::new();
        let variables = self.going.variables.as_object().unwrap_or(&nothing);
        let assigned = assignment.evaluate(variables, view)?;
        let (step, variable, at) = (view.path(), assignment.variable.clone(), self.now);
        self.record(match assigned {
            Assigned::Whole(value) => Event::VariableSet { step, variable, value: bounded(value)?, at },
            Assigned::More(value) => Event::VariableAppended { step, variable, value: bounded(value)?, at },
        });
        Ok(())
    }

    fn wait(&mut self, wait: &Wait, view: &View<'_>) -> Result<(), ExpressionError> {
        let (Wait::For(value) | Wait::Until(value)) = wait;
        let value = value.evaluate(view)?;
        let Value::String(text) = &value else {
            return Err(ExpressionError::new(format!("a wait takes a text, and this is {value}")));
        };
        let until = match wait {
            Wait::For(_) => duration::after(self.now, text)?,
            Wait::Until(_) => duration::moment(text)?,
        };
        self.record(Event::WaitStarted { step: view.path(), until, at: self.now });
        Ok(())
    }

    fn respond(&mut self, answer: &flow::Answer, view: &View<'_>) -> Result<(), ExpressionError> {
        let status = match &answer.status {
            Some(status) => flow::Answer::status_of(&status.evaluate(view)?)?,
            None => 200,
        };
        let headers = match &answer.headers {
            Some(headers) => self::headers(&headers.evaluate(view)?)?,
            None => BTreeMap::new(),
        };
        let value = bounded(answer.body.evaluate(view)?)?;
        if self.has_answered() {
            return Err(ExpressionError::new("the run has answered already"));
        }
        let answer = Answer { value: Arc::new(value), envelope: Envelope { status, headers } };
        self.record(Event::Responded { step: view.path(), answer, at: self.now });
        Ok(())
    }

    /// Whether the run has answered, or will by what was just decided for a step that runs beside.
    fn has_answered(&self) -> bool {
        self.going.response.is_some() || self.next.events.iter().any(|event| matches!(event, Event::Responded { .. }))
    }

    fn terminate(
        &mut self,
        outcome: Outcome,
        code: Option<&Expression>,
        message: Option<&Expression>,
        view: &View<'_>,
    ) {
        let text = |value: &Expression| match value.operand(view) {
            Ok(value) => value.to_text().into_owned(),
            Err(error) => error.message,
        };
        let handled = view.handled_error().and_then(|error| serde_json::from_value::<StepError>(error).ok());
        let error = match (outcome, message, handled) {
            (Outcome::Succeeded, _, _) => None,
            (_, None, Some(handled)) => Some(handled),
            (_, message, _) => {
                let message = message.map_or_else(|| "the flow ended the run".to_owned(), text);
                let code = code.map_or_else(|| "terminated".to_owned(), text);
                Some(StepError { code, ..StepError::value(&view.step.name, message) })
            }
        };
        self.record(Event::RunFinished { outcome, error, at: self.now });
    }

    /// What to do for an update that is not calling, by its stage.
    fn update(&mut self, kind: &UpdateIfDifferent, update: &Update, view: &View<'_>) {
        let decided = match &update.stage {
            Stage::Unread => self.read(kind, update, view),
            Stage::Read(to) => self.compare(kind, update, to, view),
            Stage::Written(changes) => {
                self.finish(view, update::done(changes.clone()));
                Ok(())
            }
            Stage::Failed(error, attempts) => {
                self.finish(view, Ending::failed(StepError::call(&view.step.name, error, *attempts)));
                Ok(())
            }
            Stage::Reading(_) | Stage::Writing(..) => Ok(()),
        };
        if let Err(error) = decided {
            self.fail(view, &error);
        }
    }

    /// Reads the record, or goes on with what an earlier step has read of it.
    fn read(&mut self, kind: &UpdateIfDifferent, update: &Update, view: &View<'_>) -> Result<(), ExpressionError> {
        if let Some(known) = kind.to.as_ref().filter(|_| update.is_new()) {
            let to = known.record.operand(view)?.into_json();
            if to.get(&known.version).is_some_and(|version| !version.is_null()) && kind.mapping.is_told_by(&to) {
                return self.compare(kind, update, &to, view);
            }
        }
        let from = kind.from.operand(view)?.into_json();
        self.start_call(update.next_read(), &kind.read.with, &view.with(&[("from", &from)]))
    }

    fn compare(
        &mut self,
        kind: &UpdateIfDifferent,
        update: &Update,
        to: &Value,
        view: &View<'_>,
    ) -> Result<(), ExpressionError> {
        let from = kind.from.operand(view)?.into_json();
        let changes = kind.mapping.compare(&from, to, view).map_err(ExpressionError::from)?;
        if changes.is_empty() {
            self.finish(view, update.in_step());
            return Ok(());
        }
        let record = changes_record(&changes);
        let input =
            Arc::new(kind.update.with.evaluate(&view.with(&[("from", &from), ("to", to), ("changes", &record)]))?);
        self.record(Event::CallStarted { step: view.path(), part: update.next_write(), input, changes, at: self.now });
        Ok(())
    }

    fn view<'v>(&self, frames: &'v [&'a Frame], step: &'v Step, node: NodeIndex) -> View<'v>
    where
        'a: 'v,
    {
        let draws = Cell::new(0);
        View { run: self.run, going: self.going, frames, step, node, now: self.now, extra: Vec::new(), draws }
    }

    fn wake_at(&mut self, at: Timestamp) {
        self.next.wake = Some(self.next.wake.map_or(at, |wake| wake.min(at)));
    }

    /// Whether the run ends by what was just decided: nothing may be decided after that.
    fn ends_run(&self) -> bool {
        matches!(self.next.events.last(), Some(Event::RunFinished { .. }))
    }

    fn fail(&mut self, view: &View<'_>, error: &ExpressionError) {
        self.finish(view, Ending::failed(unworkable(&view.step.name, error)));
    }

    fn finish(&mut self, view: &View<'_>, ending: Ending) {
        self.record(Event::StepFinished { step: view.path(), ending, at: self.now });
    }

    fn record(&mut self, event: Event) {
        self.next.events.push(event);
    }
}

/// The error of a step whose values could not be worked out.
fn unworkable(step: &str, error: &ExpressionError) -> StepError {
    let message = match &error.help {
        Some(help) => format!("{}; {help}", error.message),
        None => error.message.clone(),
    };
    StepError::value(step, message)
}

/// The headers of an answer: an object of texts, numbers and the like.
fn headers(value: &Value) -> Result<BTreeMap<String, String>, ExpressionError> {
    let Value::Object(headers) = value else {
        let kind = crate::expression::Kinds::of(value);
        return Err(ExpressionError::new(format!("the headers of an answer are an object, and this is {kind}")));
    };
    let text = |value: &Value| Operand::Borrowed(value).to_text().into_owned();
    Ok(headers.iter().map(|(name, value)| (name.clone(), text(value))).collect())
}
