//! Everything the servers share.

use crate::behaviours::Behaviours;
use crate::certificates::Signing;
use crate::clock::Clock;
use crate::dataverse::{Dataverse, Hooks};
use crate::entra::Entra;
use crate::faults::Faults;
use crate::held::Held;
use crate::limits::Limits;
use crate::log::RequestLog;
use crate::options::{Addresses, Organization};
use crate::partner_center::{Deliveries, Referrals, Webhooks};
use crate::state::Changes;

/// The state of one sandbox. Each part has its own lock, none is held over an await, and no
/// lock is taken inside another.
pub(crate) struct World {
    /// Where the servers listen.
    pub(crate) addresses: Addresses,
    /// The time, which can be moved.
    pub(crate) clock: Clock,
    /// How the services behave where there is a choice.
    pub(crate) behaviours: Behaviours,
    /// The partner.
    pub(crate) organization: Organization,
    /// Who signs events.
    pub(crate) signing: Held<Signing>,
    /// Tokens.
    pub(crate) entra: Held<Entra>,
    /// Deals.
    pub(crate) referrals: Held<Referrals>,
    /// The webhook registration.
    pub(crate) webhooks: Held<Webhooks>,
    /// Events on their way.
    pub(crate) deliveries: Deliveries,
    /// The CRM.
    pub(crate) dataverse: Held<Dataverse>,
    /// Its webhooks on their way.
    pub(crate) hooks: Hooks,
    /// Failures on demand.
    pub(crate) faults: Held<Faults>,
    /// How much is too much.
    pub(crate) limits: Held<Limits>,
    /// Requests seen.
    pub(crate) log: Held<RequestLog>,
    /// How often something of this may have changed.
    pub(crate) changes: Changes,
}
