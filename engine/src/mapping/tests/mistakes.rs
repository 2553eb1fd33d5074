//! What the checker says: a file, and the messages with line and help.

use super::read;

/// Each problem as `line: message; help`, in the order of the file.
fn problems(texts: &[&str]) -> Vec<String> {
    let Err(problems) = read(texts) else { return Vec::new() };
    let told = |problem: &crate::source::Problem| {
        let (_, line, _) = problem.place();
        format!("{line}: {}; {}", problem.message(), problem.help_text().unwrap_or("-"))
    };
    let mut told: Vec<String> = problems.iter().map(told).collect();
    told.sort();
    told
}

fn with_fields(fields: &str) -> String {
    format!(
        "mapping: test\nbetween: {{ referral: partner_center.referral, opportunity: dataverse.opportunity }}\ndecorations: {{ mark: {{ side: opportunity, marks: [x], write: x }} }}\nfields:\n{fields}"
    )
}

#[test]
fn every_mistake_in_a_field_is_told_in_its_place() {
    let cases: &[(&str, &[&str])] = &[
        ("  f: { referral: name, opportunity: name }", &[]),
        (
            "  f: { referral: name, opportunty: name }",
            &["5: there is no key `opportunty` here; did you mean `opportunity`?"],
        ),
        (
            "  f: { referral: nam, opportunity: name, as: decimall, bogus: 1 }",
            &[
                "5: `as` cannot be `decimall`; did you mean `decimal`?",
                "5: `partner_center.referral` has no `nam`: `nam` is not known; did you mean `name`?",
                "5: there is no key `bogus` here; there are title, note, as, zone, list, match, map, absent, values, value, decorated_by, offset, once_set, clear, referral, opportunity, to_referral, to_opportunity",
            ],
        ),
        (
            "  f: { referral: name }",
            &[
                "5: the field has no `opportunity`; a field names both `referral` and `opportunity`; with a `value` it names the one that the value is written to",
            ],
        ),
        (
            "  f: { referral: name, opportunity: name, to_oportunity: never }",
            &["5: there is no key `to_oportunity` here; did you mean `to_opportunity`?"],
        ),
        (
            "  f: { referral: name, opportunity: name, to_opportunity: newer }",
            &[
                "5: `to_opportunity` cannot be `\"newer\"`; write never, create, update, [create, update] or { on: [create, update], unless: zero }",
            ],
        ),
        (
            "  f: { referral: name, opportunity: name, decorated_by: marc }",
            &["5: there is no decoration `marc`; did you mean `mark`?"],
        ),
        (
            "  f: { referral: [status, substatus], opportunity: [a, b], values: [{ referral: Won, opportunity: [1, 2], onyl: x }] }",
            &[
                "5: 2 values are expected here; the side has several columns: write a list with one value for each",
                "5: there is no key `onyl` here; did you mean `only`?",
            ],
        ),
        (
            "  f: { referral: name, opportunity: name, values: [{ referral: a, opportunity: [1] }, { only: to_lead }] }",
            &[
                "5: `\"to_lead\"` is not a direction of this mapping; write `to_referral` or `to_opportunity`",
                "5: one value is expected here; the side has one column, so its value is not a list",
            ],
        ),
        (
            "  f: { referral: team, opportunity: team, match: email }",
            &["5: `match` needs `list: true`; add what is missing, or leave out the key"],
        ),
        (
            "  f: { referral: team, opportunity: team, list: true, match: email, map: membre }",
            &["5: there is no mapping `membre`; there are test"],
        ),
        (
            "  f: { referral: 'team[0].emial', opportunity: 'a b' }",
            &[
                "5: `a b` is not the place of a value in a record; a place looks like `name`, `details.dealValue` or `customerProfile.team[0].email`",
                "5: `partner_center.referral` has no `team[0].emial`: `emial` is not known; did you mean `email`?",
            ],
        ),
        (
            "  f: { referral: name, opportunity: '{{parameters.prefx}}x' }",
            &["5: the template `{{parameters.prefx}}x` gives no text: `parameters.prefx` finds nothing; -"],
        ),
        (
            "  f: { referral: name, opportunity: $.referral.id }",
            &[
                "5: `$.referral.id` cannot be read in a mapping; a mapping reads `$.parameters.NAME`, and under `value` a template such as `{{referral.id}}`",
            ],
        ),
        (
            "  f: { referral: name, opportunity: a }\n  g: { referral: id, opportunity: a }",
            &[
                "6: `f` and `g` both write `a`; let each place be written by one field: take one away, or set its `to_…` to never or to another occasion",
            ],
        ),
        (
            "  f: { referral: name, opportunity: a, to_opportunity: create }\n  g: { referral: id, opportunity: a, to_opportunity: update }",
            &[],
        ),
        (
            "  f: { referral: name, opportunity: { lookup: a, by: [x, y] } }",
            &[
                "5: a lookup without `map` goes by one column; name one column in `by`, or say with `map` how the other record is mapped",
            ],
        ),
        (
            "  f: { opportunity: a, value: 1, to_referral: create }",
            &[
                "5: `to_referral` says nothing, since the field has no `referral`; a field names both `referral` and `opportunity`; with a `value` it names the one that the value is written to",
            ],
        ),
        (
            "  f: { referral: name, opportunity: a, decorated_by: mark, values: [] }",
            &["5: `values` and `decorated_by` do not go together; leave one of them out, or make two fields of it"],
        ),
        (
            "  f: { referral: name, opportunity: a, zone: Europe/Stokholm, as: date }",
            &["5: there is no time zone `Europe/Stokholm`; did you mean `Europe/Stockholm`?"],
        ),
    ];
    for (fields, expected) in cases {
        assert_eq!(problems(&[&with_fields(fields)]), *expected, "{fields}");
    }
}

#[test]
fn mistakes_around_the_fields_are_told_too() {
    let cases: &[(&str, &[&str])] = &[
        (
            "mapping: m\nbetwen: {}\n",
            &[
                "1: the key `between` is missing; -",
                "1: the key `fields` is missing; -",
                "2: there is no key `betwen` here; did you mean `between`?",
            ],
        ),
        (
            "mapping: m\nbetween: { a: dataverze.account, b: partner_center.referal }\nfields: {}",
            &[
                "2: `partner_center` has no record `referal`; did you mean `referral`?",
                "2: there is no connector `dataverze`; did you mean `dataverse`?",
            ],
        ),
        (
            "mapping: m\nbetween: { a: dataverse.account }\nfields: {}",
            &[
                "2: a mapping stands between two sides, and here are 1; write two, such as { referral: partner_center.referral, opportunity: dataverse.opportunity }",
            ],
        ),
        (
            "mapping: m\nbetween: { map: dataverse.account, b: dataverse.lead }\ndecorations: { d: { side: c, marks: [], write: x } }\nfields: {}",
            &[
                "2: a side cannot be called `map`; that word has a meaning of its own in a field; choose another name",
                "3: this mapping has no side `c`; the sides are `map` and `b`",
            ],
        ),
        (
            "mapping: m\nbetween: { a: dataverse.account, b: dataverse.lead }\nfields: { f: { a: x, b: { lookup: y, by: z, map: m } } }",
            &[
                "3: the mapping `m` leads back to `m`; a mapping cannot be part of itself; map the inner record with another one",
            ],
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(problems(&[text]), *expected, "{text}");
    }
}

#[test]
fn mappings_of_a_pack_are_checked_together() {
    let mapping = |name: &str, field: &str| {
        format!("mapping: {name}\nbetween: {{ a: partner_center.member, b: dataverse.x }}\nfields: {{ f: {field} }}\n")
    };
    let one = mapping("one", "{ a: email, b: { lookup: y, by: z, map: two } }");
    let two = mapping("two", "{ a: email, b: { lookup: y, by: z, map: one } }");
    let help = "a mapping cannot be part of itself; map the inner record with another one";
    assert_eq!(
        problems(&[&one, &two]),
        [
            format!("3: the mapping `one` leads back to `two`; {help}"),
            format!("3: the mapping `two` leads back to `one`; {help}")
        ]
    );
    let plain = mapping("one", "{ a: email, b: z }");
    assert_eq!(problems(&[&plain, &plain]), ["1: there are two mappings `one`; give one of them another name"]);
    let unknown = with_fields("  f: { referral: 'team[0]', opportunity: { lookup: a, by: [z, x], map: one } }");
    assert_eq!(problems(&[&unknown, &plain]), ["5: the mapping `one` has no field for `x`; did you mean `z`?"]);
    let undone = with_fields(
        "  f: { referral: 'team[0].email', opportunity: a }\n  g: { referral: team, opportunity: b, list: true, match: f, map: one, absent: remove }",
    );
    let message = "6: `f` and `g` both write `team[0].email`; let each place be written by one field: take one away, or set its `to_…` to never or to another occasion";
    assert_eq!(problems(&[&undone, &plain]), [message]);
}
