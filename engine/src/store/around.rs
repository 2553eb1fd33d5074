//! A store around another one.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use super::{
    Accepted, Cursor, EventId, Keep, NewEvent, Order, OrderId, RunQuery, RunSummary, Store, StoreError, Transition,
    Unfinished, WaitingEvent,
};
use crate::run::{Event, RunId};

/// A store that does something of its own where events are taken in, transitions are committed or records are read, and
/// leaves all else to another one: it counts, tells, or fails as a test wants it.
#[async_trait]
pub trait Around: Send + Sync {
    /// The store that keeps everything.
    fn inner(&self) -> &dyn Store;

    /// [`Store::accept`].
    async fn accept(&self, events: &[NewEvent], cursor: Option<&Cursor>) -> Result<Vec<Accepted>, StoreError> {
        self.inner().accept(events, cursor).await
    }

    /// [`Store::commit`].
    async fn commit(&self, transitions: &[Transition]) -> Result<(), StoreError> {
        self.inner().commit(transitions).await
    }

    /// [`Store::record`].
    async fn record(&self, run: &RunId) -> Result<Vec<Event>, StoreError> {
        self.inner().record(run).await
    }
}

#[async_trait]
impl<T: Around> Store for T {
    async fn accept(&self, events: &[NewEvent], cursor: Option<&Cursor>) -> Result<Vec<Accepted>, StoreError> {
        Around::accept(self, events, cursor).await
    }

    async fn load(&self) -> Result<Unfinished, StoreError> {
        self.inner().load().await
    }

    async fn waiting_event(&self, event: EventId) -> Result<Option<NewEvent>, StoreError> {
        self.inner().waiting_event(event).await
    }

    async fn waiting(&self, most: usize) -> Result<Vec<WaitingEvent>, StoreError> {
        self.inner().waiting(most).await
    }

    async fn commit(&self, transitions: &[Transition]) -> Result<(), StoreError> {
        Around::commit(self, transitions).await
    }

    async fn runs(&self, query: &RunQuery) -> Result<Vec<RunSummary>, StoreError> {
        self.inner().runs(query).await
    }

    async fn record(&self, run: &RunId) -> Result<Vec<Event>, StoreError> {
        Around::record(self, run).await
    }

    async fn keep_pack(&self, content: &str, pack: &Value) -> Result<(), StoreError> {
        self.inner().keep_pack(content, pack).await
    }

    async fn pack(&self, content: &str) -> Result<Option<Value>, StoreError> {
        self.inner().pack(content).await
    }

    async fn place(&self, order: &Order) -> Result<OrderId, StoreError> {
        self.inner().place(order).await
    }

    async fn orders(&self) -> Result<Vec<(OrderId, Order)>, StoreError> {
        self.inner().orders().await
    }

    async fn settle(&self, order: OrderId, result: Result<String, String>, at: Timestamp) -> Result<(), StoreError> {
        self.inner().settle(order, result, at).await
    }

    async fn settled(&self, order: OrderId) -> Result<Option<Result<String, String>>, StoreError> {
        self.inner().settled(order).await
    }

    async fn prune(&self, keep: &Keep, now: Timestamp) -> Result<usize, StoreError> {
        self.inner().prune(keep, now).await
    }
}
