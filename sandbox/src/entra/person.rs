//! The partner's user, in whose name applications act.

use serde::{Deserialize, Serialize};

/// Whom people's tokens stand for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Person {
    /// Their id in the directory, a GUID.
    pub(crate) id: String,
    /// As shown.
    pub(crate) name: String,
    /// By which they sign in, and by which they are found in the teams of deals.
    pub(crate) email: String,
    /// What they may do in Partner Center.
    pub(crate) role: Role,
    /// The partner locations (`mpnId`) that the role is for; none is all of them.
    pub(crate) locations: Vec<String>,
}

/// A role in Partner Center.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    /// Sees and changes all deals of the locations.
    ReferralsAdmin,
    /// Sees and changes the deals in whose team they are.
    ReferralsUser,
    /// Has to do with customers and webhooks, not with referrals.
    AdminAgent,
    /// Administers the whole directory. Documents up to 2023 accept them for referrals, the newest does not.
    GlobalAdmin,
    /// None.
    Nothing,
}

impl Default for Person {
    fn default() -> Person {
        Person {
            id: "44444444-4444-4444-8444-444444444444".to_owned(),
            name: "Sales Person".to_owned(),
            email: "sales@fabrikam.example".to_owned(),
            role: Role::ReferralsAdmin,
            locations: Vec::new(),
        }
    }
}
