//! `cosell run`: serves until it is stopped.

use std::sync::Arc;

use cosell_engine::engine::Engine;
use cosell_engine::run::Run;
use cosell_sandbox::Sandbox;
use tokio::sync::broadcast::error::RecvError;

use crate::cli::PackArgs;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::packs::Opened;
use crate::rehearsal::{People, register};
use crate::serve::{Server, listener};
use crate::{host, narrate, print, sandboxed};

pub(super) async fn run(args: &PackArgs, with_sandbox: bool) -> Result<(), Failure> {
    let opened = Opened::new(&args.pack)?;
    let environment = opened.environment(args)?;
    let (sandbox, environment) = if with_sandbox {
        let (sandbox, mut environment) = sandboxed::start(&opened, environment).await?;
        environment.engine.tls = None;
        (Some(sandbox), environment)
    } else {
        (None, environment)
    };
    let engine = host::engine(&opened, &environment).await?;
    let told = tokio::spawn(tell(engine.clone()));
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
    told.abort();
    if let Some(sandbox) = sandbox {
        sandbox.stop().await;
    }
    Ok(())
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

/// Prints what each run did, when it has ended.
async fn tell(engine: Engine) {
    let mut ended = engine.ended_runs();
    loop {
        match ended.recv().await {
            Ok(run) => tell_one(&engine, &run).await,
            Err(RecvError::Lagged(missed)) => print::line(format!("({missed} runs are not told)")),
            Err(RecvError::Closed) => return,
        }
    }
}

async fn tell_one(engine: &Engine, run: &Arc<Run>) {
    let Some(ended) = run.ended() else { return };
    let world = engine.world();
    let Ok(record) = world.store.record(run.id()).await else { return };
    let Some(cosell_engine::run::Event::RunStarted { flow, at, .. }) = record.first() else { return };
    let took = ended.at.duration_since(*at).as_millis();
    print::line(format!("{}  {flow}: {} in {took} ms", ended.at.strftime("%H:%M:%S"), ended.outcome));
    if let Ok(deeds) = narrate::deeds(world, run.id()).await {
        if deeds.is_empty() {
            print::line("          = nothing to do");
        }
        narrate::lines(&deeds).iter().for_each(|line| print::line(format!("          {line}")));
    }
}
