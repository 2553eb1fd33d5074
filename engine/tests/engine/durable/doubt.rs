//! Calls of which nobody knows whether they were made: what each class of operations does about it, and what it costs.

use serde_json::json;

use super::{Rig, down, ending, lost, throttled};
use crate::fake::Failure;

/// A call, what goes wrong with its writes and with looking for them, and what comes of it.
struct Case {
    name: &'static str,
    call: &'static str,
    writes: Vec<Failure>,
    look_ups: Vec<cosell_engine::connector::CallError>,
    calls: &'static [&'static str],
    rows: usize,
    code: Option<&'static str>,
}

const CREATE: &str = "{ call: fake.create, with: { row: { of: a } } }";
const REGISTER: &str = "{ call: fake.register, with: { row: { of: a } } }";
const REGISTER_ONCE: &str = "{ call: fake.register, with: { row: { of: a } }, retry: none }";
const POST: &str = "{ call: fake.post, with: { row: { of: a } } }";
const POST_AGAIN: &str = "{ call: fake.post, with: { row: { of: a } }, retry: { unknown: repeat } }";

const C: &str = "create {\"of\":\"a\"}";
const R: &str = "register {\"of\":\"a\"}";
const P: &str = "post {\"of\":\"a\"}";
const L: &str = "look up";

fn cases() -> Vec<Case> {
    let no_request = || Failure::Refuse(lost());
    let no_answer = || Failure::LoseAnswer;
    let case = |name, call, writes, calls, rows, code| Case { name, call, writes, look_ups: vec![], calls, rows, code };
    vec![
        case("safe, the answer is lost", CREATE, vec![no_answer()], &[C, C], 1, None),
        case("safe, the request is lost", CREATE, vec![no_request()], &[C, C], 1, None),
        case("it is found", REGISTER, vec![no_answer()], &[R, L], 1, None),
        case("it is not found", REGISTER, vec![no_request()], &[R, L, R], 1, None),
        case("found after the second time", REGISTER, vec![no_request(), no_answer()], &[R, L, R, L], 1, None),
        case("found though there is no second try", REGISTER_ONCE, vec![no_answer()], &[R, L], 1, None),
        case("not found, and no second try", REGISTER_ONCE, vec![no_request()], &[R, L], 0, Some("unavailable")),
        Case {
            look_ups: vec![down(), throttled(3)],
            ..case("looking fails at first", REGISTER, vec![no_answer()], &[R, L, L, L], 1, None)
        },
        Case {
            look_ups: vec![cosell_engine::connector::CallError::new(
                cosell_engine::connector::CallErrorKind::Input,
                "no such column",
            )],
            ..case("looking fails for good", REGISTER, vec![no_answer()], &[R, L], 1, Some("unknown_result"))
        },
        case("nobody can tell", POST, vec![no_answer()], &[P], 1, Some("unknown_result")),
        case("nobody can tell, and it may be twice", POST_AGAIN, vec![no_answer()], &[P, P], 2, None),
        case("it was surely not done", POST, vec![Failure::Refuse(down())], &[P, P], 1, None),
    ]
}

#[tokio::test]
async fn the_table() {
    for case in cases() {
        check(case).await;
    }
}

async fn check(case: Case) {
    let Case { name, call, writes, look_ups, calls, rows, code } = case;
    let rig = Rig::new(&format!("a: {call}"));
    rig.fail_writes(writes);
    rig.fail_reads(look_ups);
    let run = rig.run("r").await.unwrap();
    assert_eq!(rig.calls(), calls, "{name}");
    assert_eq!(rig.rows().len(), rows, "{name}");
    assert_eq!(ending(&run).1.as_deref(), code, "{name}");
}

#[tokio::test]
async fn an_unknown_result_says_what_to_do() {
    let rig = Rig::new(
        "a: { call: fake.post, with: { row: { of: a } } }\nb: { after: { a: [failed] }, respond: '{{error.message}}' }",
    );
    rig.fail_writes([Failure::LoseAnswer]);
    let run = rig.run("r").await.unwrap();
    let message = run.response().unwrap().value.as_str().unwrap().to_owned();
    for part in ["no answer came", "nobody knows whether it was done", "resume the run", "unknown: repeat"] {
        assert!(message.contains(part), "{message}");
    }
}

/// The service shows a new row only after a while; who looks too early would make it twice.
#[tokio::test]
async fn a_look_up_waits_until_the_service_shows_what_it_did() {
    let rig = Rig::new("a: { call: fake.register, with: { row: { of: a } } }");
    rig.fail_writes([Failure::LoseAnswer]);
    rig.run("r").await.unwrap();
    assert_eq!(rig.rows(), [json!("a")]);
    assert!(rig.seconds() >= 1);
}
