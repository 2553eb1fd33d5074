//! The commands, a file each.

mod backfill;
mod backup;
mod check;
mod connect;
mod demo;
mod doctor;
mod eval;
mod explain;
mod graph;
mod pack_new;
mod run;
mod runs;
mod sandbox;
mod schema;
mod trigger;

use crate::cli::{Cli, Command, PackCommand};
use crate::failure::Failure;

/// Does what the command line says.
pub(crate) async fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        Command::Demo => demo::demo().await,
        Command::Check { pack, json, strict_limits } => check::check(&pack, check::Options { json, strict_limits }),
        Command::Connect { connection, pack } => connect::connect(connection, &pack).await,
        Command::Graph { pack, flow, format } => graph::graph(&pack, flow.as_deref(), format),
        Command::Run { pack, sandbox, store } => run::run(&pack, sandbox, store.as_deref()).await,
        Command::Sandbox(args) => sandbox::sandbox(&args).await,
        Command::Runs { command } => runs::runs(command).await,
        Command::Backfill { since, flow, store } => backfill::backfill(since, flow, &store).await,
        Command::Backup { file, store } => backup::backup(&file, &store).await,
        Command::Doctor { store } => doctor::doctor(&store).await,
        Command::Trigger { flow, pack, inputs, json } => trigger::trigger(&pack, &flow, &inputs, json).await,
        Command::Eval(args) => eval::eval(&args),
        Command::Explain { word } => explain::explain(word.as_deref()),
        Command::Schema { name, write } => schema::schema(name, write.as_deref()),
        Command::Pack { command: PackCommand::New { name, from } } => pack_new::pack_new(&name, &from),
    }
}
