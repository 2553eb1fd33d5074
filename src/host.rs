//! An engine made of a pack and an environment.

use std::sync::Arc;

use cosell_engine::clock::{Clock, SystemClock};
use cosell_engine::engine::Engine;
use cosell_engine::run::driver::World;
use cosell_engine::store::{MemoryStore, Store};

use crate::environment::Environment;
use crate::failure::Failure;
use crate::packs::Opened;

/// Makes an engine. Runs are kept in memory.
pub async fn engine(opened: &Opened, environment: &Environment) -> Result<Engine, Failure> {
    engine_with(opened, environment, Arc::new(MemoryStore::new()), Arc::new(SystemClock)).await
}

/// Makes an engine over a store and a clock, and takes up what the store says is not done.
pub async fn engine_with(
    opened: &Opened,
    environment: &Environment,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
) -> Result<Engine, Failure> {
    let connectors =
        cosell_connectors::standard(&environment.connections).map_err(|error| Failure::Data(error.to_string()))?;
    let pack = Arc::new(opened.check(&environment.parameters, &connectors)?);
    let engine = Engine::new(World::new(pack, connectors, store, clock));
    engine.recover().await.map_err(Failure::world)?;
    Ok(engine)
}
