//! Packs that are measured, written by rule.

use std::fmt::Write as _;

use cosell_engine::pack::PackFiles;
use indexmap::IndexMap;

const PACK: &str = "pack: measured\nversion: 1.0.0\nparameters:\n  prefix: { value: new_ }\n";

/// A pack of so many flows with so many steps each, of the kinds that real flows have most.
pub(crate) fn large(flows: usize, steps: usize) -> PackFiles {
    let mut files = IndexMap::from([("pack.yaml".to_owned(), PACK.to_owned())]);
    for number in 0..flows {
        files.insert(format!("flow-{number}.yaml"), flow(number, steps));
    }
    PackFiles(files)
}

/// A flow of groups of six steps: a call, a decision with two branches, an expression, a template.
fn flow(number: usize, steps: usize) -> String {
    let mut text = format!(
        "flow: flow-{number}\ntrigger:\n  webhook: events.referral\n  with: {{ events: [referral-updated] }}\n  key: {{ deal: $.trigger.referral_id }}\nsteps:\n"
    );
    for group in 0..steps.div_ceil(6) {
        let _ = write!(
            text,
            "  row_{group}:
    call: dataverse.get_row
    with: {{ table: opportunity, id: $.trigger.referral_id }}
  amount_{group}: {{ compose: \"@coalesce(body('row_{group}')?['estimatedvalue'], 0)\" }}
  decide_{group}:
    if:
      all:
        - equals: [{{ $path: $.steps.row_{group}.statecode, or: 0 }}, 0]
        - \"@equals(outputs('row_{group}')?['body/{{{{parameters.prefix}}}}type'], 'Shared')\"
    then:
      open_{group}: {{ compose: {{ id: $.trigger.referral_id, amount: $.steps.amount_{group} }} }}
    else:
      closed_{group}: {{ compose: \"@concat('closed ', string(outputs('amount_{group}')))\" }}
  line_{group}: {{ compose: \"Deal {{{{trigger.referral_id}}}} is worth {{{{steps.amount_{group}}}}}\" }}
"
        );
    }
    text
}

/// A flow whose first step gives a text of `size` bytes, and whose others each pick a small value.
pub(crate) fn composing(steps: u32, size: usize) -> PackFiles {
    let big = "x".repeat(size);
    let mut flow = format!(
        "flow: composing\ntrigger: {{ manual: {{}} }}\nsteps:\n  first: {{ compose: {{ small: 7, big: \"{big}\" }} }}\n"
    );
    for number in 1..steps {
        let _ = writeln!(flow, "  step_{number}: {{ compose: $.steps.first.small }}");
    }
    PackFiles(IndexMap::from([("pack.yaml".to_owned(), PACK.to_owned()), ("flow.yaml".to_owned(), flow)]))
}
