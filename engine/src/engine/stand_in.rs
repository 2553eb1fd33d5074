//! Stands in for what the driver will have.

use std::sync::Arc;

use crate::run::RunId;
use crate::run::driver::{DriveError, Driven, World};

impl World {
    /// Goes on with a run that had failed.
    pub(crate) async fn resume_failed(self: &Arc<Self>, run: &RunId) -> Result<Driven, DriveError> {
        self.resume(run).await
    }
}
