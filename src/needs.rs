//! What a pack needs: the connectors that its flows go through, and of the CRM the tables and columns that it adds and
//! those that its mappings name.

use std::collections::BTreeSet;

use cosell_connectors::doctor::TableNeeds;
use cosell_engine::flow::{EventTrigger, StepKind, Steps, Trigger};
use cosell_engine::pack::Pack;
use cosell_engine::source::Source;
use serde_json::Value;

use crate::packs::Opened;

/// The trigger whose events Partner Center sends.
pub const EVENTS: &str = "events.referral";

/// The connector of the CRM.
const CRM: &str = "dataverse";

/// The connector of the referrals, over which they are asked for changes too.
const REFERRALS: &str = "partner_center";

/// The connectors that the pack declares, and those that its flows go through: a pack may call what it does not
/// declare. `webhook` says whether services send their events to this engine. Where they do not, nothing is registered
/// for events, and the referrals are asked for what changed.
pub fn connectors(pack: &Pack, webhook: bool) -> BTreeSet<String> {
    let mut needed: BTreeSet<String> = pack.connections().values().cloned().collect();
    for planned in pack.flows() {
        if let Trigger::Event(event) = &planned.flow.trigger {
            note_trigger(event, webhook, pack.reconcile().is_some(), &mut needed);
        }
        note_operations(&planned.flow.steps, &mut needed);
    }
    if !webhook {
        needed.remove(connector_of(EVENTS));
    }
    needed
}

/// Events come over one connection; what changed is asked over another.
fn note_trigger(event: &EventTrigger, webhook: bool, reconciled: bool, needed: &mut BTreeSet<String>) {
    let sent = event.webhook && webhook;
    if sent || event.name != EVENTS {
        needed.insert(connector_of(&event.name).to_owned());
    }
    if event.name == EVENTS && (reconciled || !sent) {
        needed.insert(REFERRALS.to_owned());
    }
}

fn note_operations(steps: &Steps, needed: &mut BTreeSet<String>) {
    for step in steps.values() {
        let calls = match &step.kind {
            StepKind::Call(call) => vec![call],
            StepKind::UpdateIfDifferent(update) => vec![&update.read, &update.update],
            _ => Vec::new(),
        };
        needed.extend(calls.into_iter().map(|call| connector_of(&call.operation).to_owned()));
        step.kind.inner().into_iter().for_each(|(_, inner)| note_operations(inner, needed));
    }
}

/// The first part of a full name, such as `dataverse.get_row`.
fn connector_of(full_name: &str) -> &str {
    full_name.split('.').next().unwrap_or(full_name)
}

/// The mappings that something in the pack goes by: one that nothing uses needs nothing of a CRM.
pub fn used_mappings(opened: &Opened) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for (name, text) in &opened.files.0 {
        note_mappings(Source::read(name.clone(), text.clone()).0.value(), &mut used);
    }
    used
}

fn note_mappings(value: &Value, used: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            let named = ["map", "$map"].iter().filter_map(|key| members.get(*key)?.as_str());
            used.extend(named.map(str::to_owned));
            members.values().for_each(|value| note_mappings(value, used));
        }
        Value::Array(items) => items.iter().for_each(|item| note_mappings(item, used)),
        _ => {}
    }
}

/// What the pack adds to the CRM, and what these of its mappings read and write there.
pub fn tables(pack: &Pack, used: &BTreeSet<String>) -> Vec<TableNeeds> {
    let prefix = pack.parameters().get("prefix").and_then(Value::as_str).unwrap_or_default();
    let named = |name: &str| match pack.tables().get(name) {
        Some(table) if table.of.is_some() => format!("{prefix}{name}"),
        _ => name.to_owned(),
    };
    let mut needs: Vec<TableNeeds> = Vec::new();
    for (name, table) in pack.tables() {
        let need = of_table(&mut needs, named(name));
        for (column, document) in &table.columns {
            add(&mut need.fields, format!("{prefix}{column}"));
            if document.key {
                add(&mut need.keys, format!("{prefix}{column}"));
            }
        }
    }
    for mapping in pack.mappings().values().filter(|mapping| used.contains(mapping.name())) {
        let Some(side) = mapping.side_of_connector(CRM) else { continue };
        let record = mapping.side(side).record();
        let need = of_table(&mut needs, named(record.strip_prefix("dataverse.").unwrap_or(record)));
        for field in mapping.fields_of(side) {
            add(&mut need.fields, field.split(['.', '[']).next().unwrap_or(&field).to_owned());
        }
    }
    needs
}

fn of_table(needs: &mut Vec<TableNeeds>, name: String) -> &mut TableNeeds {
    let index = needs.iter().position(|need| need.name == name).unwrap_or_else(|| {
        needs.push(TableNeeds { name, ..TableNeeds::default() });
        needs.len() - 1
    });
    &mut needs[index]
}

fn add(names: &mut Vec<String>, name: String) {
    if !names.contains(&name) {
        names.push(name);
    }
}
