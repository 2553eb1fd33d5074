//! Whether the services of the environment can be used, and have what the pack needs.

use cosell_connectors::doctor::{self, Check, Finding, Needs};
use cosell_connectors::{Connections, standard};
use cosell_engine::flow::Trigger;
use cosell_engine::pack::Pack;

use crate::environment::{EngineSettings, Environment};
use crate::failure::Failure;
use crate::needs::{self, EVENTS};
use crate::packs::Opened;
use crate::print;
use crate::serve::listener;

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
        connectors: needs::connectors(&pack, environment.engine.webhook).into_iter().collect(),
        events_at: events_at(&pack, &environment.engine),
        tables: needs::tables(&pack, &needs::used_mappings(opened)),
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
