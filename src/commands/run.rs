//! `cosell run`: serves until it is stopped.

mod telling;

use std::path::Path;
use std::sync::Arc;

use cosell_engine::clock::SystemClock;
use cosell_engine::engine::Engine;
use cosell_engine::store::{MemoryStore, Store};
use cosell_sandbox::Sandbox;

use crate::cli::PackArgs;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::packs::Opened;
use crate::rehearsal::{People, register};
use crate::serve::{Server, listener};
use crate::{host, print, sandboxed, store};
use telling::Telling;

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
    let store = kept(file, &environment, with_sandbox)?;
    let engine = host::engine_with(&opened, &environment, store, Arc::new(SystemClock)).await?;
    let telling = Telling::start(&engine);
    let server = Server::start(&engine, &environment.engine).await?;
    announce(&engine, &server, &environment);
    if let Some(sandbox) = &sandbox {
        rehearse(&engine, &server, sandbox).await?;
    }
    stop_signal().await;
    print::line("stopping: no new events are taken in, runs under way go to their end; stop again to end at once");
    tokio::select! {
        () = async { server.stop().await; engine.idle().await } => {}
        () = stop_signal() => print::line("ended; what was under way is lost with this version's memory"),
    }
    telling.stop().await;
    if let Some(sandbox) = sandbox {
        sandbox.stop().await;
    }
    Ok(())
}

/// Where the runs are kept. The sandbox begins anew with each start, so what came of it does too.
fn kept(file: Option<&Path>, environment: &Environment, with_sandbox: bool) -> Result<Arc<dyn Store>, Failure> {
    if with_sandbox && file.is_none() {
        print::line("runs are kept in memory, like the sandbox");
        return Ok(Arc::new(MemoryStore::new()));
    }
    let settings = &environment.engine.store;
    let file = store::file(file, settings);
    let store = store::open(&file, settings)?;
    print::line(format!("runs are kept in {}", file.display()));
    Ok(Arc::new(store))
}

/// Waits for Ctrl-C, or for the signal by which a service manager ends a program.
async fn stop_signal() {
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
