//! Any text as a value of a flow: expression, template or path. What can be read prints as what reads the same, and
//! gives a value or an error.

#![no_main]

use std::sync::LazyLock;

use cosell_engine::expression::{Computed, GivenScope, Path, Template};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

static SCOPE: LazyLock<GivenScope> = LazyLock::new(|| {
    let scope = json!({
        "parameters": {"name": "value", "n": 3},
        "variables": {"count": 1, "list": [1, 2, 3], "text": "a,b"},
        "triggerBody": {"id": 7, "type": "Shared", "list": [{"n": 1}, {"n": 2}], "when": "2018-03-15T13:27:36Z"},
        "outputs": {"A": {"statusCode": 200, "body": {"x": "y", "value": [1.5, null, true]}}},
        "item": {"id": 1},
        "now": "2018-04-15T13:00:00Z",
    });
    serde_json::from_value(scope).unwrap_or_default()
});

fuzz_target!(|text: &str| {
    let scope = &*SCOPE;
    if let Ok(computed) = Computed::parse(text) {
        drop(computed.mistakes());
        drop(computed.reads().count());
        drop(computed.evaluate(scope));
        let printed = computed.to_string();
        let again = Computed::parse(&printed).map(|again| again.to_string());
        assert_eq!(again.as_deref(), Ok(printed.as_str()), "printed from {text:?}");
    }
    if let Ok(template) = Template::parse(text, &["trigger", "parameters", "variables", "item"]) {
        drop(template.render(scope));
    }
    if let Ok(path) = Path::parse(text) {
        drop(path.evaluate(scope));
    }
});
