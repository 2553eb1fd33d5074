//! Whether the services of the environment can be used, and have what the pack needs.

use std::collections::BTreeSet;

use cosell_connectors::doctor::{self, Check, Finding, Needs, TableNeeds};
use cosell_connectors::{Connections, standard};
use cosell_engine::flow::Trigger;
use cosell_engine::pack::Pack;
use cosell_engine::source::Source;
use serde_json::Value;

use crate::environment::{EngineSettings, Environment};
use crate::failure::Failure;
use crate::packs::Opened;
use crate::print;
use crate::serve::listener;

/// The trigger whose events Partner Center sends.
const EVENTS: &str = "events.referral";

/// The connector of the CRM.
const CRM: &str = "dataverse";

/// What came out, besides what was printed.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// How many things are wrong.
    pub(super) wrong: usize,
    /// The connections that were not looked at, since nothing says where their services are.
    pub(super) unbound: Vec<&'static str>,
}

/// Prints what there is, and sums it up.
pub(super) async fn examine(opened: &Opened, environment: &Environment) -> Result<Found, Failure> {
    let connections = &environment.connections;
    let connectors = standard(&Connections::default()).map_err(Failure::world)?;
    let pack = opened.check(&environment.parameters, &connectors)?;
    let needs = Needs {
        connectors: pack.connections().values().cloned().collect(),
        events_at: events_at(&pack, &environment.engine),
        tables: tables(&pack, &used_mappings(opened)),
    };
    let checks = doctor::examine(connections, &needs).await.map_err(|error| Failure::Data(error.to_string()))?;
    for (index, check) in checks.iter().enumerate() {
        if index == 0 || checks[index - 1].connection != check.connection {
            print::line(check.connection);
        }
        show(check);
    }
    Ok(Found {
        wrong: checks.iter().filter(|check| matches!(check.finding, Finding::Wrong { .. })).count(),
        unbound: checks
            .iter()
            .filter(|check| check.finding == Finding::NotBound)
            .map(|check| check.connection)
            .collect(),
    })
}

fn show(check: &Check) {
    let row = |sign: &str, text: &str| print::line(format!("  {sign} {:<12} {text}", check.name));
    match &check.finding {
        Finding::Good(seen) => row("✔", seen),
        Finding::NotTried(reason) => row("–", reason),
        Finding::NotBound => row("–", "the environment does not bind it"),
        Finding::Wrong { what, help } => {
            row("✖", what);
            print::line(format!("    help: {help}"));
        }
    }
}

/// Where events should go, if a flow waits for them and the engine lets it.
fn events_at(pack: &Pack, settings: &EngineSettings) -> Option<String> {
    let waits = |trigger: &Trigger| matches!(trigger, Trigger::Event(event) if event.webhook && event.name == EVENTS);
    let any = pack.flows().any(|planned| waits(&planned.flow.trigger));
    let local = || {
        let scheme = if settings.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", settings.listen)
    };
    let base = settings.public_url.clone().unwrap_or_else(local);
    (any && settings.webhook).then(|| format!("{}{}", base.trim_end_matches('/'), listener::path(EVENTS)))
}

/// The mappings that something in the pack goes by: one that nothing uses needs nothing.
fn used_mappings(opened: &Opened) -> BTreeSet<String> {
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

/// What the pack adds to the CRM, and what its mappings read and write there.
fn tables(pack: &Pack, used: &BTreeSet<String>) -> Vec<TableNeeds> {
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
