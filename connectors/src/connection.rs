//! A connection that an environment may leave unbound.

use std::sync::Arc;

use cosell_engine::connector::{CallError, CallErrorKind};

/// What calls go through, under the name that environments know it by.
pub(crate) struct Connection<T> {
    name: &'static str,
    bound: Option<Arc<T>>,
}

impl<T> Connection<T> {
    /// The connection of that name; `None` when the environment does not bind it.
    pub(crate) fn of(name: &'static str, bound: Option<T>) -> Connection<T> {
        Connection { name, bound: bound.map(Arc::new) }
    }

    /// What is bound, or the reason why a call cannot be made.
    pub(crate) fn bound(&self) -> Result<&Arc<T>, CallError> {
        self.bound.as_ref().ok_or_else(|| {
            let name = self.name;
            let message = format!("connection `{name}` is not bound; add it to environments/NAME.yaml");
            CallError::new(CallErrorKind::Denied, message)
        })
    }
}

// Not derived: a derived `Clone` would ask that `T` can be cloned.
impl<T> Clone for Connection<T> {
    fn clone(&self) -> Connection<T> {
        Connection { name: self.name, bound: self.bound.clone() }
    }
}
