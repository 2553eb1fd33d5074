//! Time, as everything that waits sees it: real, or moved by a test.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

/// Where the time comes from.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
    /// Waits.
    async fn sleep(&self, duration: Duration);
}

/// The machine's clock.
#[derive(Debug, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// A clock that stands still until somebody waits, and then jumps: waiting takes no time.
#[derive(Debug)]
pub struct VirtualClock(Mutex<Timestamp>);

impl VirtualClock {
    /// A clock that shows this time.
    pub fn at(start: Timestamp) -> VirtualClock {
        VirtualClock(Mutex::new(start))
    }
}

#[async_trait]
impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    async fn sleep(&self, duration: Duration) {
        {
            let mut now = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let step = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
            *now = now.checked_add(step).unwrap_or(Timestamp::MAX);
        }
        tokio::task::yield_now().await;
    }
}
