//! What is well formed and could never work is told before a run, all at once.

use cosell_engine::expression::Computed;

use super::shown;

#[test]
fn all_mistakes_are_told_with_their_parts() {
    for (text, expected) in MISTAKES {
        let mistakes: Vec<String> =
            Computed::parse(text).unwrap().mistakes().iter().map(|mistake| shown(mistake, text)).collect();
        assert_eq!(mistakes, *expected, "{text}");
    }
    let many = "@{nothing()}".repeat(1000);
    assert_eq!(Computed::parse(&many).unwrap().mistakes().len(), 20);
}

const MISTAKES: &[(&str, &[&str])] = &[
    ("@concat('a', 1)", &[]),
    ("@bdoy('X')", &["there is no function `bdoy` (did you mean `body`?) at `bdoy`"]),
    (
        "@{padLeft('1', 2)} @{substring()} @{body(1)}",
        &[
            "there is no function `padLeft` (`formatNumber(number, '00000')` fills with zeros) at `padLeft`",
            "`substring` takes 2 or 3 values, and is given 0 (it is `substring(text, start, length)`) at `substring()`",
            "`name` of `body` must be text, and is a whole number at `1`",
        ],
    ),
    (
        "@triggerBody(1)?[body()]",
        &[
            "`triggerBody` takes no value, and is given 1 (it is `triggerBody()`) at `triggerBody(1)`",
            "`body` takes 1 value, and is given 0 (it is `body(name)`) at `body()`",
        ],
    ),
];
