//! How a command fails, and the exit code that tells it.

use std::process::ExitCode;

use cosell_engine::source::Problems;

/// A command that did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Mistakes in the user's files.
    #[error("{0}")]
    Files(#[from] Problems),
    /// The user's data, or a run over it, is not as it should be.
    #[error("{0}")]
    Data(String),
    /// The command was used in a way that it is not meant for.
    #[error("{0}")]
    Usage(String),
    /// A service or the machine failed.
    #[error("{0}")]
    World(String),
}

impl Failure {
    /// A failure of a service or the machine.
    pub fn world(error: impl std::fmt::Display) -> Failure {
        Failure::World(error.to_string())
    }

    /// 1 for files and data, 2 for usage, 3 for the world.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Failure::Files(_) | Failure::Data(_) => ExitCode::from(1),
            Failure::Usage(_) => ExitCode::from(2),
            Failure::World(_) => ExitCode::from(3),
        }
    }
}
