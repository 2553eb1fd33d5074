//! An engine made of a pack and an environment.

use std::sync::Arc;

use cosell_engine::clock::{Clock, SystemClock};
use cosell_engine::connector::Connectors;
use cosell_engine::engine::{Engine, EngineOptions, TakenUp};
use cosell_engine::pack::Pack;
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
    Ok(Checked::new(opened, environment)?.engine(store, clock).await?.0)
}

/// A pack that is right, with the services of its environment.
pub struct Checked {
    pack: Arc<Pack>,
    connectors: Connectors,
    options: EngineOptions,
}

impl Checked {
    /// Checks the pack. Nothing is sent, and no store is touched.
    pub fn new(opened: &Opened, environment: &Environment) -> Result<Checked, Failure> {
        let connectors =
            cosell_connectors::standard(&environment.connections).map_err(|error| Failure::Data(error.to_string()))?;
        let pack = Arc::new(opened.check(&environment.parameters, &connectors)?);
        Ok(Checked { pack, connectors, options: environment.engine.options() })
    }

    /// An engine over a store and a clock, and what it took up of what the store says is not done.
    pub async fn engine(self, store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Result<(Engine, TakenUp), Failure> {
        let engine = Engine::with(World::new(self.pack, self.connectors, store, clock), self.options);
        let taken_up = engine.recover().await.map_err(Failure::world)?;
        Ok((engine, taken_up))
    }
}
