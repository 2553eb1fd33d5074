//! Steps that hold steps: conditions, switches and loops.

use serde_json::Value;

use super::reads::asked;
use super::steps::StepChecker;
use crate::document::{AtLimitDocument, CaseDocument, StepDocument, StepsDocument};
use crate::expression::{Condition, Expression, Kinds};
use crate::flow::{Case, StepKind, Steps};
use crate::source::{Problem, Route};

/// The most passes of an `until` where its author says nothing.
const PASSES: u64 = 60;

impl StepChecker<'_> {
    /// A condition with its two branches.
    pub(super) fn branches(&mut self, name: &str, step: &StepDocument, at: &Route) -> StepKind {
        let known = self.problems.len();
        let condition = step.condition.as_ref().map(|condition| self.condition(condition, &at.key("if"), name, &[]));
        if let Some(condition) = condition.as_ref().filter(|_| self.problems.len() == known) {
            self.never_taken(condition, step.then.is_some(), step.otherwise.is_some(), at);
        }
        let outside = self.asked.len();
        if let Some(condition) = &condition {
            condition.expressions(&mut |value| self.ask(value));
        }
        let then = self.group(step.then.as_ref(), &at.key("then"));
        let otherwise = self.group(step.otherwise.as_ref(), &at.key("else"));
        self.asked.truncate(outside);
        StepKind::If { condition: condition.unwrap_or_else(Condition::always), then, otherwise }
    }

    /// Notes what a condition reads.
    fn ask(&mut self, value: &Expression) {
        let mut reads = Vec::new();
        value.reads(&Route::root(), &mut reads);
        self.asked.extend(reads.into_iter().map(|(_, read)| asked(&read.root)));
    }

    /// A switch with its cases.
    pub(super) fn switch(&mut self, name: &str, step: &StepDocument, at: &Route) -> StepKind {
        let known = self.problems.len();
        let value = self.optional(step.switch.as_ref(), &at.key("switch"), name);
        if self.problems.len() == known {
            self.one_case(&value, at);
        }
        let mut cases: Vec<Case> = Vec::new();
        for (case_name, document) in step.cases.iter().flatten() {
            let case = self.case(case_name, document, &at.key("cases").key(case_name));
            if let Some(same) = cases.iter().find(|known| known.is == case.is) {
                let message = format!("the cases `{}` and `{case_name}` fit the same value", same.name);
                let problem = Problem::error_in_key(self.source, &at.key("cases").key(case_name), message);
                self.problem(problem.help("only the first of them would ever run"));
            }
            cases.push(case);
        }
        if cases.is_empty() {
            let problem = Problem::error_in_key(self.source, at, format!("the switch `{name}` has no `cases`"));
            self.problem(problem.help("write cases: { NAME: { is: VALUE, steps: { … } } }"));
        }
        let default = self.group(step.default.as_ref(), &at.key("default"));
        StepKind::Switch { value, cases, default }
    }

    fn case(&mut self, name: &str, document: &CaseDocument, at: &Route) -> Case {
        let is = document.is.clone().unwrap_or_else(|| Value::from(name));
        if !(is.is_string() || is.is_i64()) {
            let problem = Problem::error(self.source, &at.key("is"), "a case fits a text or a whole number");
            self.problem(problem.help("compare other values with `if`"));
        }
        Case { name: name.to_owned(), is, steps: self.steps(&document.steps, &at.key("steps")) }
    }

    /// A loop over a list.
    pub(super) fn for_each(&mut self, name: &str, step: &StepDocument, at: &Route) -> StepKind {
        let items = self.optional(step.for_each.as_ref(), &at.key("for_each"), name);
        let help = "pick a list, as in `$.steps.NAME.value`";
        self.wants(Kinds::LIST, "a loop goes over a list", &items, &at.key("for_each"), help);
        self.empty_loop(&items, at);
        let steps = self.body(name, step, at);
        let at_once = step.at_once.map_or(1, |at_once| at_once as usize);
        StepKind::ForEach { items, at_once, steps }
    }

    /// A loop with a condition, which may read the steps of the pass before.
    pub(super) fn until(&mut self, name: &str, step: &StepDocument, at: &Route) -> StepKind {
        self.after_pass = true;
        let condition = step.until.as_ref().map(|condition| self.condition(condition, &at.key("until"), name, &[]));
        self.after_pass = false;
        let count = match &step.count {
            Some(count) => self.expression(count, &at.key("count"), name, &[]),
            None => Expression::Literal(Value::from(PASSES)),
        };
        if let Some(literal) = count.literal().filter(|literal| !matches!(literal.as_u64(), Some(1..=5000))) {
            let message = format!("`count` is a whole number from 1 to 5000, and this is {literal}");
            self.problem(Problem::error(self.source, &at.key("count"), message));
        }
        let fail_at_limit = step.at_limit == Some(AtLimitDocument::Fail);
        let steps = self.body(name, step, at);
        StepKind::Until { condition: condition.unwrap_or_else(Condition::always), count, fail_at_limit, steps }
    }

    fn body(&mut self, name: &str, step: &StepDocument, at: &Route) -> Steps {
        let steps = self.group(step.steps.as_ref(), &at.key("steps"));
        if steps.is_empty() && !self.names.is_incomplete(&at.key("steps")) {
            let problem = Problem::error_in_key(self.source, at, format!("the loop `{name}` has no `steps`"));
            self.problem(problem);
        }
        steps
    }

    fn group(&mut self, steps: Option<&StepsDocument>, at: &Route) -> Steps {
        steps.map(|steps| self.steps(steps, at)).unwrap_or_default()
    }

    /// A value that its kind cannot do without; the shape has told already where it is missing.
    pub(super) fn optional(&mut self, value: Option<&Value>, at: &Route, step: &str) -> Expression {
        value.map_or(Expression::Literal(Value::Null), |value| self.expression(value, at, step, &[]))
    }
}
