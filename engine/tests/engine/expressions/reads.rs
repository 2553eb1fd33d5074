//! What an expression reads, as the checker sees it.

use cosell_engine::expression::Computed;

/// An expression, and its reads: root, key, whether guarded (`?`), and the part of the text.
type Case = (&'static str, &'static [&'static str]);

const CASES: &[Case] = &[
    ("@concat('a', 'b')", &[]),
    ("@body('X')?['k']", &["steps.X k? body('X')?['k']"]),
    ("@outputs('X')?['body/k']", &["steps.X k? outputs('X')?['body/k']"]),
    ("@outputs('X')?['body']?['k']", &["steps.X k? outputs('X')?['body']?['k']"]),
    ("@outputs('X')['body']?['k']", &["steps.X k outputs('X')['body']?['k']"]),
    ("@outputs('X')?.BODY.k['deeper']", &["steps.X k outputs('X')?.BODY.k['deeper']"]),
    ("@actions('X')?['outputs/body/k']", &["steps.X k? actions('X')?['outputs/body/k']"]),
    ("@actions('X')['status']", &["actions('X') status actions('X')['status']"]),
    ("@outputs('X')?['statusCode']", &["outputs('X') statusCode? outputs('X')?['statusCode']"]),
    ("@outputs('X')", &["outputs('X') outputs('X')"]),
    ("@body('X')[0]?['k']", &["steps.X body('X')[0]?['k']"]),
    ("@triggerBody()['k']", &["trigger k triggerBody()['k']"]),
    ("@triggerOutputs()?['body/k/deeper']", &["trigger k? triggerOutputs()?['body/k/deeper']"]),
    ("@triggerOutputs()['headers']", &["triggerOutputs() headers triggerOutputs()['headers']"]),
    ("@trigger()?['outputs']?['body']?['k']", &["trigger k? trigger()?['outputs']?['body']?['k']"]),
    ("@trigger()['startTime']", &["trigger() startTime trigger()['startTime']"]),
    ("@PARAMETERS('p')['x']", &["parameters p PARAMETERS('p')['x']"]),
    ("@variables('v')", &["variables v variables('v')"]),
    ("@variables(concat('v', 'w'))", &["variables variables(concat('v', 'w'))"]),
    ("@outputs(concat('X', body('Y')))", &["steps.Y body('Y')"]),
    ("@items('L')?['k']", &["items.L k? items('L')?['k']"]),
    ("@item()['k']", &["item k item()['k']"]),
    ("@result('S')", &["result('S') result('S')"]),
    ("@workflow()?['run/name']", &["workflow() run? workflow()?['run/name']"]),
    ("@coalesce(body('X'), triggerBody()['k'])", &["steps.X? body('X')", "trigger k triggerBody()['k']"]),
    ("@body('X')?[parameters('p')]", &["steps.X? body('X')?[parameters('p')]", "parameters p parameters('p')"]),
    ("a @{body('X')} b @{item()}", &["steps.X body('X')", "item item()"]),
    ("@@body('X')", &[]),
    ("@formDataValue('X', 'k')", &["steps.X formDataValue('X', 'k')"]),
    ("@actionBody('X')['k']", &["steps.X k actionBody('X')['k']"]),
];

#[test]
fn reads_name_the_root_the_key_and_the_part() {
    for (text, expected) in CASES {
        let computed = Computed::parse(text).unwrap();
        let reads: Vec<String> = computed
            .reads()
            .map(|read| {
                let key = read.key.map(|key| format!(" {key}")).unwrap_or_default();
                let guarded = if read.guarded { "?" } else { "" };
                format!("{}{key}{guarded} {}", read.root, &text[read.part.unwrap()])
            })
            .collect();
        assert_eq!(reads, *expected, "{text}");
    }
}
