//! No text is too deep or too long to be read safely.

use cosell_engine::expression::Computed;

use super::scope;

/// Half of what a thread has by default, in bytes: an expression is worked out deep within a run.
const SMALL_STACK: usize = 1 << 20;

#[test]
fn depth_and_length_have_a_bound() {
    let nested = |depth: usize| format!("@{}1{}", "or(".repeat(depth), ")".repeat(depth));
    let keys = |depth: usize| format!("@{}1{}", "item()[".repeat(depth), "]".repeat(depth));
    let cases = [
        (nested(100), true),
        (format!("@{}1{}", "body(".repeat(100), ")".repeat(100)), true),
        (nested(101), false),
        (nested(40_000), false),
        (keys(100), true),
        (keys(10_000), false),
        (format!("@item(){}", "?.a".repeat(40_000)), true),
        (format!("@item(){}", "[0]".repeat(40_000)), true),
        (format!("@{}", "'".repeat(131_071)), false),
        (format!("@'{}'", "ä".repeat(131_069)), true),
        (format!("@'{}'", "ä".repeat(131_070)), false),
        ("@@{".repeat(40_000), true),
        ("@{1}".repeat(32_000), true),
        (format!("@{}", "f(".repeat(60_000)), false),
        (format!("@{}(1)", "x".repeat(130_000)), true),
    ];
    let check = move || cases.iter().for_each(|(text, good)| check_bound(text, *good));
    std::thread::Builder::new().stack_size(SMALL_STACK).spawn(check).unwrap().join().unwrap();
}

fn check_bound(text: &str, good: bool) {
    let parsed = Computed::parse(text);
    assert_eq!(parsed.is_ok(), good, "{}… {:?}", text.chars().take(20).collect::<String>(), parsed.err());
    if let Ok(computed) = parsed {
        let _ = (computed.mistakes(), computed.reads().count(), computed.evaluate(&scope()), computed.to_string());
    }
}
