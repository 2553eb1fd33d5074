//! A run can be stopped after any event and go on from its record: same ending of every step.

use std::fmt::Write as _;

use cosell_engine::run::{Event, Run, RunId};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use crate::outcomes::{begin, possible, run_to_end, started_flow};

/// Steps in a scope, by what each does and which earlier siblings it waits for with which outcomes.
#[derive(Debug, Clone)]
enum Kind {
    Say,
    Fail,
    Compose,
    Add,
    Rest,
    Scope(Vec<Member>),
    If(bool, Vec<Member>, Vec<Member>),
    Switch(u8, Vec<Member>, Vec<Member>),
    Loop(u8, u8, Vec<Member>),
    Until(u8, Vec<Member>),
    Timed(Vec<Member>),
}

#[derive(Debug, Clone)]
struct Member {
    kind: Kind,
    after: Vec<(usize, u8)>,
    written_order: bool,
}

fn member() -> impl Strategy<Value = Member> {
    let leaf = prop_oneof![4 => Just(Kind::Say), 2 => Just(Kind::Fail), 1 => Just(Kind::Compose),
        1 => Just(Kind::Add), 1 => Just(Kind::Rest)];
    let kind = leaf.prop_recursive(3, 24, 4, |inner| {
        let steps = || prop::collection::vec(with_after(inner.clone()), 1..4);
        prop_oneof![
            steps().prop_map(Kind::Scope),
            (any::<bool>(), steps(), steps()).prop_map(|(holds, yes, no)| Kind::If(holds, yes, no)),
            (0..3u8, steps(), steps()).prop_map(|(case, one, other)| Kind::Switch(case, one, other)),
            (0..4u8, 1..3u8, steps()).prop_map(|(passes, at_once, steps)| Kind::Loop(passes, at_once, steps)),
            (1..4u8, steps()).prop_map(|(count, steps)| Kind::Until(count, steps)),
            steps().prop_map(Kind::Timed),
        ]
    });
    with_after(kind)
}

fn with_after(kind: impl Strategy<Value = Kind>) -> impl Strategy<Value = Member> {
    (kind, prop::collection::vec((any::<prop::sample::Index>(), 1..16u8), 0..3), any::<bool>()).prop_map(
        |(kind, after, written_order)| Member {
            kind,
            after: after.into_iter().map(|(index, outcomes)| (index.index(64), outcomes)).collect(),
            written_order,
        },
    )
}

/// The steps as YAML; names are numbers in written order, so that a step waits only for earlier ones.
fn yaml(members: &[Member], depth: usize, next: &mut usize) -> String {
    let mut text = String::new();
    let mut siblings: Vec<String> = Vec::new();
    let indent = "  ".repeat(depth);
    for member in members {
        let name = format!("s{next}");
        *next += 1;
        let _ = writeln!(text, "{indent}{name}:");
        if !member.written_order {
            let after: Vec<String> = member
                .after
                .iter()
                .filter(|_| !siblings.is_empty())
                .map(|(index, outcomes)| (siblings[index % siblings.len()].clone(), *outcomes))
                .collect::<std::collections::BTreeMap<_, _>>()
                .into_iter()
                .map(|(name, outcomes)| format!("{name}: [{}]", outcome_names(outcomes)))
                .collect();
            let _ = writeln!(text, "{indent}  after: {{ {} }}", after.join(", "));
        }
        let _ = match &member.kind {
            Kind::Say => writeln!(text, "{indent}  call: fake.say"),
            Kind::Fail => writeln!(text, "{indent}  call: fake.fail"),
            Kind::Compose => writeln!(text, "{indent}  compose: {{ text: 'x{{{{trigger.x}}}}' }}"),
            Kind::Scope(steps) => write!(text, "{indent}  scope:\n{}", yaml(steps, depth + 2, next)),
            Kind::If(holds, yes, no) => {
                let (yes, no) = (yaml(yes, depth + 2, next), yaml(no, depth + 2, next));
                write!(text, "{indent}  if: {{ equals: [true, {holds}] }}\n{indent}  then:\n{yes}{indent}  else:\n{no}")
            }
            Kind::Add => writeln!(text, "{indent}  increment: {{ count: 1 }}"),
            Kind::Rest => writeln!(text, "{indent}  wait: {{ for: 2 minutes }}"),
            Kind::Switch(case, one, other) => {
                let (one, other) = (yaml(one, depth + 4, next), yaml(other, depth + 2, next));
                write!(
                    text,
                    "{indent}  switch: {case}\n{indent}  cases:\n{indent}    one:\n{indent}      is: 1\n{indent}      steps:\n{one}{indent}  default:\n{other}"
                )
            }
            Kind::Loop(passes, at_once, steps) => {
                let items: Vec<String> = (0..*passes).map(|pass| pass.to_string()).collect();
                write!(
                    text,
                    "{indent}  for_each: [{}]\n{indent}  at_once: {at_once}\n{indent}  steps:\n{}",
                    items.join(", "),
                    yaml(steps, depth + 2, next)
                )
            }
            Kind::Until(count, steps) => write!(
                text,
                "{indent}  until: {{ greater: [$.variables.count, 2] }}\n{indent}  count: {count}\n{indent}  steps:\n{}",
                yaml(steps, depth + 2, next)
            ),
            Kind::Timed(steps) => {
                write!(text, "{indent}  timeout: 3 minutes\n{indent}  scope:\n{}", yaml(steps, depth + 2, next))
            }
        };
        siblings.push(name);
    }
    text
}

fn outcome_names(bits: u8) -> String {
    let names = ["succeeded", "failed", "skipped", "timed_out"];
    names
        .iter()
        .enumerate()
        .filter(|(bit, _)| bits & (1 << bit) != 0)
        .map(|(_, name)| *name)
        .collect::<Vec<_>>()
        .join(", ")
}

fn endings(run: &Run) -> Vec<(String, String)> {
    run.steps()
        .into_iter()
        .map(|step| (step.step.to_string(), format!("{:?} {:?}", step.outcome, step.error)))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn stopped_after_any_event_a_run_ends_the_same(
        members in prop::collection::vec(member(), 1..6),
        order in prop::collection::vec(any::<prop::sample::Index>(), 1..64),
    ) {
        let steps = yaml(&members, 1, &mut 0);
        let flow = format!(
            "flow: test\ntrigger: {{ manual: {{}} }}\nvariables: {{ count: {{ type: integer }} }}\nsteps:\n{steps}"
        );
        let mut run = started_flow(&flow, &json!({"x": 1}));
        let plan = run.plan();
        let parameters = run.parameters();
        let mut record = vec![begin(&json!({"x": 1}))];
        let mut now = Timestamp::UNIX_EPOCH;
        let mut turn = 0;
        while run.ended().is_none() {
            let events = possible(&run, &mut now);
            prop_assert!(!events.is_empty(), "cannot go on:\n{steps}");
            let pick = order[turn % order.len()].index(events.len());
            turn += 1;
            // A run may end by any of its records, so one is applied at a time, in any order.
            run.apply(&events[pick]).unwrap();
            record.push(events[pick].clone());
        }
        let same = Run::replay(RunId("r".to_owned()), plan.clone(), parameters.clone(), &record).unwrap();
        prop_assert_eq!(endings(&same), endings(&run), "replayed\n{}", steps);
        let keys_used = keys(&record);
        for stop in 1..=record.len() {
            let stopped = Run::replay(RunId("r".to_owned()), plan.clone(), parameters.clone(), &record[..stop]).unwrap();
            for call in stopped.calls() {
                prop_assert!(keys_used.contains(&call.key.as_str().to_owned()), "not a call of the whole run: {:?}", call.key);
            }
            let resumed = run_to_end(stopped);
            // Steps that run beside each other may change a variable in another order; then an `until` may go
            // on longer, and what is cut off by a time limit is another step.
            if !steps.contains("until:") && !steps.contains("timeout:") {
                prop_assert_eq!(endings(&resumed), endings(&run), "stopped after {} of\n{}", stop, steps);
                prop_assert_eq!(resumed.ended().unwrap().outcome, run.ended().unwrap().outcome);
            }
        }
    }
}

fn keys(record: &[Event]) -> Vec<String> {
    record
        .iter()
        .filter_map(|event| match event {
            Event::CallStarted { step, part, .. } => Some(format!("r/{step}/{part}")),
            _ => None,
        })
        .collect()
}
