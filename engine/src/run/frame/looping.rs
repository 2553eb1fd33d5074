//! A loop under way: its passes, each a frame of its own, and how it ends.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use petgraph::graph::NodeIndex;
use serde_json::Value;

use super::{Ended, Frame, State};
use crate::flow::StepKind;
use crate::outcome::Outcome;
use crate::plan::Role;
use crate::run::event::{StepError, Verdict};
use crate::run::{outcome, records};

/// A pass of a loop.
#[derive(Debug)]
pub(in crate::run) struct Pass {
    pub(in crate::run) of: String,
    pub(in crate::run) number: usize,
    /// The item of a loop over a list.
    pub(in crate::run) item: Option<Value>,
}

/// A loop under way.
#[derive(Debug)]
pub(in crate::run) struct Looping {
    rest: Rest,
    /// Passes under way, by number.
    passes: BTreeMap<usize, Frame>,
    /// How many passes have begun.
    begun: usize,
    outcome: Outcome,
    error: Option<StepError>,
    /// What became of the steps of each pass, where somebody asks for it.
    records: Vec<Vec<Value>>,
}

/// What is still to be done.
#[derive(Debug)]
enum Rest {
    /// These items.
    Items(VecDeque<Value>),
    /// So many passes at most, and one more only when the condition says so.
    Until { count: u32, asked: bool },
    /// Nothing: the condition holds, or the limit is reached.
    Nothing { at_limit: bool },
}

impl Looping {
    pub(super) fn over(items: Vec<Value>) -> Looping {
        Looping::new(Rest::Items(items.into()))
    }

    pub(super) fn until(count: u32) -> Looping {
        Looping::new(Rest::Until { count, asked: true })
    }

    fn new(rest: Rest) -> Looping {
        let passes = BTreeMap::new();
        Looping { rest, passes, begun: 0, outcome: Outcome::Succeeded, error: None, records: Vec::new() }
    }

    /// The passes under way.
    pub(in crate::run) fn passes(&self) -> impl Iterator<Item = &Frame> {
        self.passes.values()
    }

    /// A pass under way, or the last one while its condition is looked at.
    pub(in crate::run) fn pass(&self, number: usize) -> Option<&Frame> {
        self.passes.get(&number)
    }

    pub(super) fn passes_mut(&mut self) -> impl Iterator<Item = &mut Frame> {
        self.passes.values_mut()
    }

    pub(super) fn pass_mut(&mut self, number: usize) -> Option<&mut Frame> {
        self.passes.get_mut(&number)
    }

    /// The pass after which the condition is to be looked at, and how many there may be.
    pub(in crate::run) fn to_check(&self) -> Option<(&Frame, u32)> {
        let Rest::Until { count, asked: false } = &self.rest else { return None };
        let last = self.passes.values().next_back()?;
        last.ended().is_some().then_some((last, *count))
    }

    /// What became of the steps of each pass so far, pass by pass.
    pub(in crate::run) fn records(&self) -> &[Vec<Value>] {
        &self.records
    }

    pub(super) fn checked(&mut self, verdict: Verdict) -> Result<(), String> {
        if self.to_check().is_none() {
            return Err("no pass has just ended".to_owned());
        }
        self.passes.clear();
        match (&mut self.rest, verdict) {
            (Rest::Until { asked, .. }, Verdict::GoOn) => *asked = true,
            (rest, verdict) => *rest = Rest::Nothing { at_limit: verdict == Verdict::AtLimit },
        }
        Ok(())
    }

    /// Stops the passes under way; gives what became of the steps of each pass, where somebody asks for it.
    fn cut(&mut self, collects: bool, at: Timestamp) -> Value {
        for (_, mut pass) in std::mem::take(&mut self.passes) {
            // A pass that has ended was taken when it did.
            if pass.ended().is_none() {
                pass.cancel(at);
                self.take(&pass, collects);
            }
        }
        self.grouped(collects)
    }

    fn grouped(&mut self, collects: bool) -> Value {
        if collects { records::grouped(std::mem::take(&mut self.records)) } else { Value::Null }
    }

    /// The item of the next pass, where there is one.
    fn next_item(&mut self) -> Option<Option<Value>> {
        match &mut self.rest {
            Rest::Items(items) => items.pop_front().map(Some),
            Rest::Until { asked, .. } => std::mem::take(asked).then_some(None),
            Rest::Nothing { .. } => None,
        }
    }

    /// Takes what counts of a pass that has ended. Of a loop with a condition only the last pass counts.
    fn take(&mut self, pass: &Frame, collects: bool) {
        let Some(ended) = pass.ended() else { return };
        if collects {
            self.records.push(records::of_frame(pass));
        }
        match self.rest {
            Rest::Items(_) => {
                self.outcome = outcome::merged([self.outcome, ended.outcome]);
                self.error = self.error.take().or_else(|| ended.error.clone());
            }
            _ => {
                self.outcome = outcome::merged([ended.outcome]);
                self.error.clone_from(&ended.error);
            }
        }
    }
}

impl Frame {
    pub(super) fn start_loop(&mut self, node: NodeIndex, looping: Looping, at: Timestamp) {
        self.nodes[node.index()].state = State::Looping(Box::new(looping));
        self.go_on_looping(node, at);
    }

    /// Stops a loop that is under way, and gives the records of its passes; nothing for another step.
    pub(super) fn cut_loop(&mut self, node: NodeIndex, at: Timestamp) -> Value {
        let plan = std::sync::Arc::clone(&self.plan);
        let (Role::Loop(planned), State::Looping(looping)) =
            (&plan.graph()[node].role, &mut self.nodes[node.index()].state)
        else {
            return Value::Null;
        };
        looping.cut(planned.collects, at)
    }

    /// Lets passes that have ended go, starts others in their place, and ends the loop after the last.
    pub(super) fn go_on_looping(&mut self, node: NodeIndex, at: Timestamp) {
        let plan = std::sync::Arc::clone(&self.plan);
        let weight = &plan.graph()[node];
        let (Role::Loop(planned), Some(step)) = (&weight.role, &weight.step) else { return };
        let State::Looping(looping) = &mut self.nodes[node.index()].state else { return };
        loop {
            let over: Vec<usize> =
                looping.passes.iter().filter(|(_, pass)| pass.ended().is_some()).map(|(number, _)| *number).collect();
            if let (Rest::Until { asked: false, .. }, [number]) = (&looping.rest, over.as_slice()) {
                // It stays for its condition, which may read its steps.
                if let Some(pass) = looping.passes.remove(number) {
                    looping.take(&pass, planned.collects);
                    looping.passes.insert(*number, pass);
                }
                return;
            }
            for pass in over.iter().filter_map(|number| looping.passes.remove(number)).collect::<Vec<_>>() {
                looping.take(&pass, planned.collects);
            }
            let mut has_begun = false;
            while looping.passes.len() < planned.at_once
                && let Some(item) = looping.next_item()
            {
                let pass = Pass { of: step.name.clone(), number: looping.begun, item };
                looping.passes.insert(looping.begun, Frame::new(&planned.body, Some(pass), at));
                looping.begun += 1;
                has_begun = true;
            }
            if !has_begun {
                break;
            }
        }
        if looping.passes.is_empty() {
            let at_limit = matches!(looping.rest, Rest::Nothing { at_limit: true });
            let fails = at_limit && matches!(step.kind, StepKind::Until { fail_at_limit: true, .. });
            let mut error = looping.error.take().filter(|_| looping.outcome != Outcome::Succeeded);
            let mut outcome = looping.outcome;
            if fails && outcome == Outcome::Succeeded {
                let message = "its passes or its time were used up before the condition held";
                error = Some(StepError { code: "limit_reached".to_owned(), ..StepError::value(&step.name, message) });
                outcome = Outcome::Failed;
            }
            let records = looping.grouped(planned.collects);
            self.end(node, Ended { error, records, ..Ended::plain(outcome, at) });
        }
    }
}
