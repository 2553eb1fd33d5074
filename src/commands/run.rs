//! `cosell run`: serves until it is stopped.

mod telling;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cosell_engine::clock::SystemClock;
use cosell_engine::engine::{Engine, TakenUp};
use cosell_engine::store::{MemoryStore, Store};
use cosell_sandbox::Sandbox;

use crate::cli::PackArgs;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::host::Checked;
use crate::packs::Opened;
use crate::rehearsal::{People, register};
use crate::serve::{Server, listener};
use crate::{print, sandboxed, store};
use telling::Telling;

/// How long what is under way is waited for when the engine stops: service managers wait for half a minute or more.
const LONGEST_STOP: Duration = Duration::from_secs(15);
/// The variable that names the store.
const STORE: &str = "COSELL_STORE";

pub(super) async fn run(args: &PackArgs, with_sandbox: bool, file: Option<&Path>) -> Result<(), Failure> {
    let opened = Opened::new(&args.pack)?;
    let environment = opened.environment(args)?;
    let (sandbox, environment) = if with_sandbox {
        let (sandbox, mut environment) = sandboxed::start(&opened, environment).await?;
        environment.engine.tls = None;
        (Some(sandbox), environment)
    } else {
        (None, environment)
    };
    let checked = Checked::new(&opened, &environment)?;
    // The sandbox begins anew with each start, so what came of it does too.
    let in_memory = with_sandbox && file.is_none();
    let store: Arc<dyn Store> = if in_memory { Arc::new(MemoryStore::new()) } else { kept(file, &environment)? };
    let (engine, taken_up) = checked.engine(store, Arc::new(SystemClock)).await?;
    announce_work(taken_up);
    let telling = Telling::start(&engine, !in_memory);
    let server = Server::start(&engine, &environment.engine).await?;
    announce(&engine, &server, &environment);
    if let Some(sandbox) = &sandbox {
        rehearse(&engine, &server, sandbox).await?;
    }
    stop_signal().await;
    print::line("stopping: what is under way comes to a resting place; stop again to end at once");
    tokio::select! {
        () = async { server.stop().await; engine.stop(LONGEST_STOP).await } => {}
        () = stop_signal() => {}
    }
    telling.stop().await;
    if let Some(sandbox) = sandbox {
        sandbox.stop().await;
    }
    if !in_memory {
        print::line("stopped; what is not done goes on at the next start");
    }
    Ok(())
}

/// The store of the runs, which outlives the process.
fn kept(file: Option<&Path>, environment: &Environment) -> Result<Arc<dyn Store>, Failure> {
    let settings = &environment.engine.store;
    let file = file.map(Path::to_owned).or_else(named_by_host);
    let file = store::file(file.as_deref(), settings);
    let store = store::open(&file, settings)?;
    print::line(format!("runs are kept in {}", file.display()));
    Ok(Arc::new(store))
}

/// The store that the host names for every command. It is not asked where a sandbox keeps its runs in memory: a host
/// that serves has the variable set, and a rehearsal there must not touch its store.
fn named_by_host() -> Option<PathBuf> {
    std::env::var_os(STORE).filter(|name| !name.is_empty()).map(PathBuf::from)
}

/// Waits for Ctrl-C, or for the signal by which a service manager ends a program.
pub(super) async fn stop_signal() {
    #[cfg(unix)]
    if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        return;
    }
    let _ = tokio::signal::ctrl_c().await;
}

/// Says what goes on that was not done when the engine stopped.
fn announce_work(taken_up: TakenUp) {
    if taken_up != TakenUp::default() {
        let TakenUp { runs, asleep, waiting } = taken_up;
        print::line(format!("taken up: runs under way {runs}, asleep {asleep}, events waiting {waiting}"));
    }
}

fn announce(engine: &Engine, server: &Server, environment: &Environment) {
    let pack = &engine.world().pack;
    print::line(format!("{} {} runs; stop it with Ctrl-C", pack.name(), pack.version()));
    if let Some(address) = server.address() {
        let scheme = if environment.engine.tls.is_some() { "https" } else { "http" };
        let local = format!("{scheme}://{address}");
        let base = environment.engine.public_url.as_deref().unwrap_or(&local);
        print::line(format!(
            "  events of Partner Center go to {}{}",
            base.trim_end_matches('/'),
            listener::path("events.referral")
        ));
    }
    let pause = environment.engine.poll_pause().as_secs_f64();
    for trigger in server.polled() {
        print::line(format!("  {trigger} is asked for every {pause} s"));
    }
    server.scheduled().iter().for_each(|scheduled| print::line(format!("  {scheduled}")));
}

/// Registers the webhook with the sandbox, lets a seller create an opportunity, and prints two lines to paste.
async fn rehearse(engine: &Engine, server: &Server, sandbox: &Sandbox) -> Result<(), Failure> {
    if let Some(address) = server.address() {
        let endpoint = format!("http://{address}{}", listener::path("events.referral"));
        register(engine, &endpoint).await?;
    }
    let people = People::new(sandbox);
    let opportunity = people.create_opportunity().await?;
    let addresses = sandbox.addresses();
    print::line("");
    print::line("Create a deal in Partner Center:");
    print::line(format!(
        "  curl -s {}/deals -H 'Content-Type: application/json' -d '{{\"name\": \"Harbour pilot\", \"dealValue\": 30000}}'",
        addresses.admin
    ));
    print::line("Change an opportunity in the CRM:");
    print::line(format!(
        "  curl -s -X PATCH '{}/api/data/v9.2/opportunities({opportunity})' -H 'Authorization: Bearer {}' \
         -H 'Content-Type: application/json' -d '{{\"estimatedvalue\": 42000}}'",
        addresses.dataverse,
        sandbox.credentials().seller_token
    ));
    print::line("");
    Ok(())
}
