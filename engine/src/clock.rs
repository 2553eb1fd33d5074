//! Time, as everything that waits sees it: real, or moved by a test.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

/// Where the time comes from.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// Waits.
    async fn sleep(&self, duration: Duration);

    /// Waits until that time, beside something else that may happen before. A clock that jumps does not jump for
    /// this: what happens beside may take no time at all.
    async fn reached(&self, time: Timestamp);

    /// Waits until that time, since nothing else can happen before.
    async fn sleep_until(&self, time: Timestamp) {
        let wait = time.duration_since(self.now());
        self.sleep(Duration::try_from(wait).unwrap_or_default()).await;
    }
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

    async fn reached(&self, time: Timestamp) {
        self.sleep_until(time).await;
    }
}

/// A clock that stands still until somebody sleeps, and then jumps: sleeping takes no time.
#[derive(Debug)]
pub struct VirtualClock {
    now: Mutex<Timestamp>,
    jumped: Notify,
}

impl VirtualClock {
    /// A clock that shows this time.
    pub fn at(start: Timestamp) -> VirtualClock {
        VirtualClock { now: Mutex::new(start), jumped: Notify::new() }
    }

    /// Moves it forward.
    pub fn advance(&self, duration: Duration) {
        let step = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
        let mut now = self.now.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *now = now.checked_add(step).unwrap_or(Timestamp::MAX);
        drop(now);
        self.jumped.notify_waiters();
    }
}

#[async_trait]
impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    async fn sleep(&self, duration: Duration) {
        self.advance(duration);
        tokio::task::yield_now().await;
    }

    async fn reached(&self, time: Timestamp) {
        loop {
            let jumped = self.jumped.notified();
            tokio::pin!(jumped);
            jumped.as_mut().enable();
            if self.now() >= time {
                return;
            }
            jumped.await;
        }
    }
}
